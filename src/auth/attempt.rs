//! Attempts at secrets: counted in the database before any is evaluated, so that nobody gets more of them by trying at many
//! servers, or many at once. After some that are free, each must wait longer than the one before it, but never for ever.

use chrono::TimeDelta;
use entity::{Instant, attempt};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, prelude::Expr, sea_query::OnConflict,
};

use crate::{
    app::App,
    database::only,
    error::{Error, Result},
    telemetry::metrics::SignInStep,
};

/// How many attempts somebody has.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What is tried.
    pub name: &'static str,
    /// So many attempts need not wait.
    pub free: i32,
    /// How long the first that must wait does; each further one twice as long.
    pub first_wait: TimeDelta,
    /// How long one must wait at most.
    pub longest_wait: TimeDelta,
}

/// After so long without any attempt, all are free again.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// Attempts that are counted together.
#[derive(Clone, Debug)]
pub struct Bucket {
    budget: Budget,
    name: String,
}

impl Budget {
    /// The attempts at, or by, what has this name.
    pub fn of(self, name: &str) -> Bucket {
        Bucket {
            name: format!("{}:{name}", self.name),
            budget: self,
        }
    }

    /// How long the next attempt must wait after so many.
    fn wait(self, count: i32) -> TimeDelta {
        match count.checked_sub(self.free) {
            Some(over @ 0..) => {
                let doublings = u32::try_from(over.clamp(0, 20)).unwrap_or(0);
                let wait = self.first_wait * 2_i32.pow(doublings);
                std::cmp::min(wait, self.longest_wait)
            }
            _ => TimeDelta::zero(),
        }
    }
}

/// Counts an attempt in each bucket; refuses it if it must wait in one of them. What is refused is not counted.
pub async fn count(app: &App, buckets: &[Bucket]) -> Result<()> {
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    // Always in the same order, so that two never wait for each other.
    let mut buckets: Vec<&Bucket> = buckets.iter().collect();
    buckets.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rows = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let row = locked(&tx, bucket, now).await?;
        let (left, own) = (row.next_at - now, bucket.budget.wait(row.count));
        if left > own {
            // A clock that was ahead has set it. From now on it is as long as it should have been.
            write(&tx, &row.bucket, row.count, now, own).await?;
        }
        if Ord::min(left, own) > TimeDelta::zero() {
            if left > own {
                tx.commit().await?;
            }
            app.telemetry.metrics.sign_ins.count(SignInStep::Throttled);
            return Err(Error::TooManyAttempts(Ord::min(left, own)));
        }
        rows.push((bucket, row));
    }
    for (bucket, row) in rows {
        let is_forgotten = now - row.last_at > FORGOTTEN_AFTER;
        let before = if is_forgotten { 0 } else { row.count };
        let count = before.saturating_add(1);
        let wait = bucket.budget.wait(count);
        write(&tx, &row.bucket, count, now, wait).await?;
    }
    tx.commit().await
}

async fn write(
    tx: &DatabaseTransaction,
    bucket: &str,
    count: i32,
    now: Instant,
    wait: TimeDelta,
) -> Result<()> {
    let row = attempt::ActiveModel {
        bucket: Set(bucket.to_owned()),
        count: Set(count),
        last_at: Set(now),
        next_at: Set(now + wait),
    };
    attempt::Entity::update(row).validate()?.exec(tx).await?;
    Ok(())
}

/// Forgets the attempts of a bucket: one has succeeded.
pub async fn forget(tx: &DatabaseTransaction, bucket: &Bucket) -> Result<()> {
    attempt::Entity::delete_many()
        .filter(attempt::Column::Bucket.eq(&bucket.name))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets the attempts of a bucket, and of those that are part of it: their names go on with `@`.
pub async fn forget_all(tx: &DatabaseTransaction, bucket: &Bucket) -> Result<()> {
    let parts = attempt::Column::Bucket
        .gte(format!("{}@", bucket.name))
        // The character that follows `@`: names are compared byte by byte.
        .and(attempt::Column::Bucket.lt(format!("{}A", bucket.name)));
    attempt::Entity::delete_many()
        .filter(attempt::Column::Bucket.eq(&bucket.name).or(parts))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes back one attempt of a bucket that is shared by many: it has succeeded.
pub async fn forgive(tx: &DatabaseTransaction, bucket: &Bucket, now: Instant) -> Result<()> {
    let one_less = Expr::col(attempt::Column::Count).sub(1);
    attempt::Entity::update_many()
        .col_expr(attempt::Column::Count, one_less)
        .col_expr(attempt::Column::NextAt, Expr::value(now))
        .filter(attempt::Column::Bucket.eq(&bucket.name))
        .filter(attempt::Column::Count.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets what would be forgotten anyway; returns how much that was.
pub async fn purge(app: &App) -> Result<u64> {
    let before = app.clock.now() - FORGOTTEN_AFTER;
    let tx = app.database.begin().await?;
    let purged = attempt::Entity::delete_many()
        .filter(attempt::Column::LastAt.lt(before))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}

async fn locked(tx: &DatabaseTransaction, bucket: &Bucket, now: Instant) -> Result<attempt::Model> {
    let none = attempt::ActiveModel {
        bucket: Set(bucket.name.clone()),
        count: Set(0),
        last_at: Set(now),
        next_at: Set(now),
    };
    // Writing to one that is there locks it. Otherwise a success could forget it before it is read.
    let there = OnConflict::column(attempt::Column::Bucket)
        .update_column(attempt::Column::Bucket)
        .to_owned();
    attempt::Entity::insert(none)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    let select = attempt::Entity::find_by_id(bucket.name.clone()).lock_exclusive();
    let row = only(tx, select).await?;
    row.ok_or_else(|| Error::internal("an attempt has no row"))
}
