//! The end of the log: what an instance learns of changes, those of other instances too.

use std::{convert::Infallible, time::Duration};

use entity::{
    entry::{self, ContentType},
    event, event_counter,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select,
    prelude::{Expr, Uuid},
    sea_query::JoinType,
};

use super::{Action, Event};
use crate::{
    database::{Changes, Database, Line, Snapshot},
    error::{Error, Result, explained},
    telemetry::outage::{self, Outage},
};

/// How often the log is looked at for what other instances did. What this one does it knows at once.
const PAUSE: Duration = Duration::from_millis(200);
/// How old what is known may be: what is changed elsewhere shows within a second.
const FRESH: Duration = Duration::from_millis(500);
/// How long to wait for an answer of the database before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody but [`follow`] asks again after that.
const AWAY: Duration = Duration::from_secs(5);

/// The counter, beside one of the events after the last one that is known; the event is missing if there are none.
#[derive(Debug, FromQueryResult)]
struct Row {
    last_sequence: i64,
    sequence: Option<i64>,
    action: Option<String>,
    entry_id: Option<Uuid>,
    entry_type: Option<ContentType>,
    published_revision: Option<i32>,
}

impl Row {
    fn line(&self) -> Option<Line> {
        Some(Line {
            sequence: self.sequence?,
            entry: self.entry_id?,
            content_type: self.entry_type?,
            is_public: is_public(self.action.as_deref()?, self.published_revision.is_some()),
        })
    }
}

/// Whether those who see only what is public can see a difference. The place in a list matters only for what is public.
fn is_public(action: &str, entry_is_public: bool) -> bool {
    may_show(action) && (entry_is_public || action != Action::EntryMoved.name())
}

/// Whether those who see only what is public may see a difference after this action. Whatever becomes public or stops being
/// so is told by an event of its own.
pub fn may_show(action: &str) -> bool {
    [
        Action::EntryPublished,
        Action::EntryUnpublished,
        Action::EntryMoved,
    ]
    .iter()
    .any(|public| public.name() == action)
}

/// Which state of the database a snapshot shows: the last event that it sees. What the log tells up to there is known
/// afterwards.
pub async fn state(snapshot: &Snapshot) -> Result<i64> {
    let read = async {
        let question = snapshot.changes().question();
        let since = question.since.unwrap_or(i64::MAX);
        let rows: Vec<Row> = snapshot.all(news(since)).await?;
        let head = rows
            .first()
            .ok_or_else(|| Error::internal("the event counter has no row"))?
            .last_sequence;
        let lines: Vec<Line> = rows.iter().filter_map(Row::line).collect();
        snapshot.changes().learn(question, head, &lines);
        Ok(head)
    };
    snapshot.state_or(read).await
}

/// Selects the counter with all events after this one.
fn news(since: i64) -> Select<event_counter::Entity> {
    let column = |column: event::Column| Expr::col((event::Entity, column));
    let mut select = event_counter::Entity::find()
        .select_only()
        .column(event_counter::Column::LastSequence)
        .columns([
            event::Column::Sequence,
            event::Column::Action,
            event::Column::EntryId,
            event::Column::EntryType,
        ])
        .column(entry::Column::PublishedRevision)
        .filter(event_counter::Column::Id.eq(1));
    let later = Condition::all().add(column(event::Column::Sequence).gt(since));
    let named = column(event::Column::EntryId).equals((entry::Entity, entry::Column::Id));
    QuerySelect::query(&mut select)
        .join(JoinType::LeftJoin, event::Entity, later)
        .join(JoinType::LeftJoin, entry::Entity, named);
    select
}

/// The last event that this instance knows of. All that it did itself is among what it knows, and all that others did until
/// half a second ago. Fails at once if the database did not answer a moment ago.
pub async fn known(database: &Database) -> Result<i64> {
    let changes = &database.changes;
    loop {
        if let Some(head) = changes.current(FRESH) {
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

/// Takes in events that this instance has recorded and committed, the last of them at this place of the log.
pub fn tell(changes: &Changes, events: &[Event], last: i64) {
    let first = last + 1 - i64::try_from(events.len()).unwrap_or(0);
    // What is moved may be public or not, which the database knows.
    if events
        .iter()
        .any(|event| event.action == Action::EntryMoved)
    {
        return changes.expect(last);
    }
    let lines = (first..).zip(events).map(|(sequence, event)| Line {
        sequence,
        entry: event.entry.uuid,
        content_type: event.entry.content_type,
        is_public: is_public(event.action.name(), true),
    });
    changes.tell(last, &lines.collect::<Vec<_>>());
}

/// Learns what the log tells by now, and gives the last event.
async fn catch_up(database: &Database) -> Result<i64> {
    let read = async {
        let snapshot = database.snapshot();
        let state = state(&snapshot).await;
        snapshot.close().await;
        state
    };
    let state = match tokio::time::timeout(PATIENCE, read).await {
        Ok(state) => state,
        Err(_) => Err(Error::Unavailable("the database does not answer".into())),
    };
    if state.is_err() {
        database.changes.fail();
    }
    state
}

/// Looks at the log again and again, for as long as it is polled.
pub async fn follow(database: &Database) -> Infallible {
    loop {
        if let Some(_turn) = database.changes.turn().await
            && let Err(error) = catch_up(database).await
            && !outage::report(&error)
        {
            outage::failed(Outage::Database, &explained(&error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
