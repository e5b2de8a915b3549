//! Network addresses in audit events and sessions: they tell where somebody signed in from for a while, and are then removed.

use chrono::TimeDelta;
use entity::{Instant, account, audit_event, session};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::{Func, Query, SelectStatement, SimpleExpr},
};

use crate::{app::App, error::Result};

/// Events that one transaction changes: other writers get their turn in between.
const EVENTS_AT_ONCE: u64 = 500;

/// Removes the addresses that are older than the settings allow, and those of accounts that do not exist any more; returns from
/// how many audit events and sessions.
pub async fn purge(app: &App) -> Result<u64> {
    let days = TimeDelta::days(i64::from(app.config.address_retention_days));
    let before = app.clock.now() - days;
    Ok(purge_sessions(app, before).await? + purge_events(app, before).await?)
}

async fn purge_sessions(app: &App, before: Instant) -> Result<u64> {
    let tx = app.database.begin().await?;
    let purged = session::Entity::update_many()
        .col_expr(session::Column::Network, Expr::value(""))
        .filter(session::Column::CreatedAt.lt(before))
        .filter(session::Column::Network.ne(""))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}

async fn purge_events(app: &App, before: Instant) -> Result<u64> {
    let mut purged = 0;
    loop {
        let tx = app.database.begin().await?;
        let some = audit_event::Entity::update_many()
            .col_expr(audit_event::Column::Network, Expr::value(None::<String>))
            .filter(audit_event::Column::Sequence.in_subquery(expired(before)))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        purged += some.rows_affected;
        if some.rows_affected < EVENTS_AT_ONCE {
            return Ok(purged);
        }
    }
}

/// Selects some of the events whose address is to go.
fn expired(before: Instant) -> SelectStatement {
    let accounts = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .to_owned();
    let is_over = Condition::any()
        .add(audit_event::Column::OccurredAt.lt(before))
        .add(whose().not_in_subquery(accounts));
    Query::select()
        .column(audit_event::Column::Sequence)
        .from(audit_event::Entity)
        .and_where(audit_event::Column::Network.is_not_null())
        .cond_where(is_over)
        .limit(EVENTS_AT_ONCE)
        .to_owned()
}

/// Returns the account whose address an event holds: the actor, or else the account that it concerns.
fn whose() -> SimpleExpr {
    let accounts = [audit_event::Column::ActorId, audit_event::Column::AccountId];
    Func::coalesce(accounts.map(Expr::col)).into()
}

/// Removes the addresses of an account from the events. Its sessions are erased with it.
pub(super) async fn forget(tx: &DatabaseTransaction, account: Uuid) -> Result<()> {
    audit_event::Entity::update_many()
        .col_expr(audit_event::Column::Network, Expr::value(None::<String>))
        .filter(audit_event::Column::Network.is_not_null())
        .filter(whose().eq(account))
        .exec(tx)
        .await?;
    Ok(())
}
