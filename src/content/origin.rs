//! What a revision is made from, and how it differs from that.

use entity::{
    Instant,
    localized::Localized,
    revision,
    stamp::{Stamped, TextRevisions},
};

use super::{
    Content,
    merge::differences,
    write::{empty, fields_of},
};
use crate::error::Result;

/// What a revision is made from.
pub(super) struct Origin<'a, M> {
    /// The row with which its texts are compared, to tell which translations are stale.
    pub(super) texts: Option<&'a M>,
    /// The row with which its fields are compared, for the history.
    pub(super) fields: Option<&'a M>,
    pub(super) autosave_since: Option<Instant>,
    pub(super) kind: revision::Origin,
}

impl<'a, M> Origin<'a, M> {
    /// A revision that is made from this one, because somebody wanted it.
    pub(super) fn of(row: &'a M) -> Self {
        Self {
            texts: Some(row),
            fields: Some(row),
            autosave_since: None,
            kind: revision::Origin::Saved,
        }
    }

    /// The same revision, which came about in this way.
    pub(super) fn by(self, kind: revision::Origin) -> Self {
        Self { kind, ..self }
    }

    /// The first revision.
    pub(super) fn nothing() -> Self {
        Self {
            texts: None,
            fields: None,
            autosave_since: None,
            kind: revision::Origin::Saved,
        }
    }
}

/// The paths of what differs from the row before.
pub(super) fn changed_fields<C: Content>(
    before: Option<&C::Model>,
    content: &C::Model,
) -> Result<revision::ChangedFields> {
    let before = match before {
        Some(before) => fields_of(before)?,
        None => empty::<C>()?,
    };
    let differences = differences(&C::columns(), &before, &fields_of(content)?);
    let paths = differences.into_iter().map(|difference| difference.path);
    Ok(revision::ChangedFields(paths.collect()))
}

/// When the texts of each locale last changed, seen from this revision.
pub(super) fn text_revisions<C: Content>(
    content: &C::Model,
    previous: Option<&C::Model>,
    number: i32,
) -> TextRevisions {
    let before = previous
        .map(|previous| previous.stamp().text_revisions.0)
        .unwrap_or_default();
    let texts = |row| C::FIELDS.iter().filter_map(move |field| field.texts(row));
    let changed = |locale: &str| {
        let pairs = previous
            .into_iter()
            .flat_map(|previous| texts(previous).zip(texts(content)));
        pairs
            .into_iter()
            .any(|(old, new): (&Localized, &Localized)| old.get(locale) != new.get(locale))
    };
    let locales = texts(content).flat_map(|texts| texts.0.keys());
    let revisions = locales.map(|locale| match before.get(locale) {
        Some(revision) if !changed(locale) => (locale.clone(), *revision),
        _ => (locale.clone(), number),
    });
    TextRevisions(revisions.collect())
}
