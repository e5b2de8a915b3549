//! What the mutations of all content types do: change, and show what came of it.

use std::sync::Arc;

use async_graphql::{Context, ID, Lookahead};
use entity::entry_id::EntryId;

use super::{
    AnyEntry,
    root::{Reader, entries_of, group, parse_id, reader},
};
use crate::{
    auth::Right,
    content::{
        Content,
        given::Given,
        input::Edit,
        object::Entry,
        row::AnyRow,
        scalar::Locale,
        trial::Trial,
        user_error::UserError,
        view::{ContentView, Perspective},
        write::{Change, Saving},
    },
    error::Result,
};

/// What a mutation gives back: the entry, or what is to be put right.
pub(in crate::content) type Outcome<C> = Result<(Option<Entry<C>>, Vec<UserError>)>;

/// What an editor sends beside the content.
pub(in crate::content) struct Circumstances<'a> {
    /// The field of the payload that shows the entry.
    pub(in crate::content) field: &'a str,
    /// Why, for the history.
    pub(in crate::content) message: Option<String>,
}

/// Creates an entry. `empty` is the content to start from.
pub(in crate::content) async fn create<C: Content>(
    ctx: &Context<'_>,
    circumstances: Circumstances<'_>,
    key: Option<String>,
    empty: C::Model,
    edit: Edit<C>,
) -> Outcome<C> {
    let reader = reader(ctx)?;
    reader.require::<C>(Right::Create)?;
    let locale = edit.locale.clone();
    let changed = async {
        let patch = edit.into_patch(reader.app.site.default_locale());
        let mut change = reader.change(circumstances.message.as_deref()).await?;
        let id = change
            .create_from::<C>(key.as_deref(), empty, patch)
            .await?;
        Ok((change, id))
    };
    outcome(ctx, circumstances.field, locale, changed.await).await
}

/// Changes an entry.
pub(in crate::content) async fn update<C: Content>(
    ctx: &Context<'_>,
    circumstances: Circumstances<'_>,
    id: &ID,
    (expected, autosave): (Given<i32>, bool),
    edit: Edit<C>,
) -> Outcome<C> {
    let reader = reader(ctx)?;
    reader.require::<C>(Right::Change)?;
    let locale = edit.locale.clone();
    let changed = async {
        let id = parse_id(id, "id")?;
        let expected = expected.at("expectedRevision")?;
        let patch = edit.into_patch(reader.app.site.default_locale());
        let mut change = reader.change(circumstances.message.as_deref()).await?;
        change
            .edit::<C>(id, Saving { expected, autosave }, patch)
            .await?;
        Ok((change, id))
    };
    outcome(ctx, circumstances.field, locale, changed.await).await
}

/// Makes the change true; gives the changed entry as an editor sees it, or what is to be put right.
pub(in crate::content) async fn outcome<C: Content>(
    ctx: &Context<'_>,
    field: &str,
    locale: Option<Given<Locale>>,
    changed: Result<(Change, EntryId)>,
) -> Outcome<C> {
    let shown = async {
        let (change, id) = changed?;
        Box::pin(commit::<C>(ctx, field, locale, change, id)).await
    };
    let (entry, errors) = UserError::split(shown.await)?;
    Ok((entry.flatten(), errors))
}

/// Makes the change true. The entry is read before that, in the same transaction: that costs one statement, and shows
/// what this change has made of it, even if the next one follows at once.
async fn commit<C: Content>(
    ctx: &Context<'_>,
    field: &str,
    locale: Option<Given<Locale>>,
    change: Change,
    id: EntryId,
) -> Result<Option<Entry<C>>> {
    let reader = reader(ctx)?.afresh();
    let view = reader.open(Some(as_editor(locale)))?;
    let row = change.shown::<C>(&view.with_trash(), id).await?;
    change.seal().await?;
    let Some(row) = row.map(AnyRow::new::<C>) else {
        return Ok(None);
    };
    let selection = ctx.look_ahead().field(field);
    let roots = vec![group(C::TYPE, vec![row.clone()], selection)];
    let scope = reader.scope(view, roots).await?;
    reader.close().await;
    Ok(row.typed::<C>().map(|row| Entry::new(row, scope)))
}

/// The entries as an editor sees them after a change, in the order of their ids; none for one that is gone since. `selection` is
/// what is asked of them.
pub async fn entries_after(
    ctx: &Context<'_>,
    selection: Lookahead<'_>,
    ids: &[EntryId],
) -> Result<Vec<Option<AnyEntry>>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let reader = reader(ctx)?.afresh();
    let view = reader.open(Some(as_editor(None)))?;
    let views = (view.with_trash(), view);
    let entries = entries_of(&reader, ids, views, &[Arc::new(selection)]).await?;
    reader.close().await;
    Ok(entries)
}

/// Drafts, in the locale that was written.
fn as_editor(locale: Option<Given<Locale>>) -> ContentView {
    let locale = locale.and_then(|locale| locale.value().ok());
    ContentView {
        perspective: Perspective::Draft,
        locales: locale.map(|locale| vec![locale]),
        as_of: None,
    }
}

impl Reader {
    /// Refuses those who have the right on no entry of the type.
    pub(in crate::content) fn require<C: Content>(&self, right: Right) -> Result<()> {
        self.principal.require(right)?;
        self.principal.require_type(C::TYPE)
    }

    /// Begins a change by whoever asks.
    pub async fn change(&self, message: Option<&str>) -> Result<Change> {
        Change::begin(&self.app, self.principal.clone(), message).await
    }

    /// Begins a trial of a change by whoever asks, in the state of the database that all of the operation sees.
    pub async fn trial(&self) -> Result<Trial> {
        Trial::begin(&self.app, self.principal.clone(), &self.snapshot).await
    }

    /// A reader of what is true now.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::new(&self.app, self.principal.clone(), self.client.clone())
    }

    /// Ends its snapshot, and notes what it has shown with the claim of the operation.
    pub async fn close(self) {
        if let Some(claim) = &self.app.claim {
            claim.show(self.snapshot.reads().shown.iter().map(|id| id.uuid));
        }
        self.snapshot.close().await;
    }
}
