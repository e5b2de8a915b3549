//! Moments of the log, which are in its order whatever the clock does.
//!
//! A clock can be set back: by an hour, or by a year after it was a year ahead. While it catches up, moments repeat or follow
//! each other by a microsecond. Where that would take too long, recorded moments that lie ahead of the clock are set to now.

use chrono::{DateTime, TimeDelta};
use entity::{Instant, event, event_counter};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, prelude::Expr};

use super::lineage;
use crate::error::Result;

/// How far the clocks of several instances may differ.
const TOLERANCE: TimeDelta = TimeDelta::seconds(10);
/// A clock that shows an earlier time than this, in seconds since 1970, is wrong: no recorded moment gives way to it.
const EARLIEST: i64 = 1_777_593_600;

/// The smallest difference that both engines keep.
pub const TICK: TimeDelta = TimeDelta::microseconds(1);

/// Returns whether a recorded moment lies so far ahead of the clock that a clock was wrong when it was recorded.
pub fn lies_ahead(moment: Instant, now: Instant) -> bool {
    let is_plausible = DateTime::from_timestamp(EARLIEST, 0).is_some_and(|earliest| now > earliest);
    is_plausible && moment - now > TOLERANCE
}

/// Records in the counter when something became public or ceased to be.
pub async fn record_publication(tx: &DatabaseTransaction, moment: Instant) -> Result<()> {
    event_counter::Entity::update_many()
        .col_expr(
            event_counter::Column::LastPublicationAt,
            Expr::value(moment),
        )
        .exec(tx)
        .await?;
    Ok(())
}

/// Replaces the lineage of the log, because moments that answers show have changed without an event.
pub async fn forget_answers(tx: &DatabaseTransaction) -> Result<()> {
    lineage::renew(tx, None).await
}

/// Returns when an event occurs that is recorded now, given when the last one occurred. Sets events that lie ahead of the clock
/// to now.
pub(super) async fn clamp_events(
    tx: &DatabaseTransaction,
    last: Instant,
    now: Instant,
) -> Result<Instant> {
    if !lies_ahead(last, now) {
        return Ok(last);
    }
    let clamped = event::Entity::update_many()
        .col_expr(event::Column::OccurredAt, Expr::value(now))
        .filter(event::Column::OccurredAt.gt(now))
        .exec(tx)
        .await?;
    event_counter::Entity::update_many()
        .col_expr(event_counter::Column::LastAt, Expr::value(now))
        .exec(tx)
        .await?;
    tracing::warn!(
        events = clamped.rows_affected,
        %last,
        "the clock was ahead when events were recorded; they are set to now"
    );
    Ok(now)
}
