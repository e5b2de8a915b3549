//! Consumers of the content log with stored cursors.
//!
//! A consumer handles events and moves its cursor in one transaction, which locks the cursor: of several instances, one handles an
//! event, and exactly once, whenever it dies. So effects of a consumer are rows of that transaction; what lies outside of the
//! database, such as a request to another server, is a job that it enqueues there.

use std::{convert::Infallible, time::Duration};

use entity::{consumer, event};
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect, prelude::Uuid, sea_query::OnConflict};
use tokio::time::sleep;

use super::log::{self, Following};
use crate::{
    app::App,
    database::{LogPosition, Transaction},
    error::{Error, Result},
};

/// Events that one transaction handles.
const EVENTS_AT_ONCE: u64 = 200;
/// How long to wait before the log is read although nothing has woken the consumer.
const POLL: Duration = Duration::from_secs(5);

/// Something that derives from the content log.
pub trait Consumer: Send + Sync {
    /// Its name. The row of its cursor bears it: it never changes.
    const NAME: &'static str;

    /// Handles the next events in the transaction that moves the cursor beyond them.
    fn consume(
        &self,
        app: &App,
        tx: &Transaction,
        events: &[event::Model],
    ) -> impl Future<Output = Result<()>> + Send;

    /// Discards what was derived, in the transaction that moves the cursor back to the start: the log has another lineage.
    fn restart(&self, app: &App, tx: &Transaction) -> impl Future<Output = Result<()>> + Send;
}

/// Has the consumer handle the next events; returns false if there were none.
pub async fn advance<C: Consumer>(app: &App, consumer: &C) -> Result<bool> {
    let known = app
        .database
        .row(consumer::Entity::find_by_id(C::NAME))
        .await?;
    let cursor = known.map_or_else(LogPosition::default, |row: consumer::Model| cursor_of(&row));
    let following = log::read_after(&app.database, cursor, EVENTS_AT_ONCE).await?;
    if following == Following::Events(Vec::new()) {
        return Ok(false);
    }
    let tx = app.database.begin().await?;
    if lock(&tx, C::NAME).await? != cursor {
        // Another instance has handled them meanwhile.
        return Ok(true);
    }
    let cursor = match &following {
        Following::Events(events) => {
            consumer.consume(app, &tx, events).await?;
            events.last().map_or(cursor, log::position)
        }
        Following::Diverged => {
            tracing::warn!(
                consumer = C::NAME,
                "the event log has another lineage: the consumer begins anew"
            );
            consumer.restart(app, &tx).await?;
            LogPosition::default()
        }
    };
    let moved = consumer::ActiveModel {
        name: Set(C::NAME.to_owned()),
        sequence: Set(cursor.sequence),
        event_id: Set(cursor.id),
    };
    consumer::Entity::update(moved)
        .validate()?
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Has the consumer follow the log for as long as it is polled.
///
/// # Errors
///
/// Returns the error of a transaction, which was rolled back: whoever calls this calls it again.
pub async fn follow<C: Consumer>(app: &App, consumer: &C) -> Result<Infallible> {
    let mut subscription = log::subscribe(&app.database);
    loop {
        while advance(app, consumer).await? {}
        tokio::select! {
            moved = subscription.moved() => moved?,
            () = sleep(POLL) => {}
        }
    }
}

fn cursor_of(row: &consumer::Model) -> LogPosition {
    LogPosition {
        sequence: row.sequence,
        id: row.event_id,
    }
}

/// Locks the cursor until the end of the transaction, and returns it.
async fn lock(tx: &Transaction, name: &str) -> Result<LogPosition> {
    let start = consumer::ActiveModel {
        name: Set(name.to_owned()),
        sequence: Set(0),
        event_id: Set(Uuid::nil()),
    };
    let is_there = OnConflict::column(consumer::Column::Name)
        .do_nothing()
        .to_owned();
    consumer::Entity::insert(start)
        .on_conflict(is_there)
        .exec_without_returning(&**tx)
        .await?;
    let row = consumer::Entity::find_by_id(name)
        .lock_exclusive()
        .one(&**tx)
        .await?;
    let row = row.ok_or_else(|| Error::internal("the cursor of a consumer is gone"))?;
    Ok(cursor_of(&row))
}
