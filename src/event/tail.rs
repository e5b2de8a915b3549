//! The end of the log: what an instance learns of changes, those of other instances too.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use entity::{
    entry::{self, ContentType},
    event, event_counter, publication,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select,
    prelude::{Expr, Uuid},
    sea_query::{JoinType, Query},
};

use super::{Action, Event, Recorded, lineage};
use crate::{
    database::{
        Changes, Database, EntryChange, Head, LogEvent, LogPosition, LogQuery, News, Snapshot,
        State,
    },
    error::{Error, Result, explained},
    telemetry::outage::{self, Outage},
};

/// How often the log is queried for what other instances did. What this one does it knows at once.
const PAUSE: Duration = Duration::from_millis(200);
/// How old what is known may be: what is changed elsewhere shows within a second.
const FRESH: Duration = Duration::from_millis(500);
/// How long to wait for an answer of the database before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody but [`follow`] queries again after that.
const AWAY: Duration = Duration::from_secs(5);
/// How often a query is repeated that found another log than the one known.
const MAX_ATTEMPTS: usize = 3;

/// The counter, beside one of the events from the last known one on; the event is missing if there are none.
#[derive(Debug, FromQueryResult)]
struct Row {
    last_sequence: i64,
    lineage: Uuid,
    sequence: Option<i64>,
    id: Option<Uuid>,
    action: Option<String>,
    entry_id: Option<Uuid>,
    entry_type: Option<ContentType>,
    published_revision: Option<i32>,
}

impl Row {
    fn event(&self) -> Option<LogEvent> {
        Some(LogEvent {
            position: LogPosition {
                sequence: self.sequence?,
                id: self.id?,
            },
            change: self.change(),
        })
    }

    fn change(&self) -> Option<EntryChange> {
        Some(EntryChange {
            entry: self.entry_id?,
            content_type: self.entry_type?,
            is_public: is_public(self.action.as_deref()?, self.published_revision.is_some()),
        })
    }
}

fn to_news(rows: &[Row]) -> Result<News> {
    let counter = rows
        .first()
        .ok_or_else(|| Error::internal("the event counter has no row"))?;
    let mut events: Vec<LogEvent> = rows.iter().filter_map(Row::event).collect();
    events.sort_unstable_by_key(|event| event.position.sequence);
    Ok(News {
        lineage: counter.lineage,
        head: counter.last_sequence,
        events,
    })
}

/// What matters to those who see only what is public if it happens to an entry that is public: its place in a list, its file.
const OF_PUBLIC_ENTRIES: [Action; 2] = [Action::EntryMoved, Action::FileCleaned];

/// Whether those who see only what is public can see a difference.
fn is_public(action: &str, entry_is_public: bool) -> bool {
    let mut of_public = OF_PUBLIC_ENTRIES.iter();
    may_show(action) && (entry_is_public || of_public.all(|of_public| of_public.name() != action))
}

/// Whether those who see only what is public may see a difference after this action. Whatever becomes public or stops being
/// so is told by an event of its own.
pub fn may_show(action: &str) -> bool {
    [
        Action::EntryPublished,
        Action::EntryUnpublished,
        Action::EntryMoved,
        Action::FileCleaned,
    ]
    .iter()
    .any(|public| public.name() == action)
}

/// That those who see only what is public could see a difference. What was moved or cleaned must have been public then: the
/// events that somebody may see never change.
pub fn shows_in_public() -> Condition {
    let is = |action: Action| event::Column::Action.eq(action.name());
    let event = |column: event::Column| Expr::col((event::Entity, column));
    let mut was_public = Query::select();
    was_public
        .expr(Expr::val(1))
        .from(publication::Entity)
        .and_where(
            publication::Column::EntryId
                .into_expr()
                .eq(event(event::Column::EntryId)),
        )
        .and_where(
            publication::Column::StartsAt
                .into_expr()
                .lte(event(event::Column::OccurredAt)),
        )
        .cond_where(
            Condition::any()
                .add(publication::Column::EndsAt.is_null())
                .add(
                    publication::Column::EndsAt
                        .into_expr()
                        .gte(event(event::Column::OccurredAt)),
                ),
        );
    let of_public = OF_PUBLIC_ENTRIES.map(Action::name);
    Condition::any()
        .add(is(Action::EntryPublished))
        .add(is(Action::EntryUnpublished))
        .add(
            event::Column::Action
                .is_in(of_public)
                .and(Expr::exists(was_public)),
        )
}

