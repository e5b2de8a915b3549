//! How far an entry is translated, and which of its texts are shown in another locale.

use async_graphql::{Enum, SimpleObject};
use entity::localized::Localized;

use super::{Content, scalar::Locale, scope::Loaded};

/// The state of an entry in one locale.
#[derive(Clone, Debug, SimpleObject)]
pub struct Translation {
    /// The locale.
    pub locale: Locale,
    /// How far the entry is translated into it.
    pub status: TranslationStatus,
    /// The fields that have a text in the source, and none in this locale. The source is the site's default locale; of an entry that
    /// lacks required texts in it, the locale that it was published in.
    pub missing: Vec<&'static str>,
}

/// How far an entry is translated into a locale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TranslationStatus {
    /// Every text of the source is there, and none of them has changed since.
    Complete,
    /// At least one text of the source is not there.
    Missing,
    /// Every text is there, but the source has changed since.
    Stale,
}

fn localized<C: Content>(row: &C::Model) -> impl Iterator<Item = (&'static str, &Localized)> {
    C::FIELDS
        .iter()
        .filter_map(|field| Some((field.path, field.texts(row)?)))
}

impl<M> Loaded<M> {
    /// The first of the entry's locales in which it has a text; the last one of the view if it has none at all.
    pub(super) fn served_locale<C: Content<Model = M>>(&self) -> &str {
        let has_texts =
            |locale: &&str| localized::<C>(self).any(|(_, texts)| texts.get(locale).is_some());
        let last = || self.view().locales().last().map(String::as_str);
        self.locales()
            .find(has_texts)
            .or_else(last)
            .unwrap_or_default()
    }
}

/// The fields whose text stands in another locale than the entry is shown in.
pub(super) fn fallbacks<C: Content>(entry: &Loaded<C::Model>) -> Vec<&'static str> {
    let served = entry.served_locale::<C>();
    let fell_back = |(name, texts): (&'static str, &Localized)| {
        (texts.get(served).is_none() && entry.text(texts).is_some()).then_some(name)
    };
    localized::<C>(entry).filter_map(fell_back).collect()
}

/// The state of the entry in each locale of the site, or in the one that the view is bound to.
pub(super) fn translations<C: Content>(entry: &Loaded<C::Model>) -> Vec<Translation> {
    let view = entry.view();
    let locales = if view.is_of_one_locale() {
        view.locales()
    } else {
        &entry.scope().site.locales
    };
    let revisions = entry.row().stamp().text_revisions.0;
    let source = entry.home_locale();
    let state = |locale: &String| {
        let lacks = |(name, texts): (&'static str, &Localized)| {
            (texts.get(source).is_some() && texts.get(locale).is_none()).then_some(name)
        };
        let missing: Vec<_> = localized::<C>(entry).filter_map(lacks).collect();
        let status = if !missing.is_empty() {
            TranslationStatus::Missing
        } else if revisions
            .get(locale)
            .is_some_and(|revision| Some(revision) < revisions.get(source))
        {
            TranslationStatus::Stale
        } else {
            TranslationStatus::Complete
        };
        Translation {
            locale: Locale(locale.clone()),
            status,
            missing,
        }
    };
    locales.iter().map(state).collect()
}
