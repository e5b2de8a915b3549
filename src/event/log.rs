//! The content log as a service: what follows after a cursor, and waking when there is more.

use entity::event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid};
use tokio::sync::watch;

use crate::{
    database::{Database, LogPosition},
    error::{Error, Result},
};

/// What follows after a cursor.
#[derive(Clone, Debug, PartialEq)]
pub enum Following {
    /// The next events, in their order; none if there are no more yet.
    Events(Vec<event::Model>),
    /// The log does not contain the cursor: the database was restored, and whoever derives anything from the log begins anew.
    Diverged,
}

/// Reads up to `limit` events after the cursor.
pub async fn read_after(database: &Database, cursor: LogPosition, limit: u64) -> Result<Following> {
    let from = event::Entity::find()
        .filter(event::Column::Sequence.gte(cursor.sequence))
        .order_by_asc(event::Column::Sequence)
        .limit(limit.saturating_add(1));
    let mut events = database.rows(from).await?;
    if cursor.sequence == 0 {
        events.truncate(usize::try_from(limit).map_err(Error::internal)?);
        return Ok(Following::Events(events));
    }
    if events.first().map(position) != Some(cursor) {
        return Ok(Following::Diverged);
    }
    events.remove(0);
    Ok(Following::Events(events))
}

/// Returns the position of an event.
pub fn position(event: &event::Model) -> LogPosition {
    LogPosition {
        sequence: event.sequence,
        id: event.id,
    }
}

/// Wakes when the log has moved: at once for what this instance commits, within milliseconds for other instances on PostgreSQL, and
/// within a quarter of a second where a pooler stands before it.
#[derive(Clone, Debug)]
pub struct Subscription(watch::Receiver<(u64, Uuid)>);

/// Subscribes to the log. What moves it between this and [`Subscription::moved`] is not missed.
pub fn subscribe(database: &Database) -> Subscription {
    Subscription(database.changes.subscribe())
}

impl Subscription {
    /// Returns once the log has moved since the subscription, or since the last time that this returned.
    pub async fn moved(&mut self) -> Result<()> {
        self.0.changed().await.map_err(Error::internal)
    }
}
