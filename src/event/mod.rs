//! The event log of content: append-only, written in the transaction of the change, without gaps and in the order of the commits.

pub mod consumer;
mod lineage;
pub mod log;
pub mod moment;
pub mod tail;

use entity::{Instant, entry_id::EntryId, event, event_counter};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::Func,
};

use crate::{
    database::LogPosition,
    error::{Error, Result},
    id,
};

/// Engines bound the number of parameters of a statement.
const EVENTS_PER_STATEMENT: usize = 1_000;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An entry began to exist.
    EntryCreated,
    /// A new revision was saved.
    EntryUpdated,
    /// A revision became the public one.
    EntryPublished,
    /// The entry is no longer public.
    EntryUnpublished,
    /// The public revision became the latest one again.
    DraftDiscarded,
    /// What an earlier revision said was saved as a new one.
    RevisionRestored,
    /// The entry was put into the trash.
    EntryArchived,
    /// The entry was taken out of the trash.
    EntryRestored,
    /// The entry is gone for ever.
    EntryErased,
    /// The entry got another place in the list of its type.
    EntryMoved,
    /// A file was cleaned of private metadata; all revisions of the entry that had it have the clean one.
    FileCleaned,
}

impl Action {
    /// The action's name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::EntryCreated => "entry.created",
            Self::EntryUpdated => "entry.updated",
            Self::EntryPublished => "entry.published",
            Self::EntryUnpublished => "entry.unpublished",
            Self::DraftDiscarded => "entry.draft_discarded",
            Self::RevisionRestored => "entry.revision_restored",
            Self::EntryArchived => "entry.archived",
            Self::EntryRestored => "entry.restored",
            Self::EntryErased => "entry.erased",
            Self::EntryMoved => "entry.moved",
            Self::FileCleaned => "entry.file_cleaned",
        }
    }
}

/// Who does something; nobody for Kindling itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The account.
    pub account: Option<Uuid>,
    /// The API token that does it in the name of the account.
    pub token: Option<Uuid>,
}

/// Something that happens to an entry in a transaction.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happens.
    pub action: Action,
    /// To which entry.
    pub entry: EntryId,
    /// To which revision of it.
    pub revision: i32,
}

/// Takes the counter early, where a change must see all changes before it and none beside it: whoever holds the counter
/// sees what everybody before has committed. No entry may be locked after this, or two changes could wait for each other.
pub async fn hold(tx: &DatabaseTransaction) -> Result<event_counter::Model> {
    let counter = event_counter::Entity::find()
        .lock_exclusive()
        .one(tx)
        .await?;
    counter.ok_or_else(no_counter)
}

fn no_counter() -> Error {
    Error::internal("the event counter has no row")
}

/// Appends the events, which occurred now, or when the last event did if the clock was set back since. This must be the last statement before the commit: the counter's row stays locked until then,
/// so that the sequence has no gap and grows in the order of the commits.
pub async fn record(
    tx: &DatabaseTransaction,
    events: &[Event],
    by: By,
    now: Instant,
) -> Result<Recorded> {
    let rows = events.iter().map(|event| event::ActiveModel {
        sequence: NotSet,
        id: NotSet,
        occurred_at: NotSet,
        actor_id: Set(by.account),
        token_id: Set(by.token),
        action: Set(event.action.name().to_owned()),
        entry_id: Set(Some(event.entry.uuid)),
        entry_type: Set(Some(event.entry.content_type)),
        revision: Set(Some(event.revision)),
    });
    append(tx, rows.collect(), now).await
}

/// The positions that events were recorded at.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The last event before them.
    previous: LogPosition,
    ids: Vec<Uuid>,
}

impl Recorded {
    /// Returns the positions of the events, in their order.
    fn positions(&self) -> impl Iterator<Item = LogPosition> {
        let sequences = self.previous.sequence + 1..;
        let ids = self.ids.iter().copied();
        sequences
            .zip(ids)
            .map(|(sequence, id)| LogPosition { sequence, id })
    }

    /// Returns the position of the last event, if there is one.
    fn last(&self) -> Option<LogPosition> {
        self.positions().last()
    }
}

/// Appends the lines, and returns their positions.
async fn append(
    tx: &DatabaseTransaction,
    mut rows: Vec<event::ActiveModel>,
    now: Instant,
) -> Result<Recorded> {
    let ids: Vec<Uuid> = rows.iter().map(|_| id::secret()).collect();
    let Some(last_id) = ids.last().copied() else {
        return Ok(Recorded::default());
    };
    let count = i64::try_from(rows.len()).map_err(Error::internal)?;
    let counter = event_counter::Entity::update_many()
        .col_expr(
            event_counter::Column::LastSequence,
            Expr::col(event_counter::Column::LastSequence).add(count),
        )
        // The values on the right are those from before the update.
        .col_expr(
            event_counter::Column::PreviousId,
            Expr::col(event_counter::Column::LastId),
        )
        .col_expr(event_counter::Column::LastId, Expr::value(last_id))
        .col_expr(
            event_counter::Column::LastAt,
            Func::greatest([Expr::col(event_counter::Column::LastAt), Expr::value(now)]).into(),
        )
        .filter(Expr::col(event_counter::Column::Id).eq(1))
        .exec_with_returning(tx)
        .await?;
    let counter = counter.first().ok_or_else(no_counter)?;
    let occurred_at = moment::clamp_events(tx, counter.last_at, now).await?;
    let previous = LogPosition {
        sequence: counter.last_sequence - count,
        id: counter.previous_id,
    };
    let recorded = Recorded { previous, ids };
    for (row, position) in rows.iter_mut().zip(recorded.positions()) {
        row.sequence = Set(position.sequence);
        row.id = Set(position.id);
        row.occurred_at = Set(occurred_at);
    }
    for part in rows.chunks(EVENTS_PER_STATEMENT) {
        event::Entity::insert_many(part.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(recorded)
}
