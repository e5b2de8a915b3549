//! The queue in the database. Whoever runs a job holds its lease, and every write about the run names the lease: of several
//! instances, one runs a job, and one that has lost its lease changes nothing.

use entity::{Instant, job};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::{LockBehavior, LockType, OnConflict},
};

use super::{Schedule, new_row, registry::Definition};
use crate::{app::App, clock::SKEW, error::Result, id};

/// The payload of a scheduled job: that of a struct without fields.
const NO_PAYLOAD: &str = "null";

/// A job that some instance has leased.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct LeasedJob {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) lease: Uuid,
    pub(super) beat: i64,
}

/// Enqueues the scheduled jobs that are missing, and makes all of them due.
pub(super) async fn schedule(app: &App, definitions: &[Definition]) -> Result<()> {
    let now = app.clock.now();
    let scheduled = definitions.iter().filter(|job| job.is_scheduled());
    let rows = scheduled.map(|definition| job::ActiveModel {
        key: Set(Some(definition.name.to_owned())),
        ..new_row(id::new(), definition.name, NO_PAYLOAD.to_owned(), now)
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let is_there = OnConflict::columns([job::Column::Name, job::Column::Key])
        .target_and_where(Expr::col(job::Column::Key).is_not_null())
        .do_nothing()
        .to_owned();
    let tx = app.database.begin().await?;
    job::Entity::insert_many(rows)
        .on_conflict(is_there)
        .exec_without_returning(&tx)
        .await?;
    job::Entity::update_many()
        .col_expr(job::Column::DueAt, Expr::value(now))
        .filter(job::Column::Key.is_not_null())
        .filter(job::Column::Lease.is_null())
        .filter(job::Column::DueAt.gt(now))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Returns which of these jobs have anything to do.
pub(super) async fn due_names(app: &App, definitions: &[&Definition]) -> Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Name {
        name: String,
    }
    let now = app.clock.now();
    let is_due = definitions
        .iter()
        .fold(Condition::any(), |any, definition| {
            any.add(is_due(definition, now))
        });
    let names = job::Entity::find()
        .select_only()
        .column(job::Column::Name)
        .distinct()
        .filter(is_due);
    let names: Vec<Name> = app.database.rows_as(names).await?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

fn is_due(definition: &Definition, now: Instant) -> Condition {
    let latest = now + definition.max_wait() + SKEW;
    Condition::all()
        .add(job::Column::Name.eq(definition.name))
        .add(job::Column::Lease.is_null())
        .add(job::Column::FailedAt.is_null())
        .add(
            Condition::any()
                .add(job::Column::DueAt.lte(now))
                // It was put off by a clock that was ahead.
                .add(job::Column::DueAt.gt(latest)),
        )
}

/// Leases up to `count` of the jobs that are due, the longest due first.
pub(super) async fn claim(
    app: &App,
    definition: &Definition,
    count: usize,
) -> Result<Vec<job::Model>> {
    let tx = app.database.begin().await?;
    let due = job::Entity::find()
        .filter(is_due(definition, app.clock.now()))
        .order_by_asc(job::Column::DueAt)
        .order_by_asc(job::Column::Id)
        .limit(u64::try_from(count).unwrap_or(u64::MAX))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&tx)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = due.into_iter().map(|row| row.id);
    let claimed = job::Entity::update_many()
        .col_expr(job::Column::Lease, Expr::value(id::secret()))
        .col_expr(
            job::Column::Attempts,
            Expr::col(job::Column::Attempts).add(1),
        )
        .col_expr(job::Column::Beat, Expr::col(job::Column::Beat).add(1))
        .filter(job::Column::Id.is_in(ids))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Tells other instances that the job is still run; returns false if the lease is lost.
pub(super) async fn beat(app: &App, id: Uuid, lease: Uuid) -> Result<bool> {
    let tx = app.database.begin().await?;
    let updated = job::Entity::update_many()
        .col_expr(job::Column::Beat, Expr::col(job::Column::Beat).add(1))
        .filter(held(id, lease))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(updated.rows_affected == 1)
}

fn held(id: Uuid, lease: Uuid) -> Condition {
    Condition::all()
        .add(job::Column::Id.eq(id))
        .add(job::Column::Lease.eq(lease))
}

/// Removes the job; returns false if the lease is lost.
pub(super) async fn remove(tx: &DatabaseTransaction, id: Uuid, lease: Uuid) -> Result<bool> {
    let removed = job::Entity::delete_many()
        .filter(held(id, lease))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected == 1)
}

/// Records that a run succeeded.
pub(super) async fn finish(
    app: &App,
    definition: &Definition,
    id: Uuid,
    lease: Uuid,
) -> Result<()> {
    let tx = app.database.begin().await?;
    if let Schedule::Every(pause) = definition.schedule {
        job::Entity::update_many()
            .col_expr(job::Column::DueAt, Expr::value(app.clock.now() + pause))
            .col_expr(job::Column::Attempts, Expr::value(0))
            .col_expr(job::Column::Error, Expr::value(None::<String>))
            .col_expr(job::Column::Lease, Expr::value(None::<Uuid>))
            .filter(held(id, lease))
            .exec(&tx)
            .await?;
    } else {
        remove(&tx, id, lease).await?;
    }
    tx.commit().await
}

/// Records that a run failed: the job waits for its next attempt, or is given up.
pub(super) async fn fail(
    app: &App,
    definition: &Definition,
    job: &job::Model,
    lease: Uuid,
    reason: &str,
) -> Result<()> {
    let now = app.clock.now();
    let retry = &definition.retry;
    let failed_at = retry.is_exhausted(job.attempts).then_some(now);
    let due_at = now + retry.wait(job.attempts, app.clock.random());
    let tx = app.database.begin().await?;
    job::Entity::update_many()
        .col_expr(job::Column::DueAt, Expr::value(due_at))
        .col_expr(job::Column::FailedAt, Expr::value(failed_at))
        .col_expr(job::Column::Error, Expr::value(reason))
        .col_expr(job::Column::Lease, Expr::value(None::<Uuid>))
        .filter(held(job.id, lease))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Returns the leases of these jobs, of all instances.
pub(super) async fn leases(app: &App, definitions: &[Definition]) -> Result<Vec<LeasedJob>> {
    let names = definitions.iter().map(|definition| definition.name);
    let leased = job::Entity::find()
        .filter(job::Column::Lease.is_not_null())
        .filter(job::Column::Name.is_in(names));
    app.database.rows_as(leased).await
}

/// Takes a lease back whose holder has stopped beating; the job is due again.
pub(super) async fn take_back(app: &App, abandoned: &LeasedJob) -> Result<bool> {
    let tx = app.database.begin().await?;
    let updated = job::Entity::update_many()
        .col_expr(job::Column::Lease, Expr::value(None::<Uuid>))
        .filter(held(abandoned.id, abandoned.lease))
        .filter(job::Column::Beat.eq(abandoned.beat))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(updated.rows_affected == 1)
}