/// Returns the state of the database that a snapshot shows, and takes in the log up to there; none if the log is not the one
/// that is known.
pub async fn state(snapshot: &Snapshot) -> Result<Option<State>> {
    let read = async {
        let query = snapshot.log_query().await?;
        let rows: Vec<Row> = snapshot.all(select(&query)).await?;
        Ok(snapshot.changes().learn(&query, &to_news(&rows)?))
    };
    snapshot.state_or(read).await
}

/// Selects the counter with all events from the last known one on, or with the last event if none is known.
fn select(query: &LogQuery) -> Select<event_counter::Entity> {
    let column = |column: event::Column| Expr::col((event::Entity, column));
    let last = (event_counter::Entity, event_counter::Column::LastSequence);
    let sequence = column(event::Column::Sequence);
    let from = match query.since() {
        Some(since) => sequence.gte(since),
        None => sequence.gte(Expr::col(last)),
    };
    let mut select = event_counter::Entity::find()
        .select_only()
        .columns([
            event_counter::Column::LastSequence,
            event_counter::Column::Lineage,
        ])
        .columns([
            event::Column::Sequence,
            event::Column::Id,
            event::Column::Action,
            event::Column::EntryId,
            event::Column::EntryType,
        ])
        .column(entry::Column::PublishedRevision)
        .filter(event_counter::Column::Id.eq(1));
    let named = column(event::Column::EntryId).equals((entry::Entity, entry::Column::Id));
    QuerySelect::query(&mut select)
        .join(
            JoinType::LeftJoin,
            event::Entity,
            Condition::all().add(from),
        )
        .join(JoinType::LeftJoin, entry::Entity, named);
    select
}

/// Returns the newest known state. It includes all that this instance did itself, all that others did until half a second
/// ago, and this position, unless that belongs to another log. Fails at once if the database did not answer a moment ago.
pub async fn known(database: &Database, required: Option<LogPosition>) -> Result<Head> {
    let changes = &database.changes;
    let arrived = required.map(|_| Instant::now());
    let is_met = || {
        required.is_none_or(|position| changes.contains(position))
            || arrived.is_some_and(|moment| changes.was_confirmed_since(moment))
    };
    loop {
        if let Some(head) = changes.current(FRESH)
            && is_met()
        {
            return Ok(head);
        }
        if changes.has_failed(AWAY) {
            return Err(Error::Unavailable("the database did not answer".into()));
        }
        if let Some(_turn) = changes.turn().await {
            return Box::pin(catch_up(database)).await;
        }
    }
}

/// Takes in events that this instance has recorded and committed.
pub fn record_own(changes: &Changes, events: &[Event], recorded: &Recorded) {
    // What is moved or cleaned may be public or not, which the database knows.
    if let Some(last) = recorded.last()
        && events
            .iter()
            .any(|event| OF_PUBLIC_ENTRIES.contains(&event.action))
    {
        return changes.expect(last);
    }
    let change = |event: &Event| EntryChange {
        entry: event.entry.uuid,
        content_type: event.entry.content_type,
        is_public: is_public(event.action.name(), true),
    };
    let positions = recorded.positions().zip(events);
    let events = positions.map(|(position, event)| LogEvent {
        position,
        change: Some(change(event)),
    });
    changes.record_own(recorded.previous, &events.collect::<Vec<_>>());
}

/// Takes in what the log contains by now, and returns the newest state.
async fn catch_up(database: &Database) -> Result<Head> {
    let head = match tokio::time::timeout(PATIENCE, read_news(database)).await {
        Ok(head) => head,
        Err(_) => Err(Error::Unavailable("the database does not answer".into())),
    };
    if head.is_err() {
        database.fail();
    }
    head
}

async fn read_news(database: &Database) -> Result<Head> {
    for _ in 0..MAX_ATTEMPTS {
        let query = database.changes.query();
        let rows: Vec<Row> = database.log_rows(select(&query)).await?;
        let news = to_news(&rows)?;
        if database.changes.follow(&query, &news) {
            return database
                .changes
                .head()
                .ok_or_else(|| Error::internal("nothing is known of the event log"));
        }
        lineage::note_divergence(database, &query, &news).await;
    }
    Err(Error::Unavailable("the event log keeps changing".into()))
}

/// Queries the log again and again, and at once when it is said to have moved, for as long as it is polled.
pub async fn follow(database: &Database) -> Infallible {
    loop {
        if let Some(_turn) = database.changes.turn().await
            && let Err(error) = catch_up(database).await
            && !outage::report(&error)
        {
            outage::failed(Outage::Database, &explained(&error));
        }
        tokio::select! {
            () = database.changes.nudged() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
