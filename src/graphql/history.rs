//! Looking back: who changed what of an entry, and when.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use entity::{entry, entry_id::EntryId, revision};
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::actor::{Actor, actors};
use crate::{
    auth::Right,
    content::{
        change::id_of,
        connection::Connection,
        history,
        merge::Difference,
        page_args::{ListIdentity, RawPageArgs},
        read::{self, Slice},
        scalar::DateTime,
        types::{parse_id, reader},
        user_error::present,
    },
    error::Result,
};

/// One save of an entry.
#[derive(Clone, Debug, SimpleObject)]
pub struct Revision {
    /// Identity.
    id: ID,
    /// Its number: 1, 2, 3 … Autosaves that were replaced, and so their numbers, are gone.
    number: i32,
    /// When it was saved.
    saved_at: DateTime,
    /// Who saved it; null for Kindling itself.
    saved_by: Option<Actor>,
    /// Why, if somebody said so.
    message: Option<String>,
    /// The fields in which it differs from what it was made from, such as `title.en`.
    changed_fields: Vec<String>,
    /// How it came about.
    origin: RevisionOrigin,
    /// Whether it is the latest one. A newer one that is not the latest was discarded.
    is_latest: bool,
    /// Whether it is the public one.
    is_published: bool,
}

/// How a revision came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "revision::Origin")]
pub enum RevisionOrigin {
    /// Somebody saved it.
    Saved,
    /// An editor's program saved it by itself.
    Autosaved,
    /// It was saved on top of what others had saved meanwhile.
    Merged,
    /// An earlier revision was restored.
    Restored,
    /// Another entry was copied.
    Copied,
    /// One locale was published: it is what became public, or the draft that was saved again after it.
    LocalePublished,
    /// References to an entry that was erased were removed.
    Detached,
}

/// What differs between two revisions.
#[derive(Clone, Debug, SimpleObject)]
pub struct RevisionDiff {
    /// The first revision.
    from: i32,
    /// The second revision.
    to: i32,
    /// What differs, field by field, and locale by locale.
    changes: Vec<FieldChange>,
}

/// A field that differs.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldChange {
    /// The field, such as `title.en`.
    path: String,
    /// What stands in the first revision; null for nothing.
    before: Option<Json<Value>>,
    /// What stands in the second revision; null for nothing.
    after: Option<Json<Value>>,
}

/// Questions about the past of entries.
#[derive(Default)]
pub struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// The revisions of an entry, the newest first; null if there is no such entry that you may know of.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] id: ID,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Option<Connection<Revision>>> {
        let reader = reader(ctx)?;
        let id = parse_id(&id, "id")?;
        let identity = ListIdentity::of(&["history", &id.to_string()]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = page.open(&identity, |keys| read::fit(&history::newest_first(), keys))?;
        let snapshot = &reader.snapshot;
        let known = history::known(snapshot, &reader.principal, Right::ReadHistory, id).await?;
        let Some(entry) = known else {
            return Ok(None);
        };
        let total = if ctx.look_ahead().field("totalCount").exists() {
            Some(history::count(snapshot, &entry).await?)
        } else {
            None
        };
        let slice: Slice<revision::Model> = history::revisions(snapshot, &entry, &page).await?;
        let ids = slice.rows.iter().filter_map(|(_, row)| row.saved_by);
        let actors = actors(snapshot, ids).await?;
        let node = |row| Some(Revision::of(row, &entry, &actors));
        Connection::of(&identity, slice, total, node).map(Some)
    }

    /// What differs between two revisions of an entry; null if there is no such entry that you may know of.
    async fn diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] id: ID,
        #[graphql(desc = "The number of the first revision.")] from: i32,
        #[graphql(desc = "The number of the second revision.")] to: i32,
    ) -> Result<Option<RevisionDiff>> {
        let reader = reader(ctx)?;
        let id: EntryId = parse_id(&id, "id")?;
        let snapshot = &reader.snapshot;
        let known = history::known(snapshot, &reader.principal, Right::ReadHistory, id).await?;
        let Some(entry) = known else {
            return Ok(None);
        };
        let differences = history::diff(snapshot, &reader.principal, &entry, from, to).await?;
        let change = |difference: Difference| FieldChange {
            path: difference.path,
            before: present(difference.before),
            after: present(difference.after),
        };
        Ok(Some(RevisionDiff {
            from,
            to,
            changes: differences.into_iter().map(change).collect(),
        }))
    }
}

impl Revision {
    fn of(row: revision::Model, entry: &entry::Model, actors: &HashMap<Uuid, Actor>) -> Self {
        Self {
            id: format!("{}@{}", id_of(entry), row.number).into(),
            number: row.number,
            saved_at: DateTime(row.saved_at),
            saved_by: row.saved_by.and_then(|id| actors.get(&id).cloned()),
            message: row.message,
            changed_fields: row.changed_fields.0,
            origin: row.origin.into(),
            is_latest: entry.latest_revision == row.number,
            is_published: entry.published_revision == Some(row.number),
        }
    }
}
