//! Publications: when what was public, and taking it back.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Instant, entry, entry_id::EntryId, publication};
use sea_orm::prelude::Uuid;

use super::{
    actor::{Actor, actors},
    entry::{EntryTarget, targets},
};
use crate::{
    auth::Right,
    content::{
        change::id_of,
        connection::Connection,
        given::Given,
        history,
        page_args::{ListIdentity, RawPageArgs},
        publications, read,
        scalar::DateTime,
        types::{AnyEntry, entries_after, parse_id, reader},
        user_error::UserError,
    },
    error::{Error, ProblemCode, Result},
};

/// An interval of time in which a revision of an entry was the public one.
#[derive(Clone, Debug, SimpleObject)]
pub struct Publication {
    /// Identity.
    id: ID,
    /// The number of the revision.
    revision: i32,
    /// When it became public.
    from: DateTime,
    /// When it ceased to be public; null if it is public now.
    until: Option<DateTime>,
    /// Who published it; null for Kindling itself.
    published_by: Option<Actor>,
    /// The batch that published it: everything that became public or ceased to be in the same change. `takeBack` takes it.
    batch: ID,
    /// The batch that ended it, by publishing another revision or by withdrawing the entry; null if it is public now, or if that was
    /// before batches were recorded.
    end_batch: Option<ID>,
}

/// What is to be public as it was before: all of a batch, or entries as they were at a moment.
#[derive(Clone, Debug, InputObject)]
pub struct TakeBackInput {
    /// The batch that is to be undone; it goes without `entries` and `until`. Entries that were published or unpublished again since
    /// are reported, and nothing is changed.
    batch: Option<ID>,
    /// The entries; at most 100. They go with `until`.
    entries: Option<Vec<EntryTarget>>,
    /// A past moment: the entries become public as they were then, and those that were not public are unpublished.
    until: Option<Given<DateTime>>,
}

/// Payload of `takeBack`.
#[derive(SimpleObject)]
pub struct TakeBackPayload {
    /// The entries, as an editor sees them now; none if nothing was changed.
    entries: Vec<AnyEntry>,
    /// What is to be put right; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Questions about publications.
#[derive(Default)]
pub struct PublicationQuery;

#[Object]
impl PublicationQuery {
    /// The publications of an entry, the newest first; null if there is no such entry that you may know of.
    async fn publications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] id: ID,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Option<Connection<Publication>>> {
        let reader = reader(ctx)?;
        let id = parse_id(&id, "id")?;
        let identity = ListIdentity::of(&["publications", &id.to_string()]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = page.open(&identity, |keys| {
            read::fit(&publications::newest_first(), keys)
        })?;
        let snapshot = &reader.snapshot;
        let known = history::known(snapshot, &reader.principal, Right::ReadHistory, id).await?;
        let Some(entry) = known else {
            return Ok(None);
        };
        let total = if ctx.look_ahead().field("totalCount").exists() {
            Some(publications::count(snapshot, &entry).await?)
        } else {
            None
        };
        let slice = publications::publications(snapshot, &entry, &page).await?;
        let ids = slice.rows.iter().filter_map(|(_, row)| row.published_by);
        let actors = actors(snapshot, ids).await?;
        let now = reader.app.clock.now();
        let node = |row| Some(Publication::of(&row, &entry, &actors, now));
        Connection::of(&identity, slice, total, node).map(Some)
    }
}

/// Mutations of what is public.
#[derive(Default)]
pub struct PublicationMutation;

#[Object]
impl PublicationMutation {
    /// Makes what is public what it was before a batch, or what it was at a moment: of all entries, or of none. Drafts stay as they are.
    async fn take_back(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to take back.")] input: TakeBackInput,
    ) -> Result<TakeBackPayload> {
        let taken = take_back(ctx, input).await;
        let (ids, user_errors) = UserError::split(taken)?;
        let ids = ids.unwrap_or_default();
        let selection = ctx.look_ahead().field("entries");
        let entries = entries_after(ctx, selection, &ids).await?;
        Ok(TakeBackPayload {
            entries: entries.into_iter().flatten().collect(),
            user_errors,
        })
    }
}

async fn take_back(ctx: &Context<'_>, input: TakeBackInput) -> Result<Vec<EntryId>> {
    let reader = reader(ctx)?;
    reader.principal.require(Right::Publish)?;
    let refuse =
        |path: &str, message: &str| Err(Error::invalid(ProblemCode::Invalid, path, message));
    let (mut change, ids);
    match (input.batch, input.entries, input.until) {
        (Some(batch), None, None) => {
            let batch = parse_batch(&batch)?;
            change = reader.change(None).await?;
            ids = change.take_back(batch).await?;
        }
        (None, Some(entries), Some(until)) => {
            let (targets, until) = (targets(&entries)?, until.at("until")?);
            change = reader.change(None).await?;
            ids = change.take_back_until(&targets, until.0).await?;
        }
        (Some(_), ..) => return refuse("batch", "goes without entries and until"),
        (None, Some(_), None) => return refuse("until", "must be given with entries"),
        (None, None, _) => return refuse("", "must name a batch, or entries and until"),
    }
    change.seal().await?;
    Ok(ids)
}

impl Publication {
    fn of(
        row: &publication::Model,
        entry: &entry::Model,
        actors: &HashMap<Uuid, Actor>,
        now: Instant,
    ) -> Self {
        // A clock that was ahead may have recorded moments that have not come yet.
        let shown = |recorded: Instant| DateTime(Ord::min(recorded, now));
        Self {
            id: format!("{}@{}", id_of(entry), row.id.simple()).into(),
            revision: row.revision,
            from: shown(row.starts_at),
            until: row.ends_at.map(shown),
            published_by: row.published_by.and_then(|id| actors.get(&id).cloned()),
            batch: batch_id(row.batch),
            end_batch: row.end_batch.map(batch_id),
        }
    }
}

/// The id of a batch in the API.
fn batch_id(batch: Uuid) -> ID {
    format!("batch_{}", batch.simple()).into()
}

fn parse_batch(id: &ID) -> Result<Uuid> {
    let uuid = id
        .strip_prefix("batch_")
        .and_then(|id| Uuid::try_parse(id).ok());
    let uuid = uuid.filter(|uuid| batch_id(*uuid) == *id);
    uuid.ok_or_else(|| Error::invalid(ProblemCode::Invalid, "batch", "is not an id of a batch"))
}
