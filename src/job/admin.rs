//! Jobs as admins see them: how many there are, running one again, and how long those that were given up are kept.

use chrono::TimeDelta;
use entity::job;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};

use crate::{
    app::App,
    auth::{
        Principal, Right,
        audit::{self, AuditAction, AuditEvent},
        authority,
    },
    database::only,
    error::{Error, ProblemCode, Result},
};

/// How long jobs that were given up are kept.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its time or for a free instance.
    Waiting,
    /// An instance runs it.
    Running,
    /// It was given up.
    Failed,
}

impl State {
    /// Returns where this job stands.
    pub fn of(job: &job::Model) -> Self {
        match (job.failed_at, job.lease) {
            (Some(_), _) => Self::Failed,
            (None, Some(_)) => Self::Running,
            (None, None) => Self::Waiting,
        }
    }

    /// Returns the condition of the jobs that stand so.
    pub fn condition(self) -> Condition {
        let condition = Condition::all();
        match self {
            Self::Waiting => condition
                .add(job::Column::FailedAt.is_null())
                .add(job::Column::Lease.is_null()),
            Self::Running => condition
                .add(job::Column::FailedAt.is_null())
                .add(job::Column::Lease.is_not_null()),
            Self::Failed => condition.add(job::Column::FailedAt.is_not_null()),
        }
    }
}

/// How many jobs of a name there are.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct JobCount {
    /// The name.
    pub name: String,
    /// All of them.
    pub total: i64,
    /// Those that run.
    pub running: i64,
    /// Those that were given up.
    pub failed: i64,
}

impl JobCount {
    /// Returns how many wait.
    pub fn waiting(&self) -> i64 {
        self.total - self.running - self.failed
    }
}

/// Returns how many jobs of each name there are.
pub async fn counts(app: &App) -> Result<Vec<JobCount>> {
    let counts = job::Entity::find()
        .select_only()
        .column(job::Column::Name)
        .column_as(job::Column::Id.count(), "total")
        .column_as(job::Column::Lease.count(), "running")
        .column_as(job::Column::FailedAt.count(), "failed")
        .group_by(job::Column::Name);
    app.database.rows_as(counts).await
}

/// Has a job run at once that was given up, or that waits for its next attempt; its attempts are counted anew.
pub async fn retry(app: &App, principal: &Principal, id: Uuid) -> Result<job::Model> {
    principal.require(Right::ManageJobs)?;
    let now = app.clock.now();
    let tx = authority::begin(app, principal).await?;
    let found = only(&*tx, job::Entity::find_by_id(id).lock_exclusive()).await?;
    let found: job::Model =
        found.ok_or_else(|| refused(ProblemCode::NotFound, "this job does not exist"))?;
    if State::of(&found) == State::Running {
        return Err(refused(ProblemCode::Invalid, "is running"));
    }
    let retried = job::Entity::update_many()
        .col_expr(job::Column::DueAt, Expr::value(now))
        .col_expr(job::Column::Attempts, Expr::value(0))
        .col_expr(job::Column::FailedAt, Expr::value(None::<entity::Instant>))
        .filter(job::Column::Id.eq(id))
        .exec_with_returning(&*tx)
        .await?;
    let event = AuditEvent::new(AuditAction::JobRetried, None).at(public_id(id));
    audit::append(&tx, vec![event], principal.account_id(), now).await?;
    tx.notify_once_committed(&app.jobs);
    tx.commit().await?;
    let retried = retried.into_iter().next();
    retried.ok_or_else(|| Error::internal("a locked job is gone"))
}

fn refused(code: ProblemCode, message: &str) -> Error {
    Error::invalid(code, "id", message)
}

/// Returns the id of a job in the API.
pub fn public_id(id: Uuid) -> String {
    format!("job_{}", id.simple())
}

/// Deletes the jobs that were given up a week ago; returns how many.
pub async fn purge(app: &App) -> Result<u64> {
    let before = app.clock.now() - KEPT;
    let tx = app.database.begin().await?;
    let purged = job::Entity::delete_many()
        .filter(job::Column::FailedAt.lt(before))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}
