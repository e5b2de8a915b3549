//! Background jobs: rows of a queue that are enqueued in the caller's transaction, run by one of the instances, and retried until
//! they succeed or are given up.
//!
//! A job runs at least once. A job that only changes the database runs exactly once if it completes itself in its own transaction
//! ([`Run::complete`]).

pub mod admin;
mod execution;
mod failure;
pub mod mail;
mod queue;
mod registry;
mod retry;
mod runner;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use entity::{Instant, job};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait, prelude::Uuid};
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    failure::{Failure, Panicked, guarded},
    registry::Registry,
    retry::Retry,
    runner::Runner,
};
use crate::{
    app::App,
    database::Transaction,
    error::{Error, Result},
    id,
};

/// A kind of background job: the struct is its payload.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the queue, in metrics and in the API. Rows bear it: it never changes.
    const NAME: &'static str;
    /// When it runs.
    const SCHEDULE: Schedule = Schedule::Enqueued;
    /// How it is retried.
    const RETRY: Retry = Retry::STANDARD;
    /// How many of them one instance runs at once.
    const CONCURRENCY: usize = 1;

    /// Returns whether this instance can run it; others may.
    fn can_run(_app: &App) -> bool {
        true
    }

    /// Runs it. It may run again after an error, a panic, or the end of the process, so its effects must bear repetition.
    fn run(self, run: Run) -> impl Future<Output = Result<()>> + Send;
}

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// When it is enqueued.
    Enqueued,
    /// When an instance starts, and so long after each success, on one of the instances.
    Every(TimeDelta),
    /// Once when an instance starts, on one of the instances.
    AtStart,
}

/// One run of a job.
#[derive(Clone)]
pub struct Run {
    /// The application.
    pub app: App,
    /// The id of the job.
    pub id: Uuid,
    /// When it was enqueued.
    pub created_at: Instant,
    /// Whether the job is given up if this run fails.
    pub is_last: bool,
    lease: Uuid,
    /// Whether it lets go of its lease by itself.
    ended: Arc<AtomicBool>,
}

impl Run {
    /// Removes the job in a transaction of its own changes, so that both become true together.
    ///
    /// # Errors
    ///
    /// Returns an error if the job is run elsewhere by now; the transaction must not be committed then.
    pub async fn complete(&self, tx: &DatabaseTransaction) -> Result<()> {
        if !queue::remove(tx, self.id, self.lease).await? {
            return Err(Error::internal("the job is run elsewhere by now"));
        }
        self.end();
        Ok(())
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

/// Enqueues a job that becomes due with the commit of the transaction; returns its id.
pub async fn enqueue<J: Job>(app: &App, tx: &Transaction, job: &J) -> Result<Uuid> {
    let id = id::new();
    enqueue_as(app, tx, id, job).await?;
    Ok(id)
}

/// Enqueues a job with this id, for a payload that is sealed for it.
pub async fn enqueue_as<J: Job>(app: &App, tx: &Transaction, id: Uuid, job: &J) -> Result<()> {
    let row = new_row(id, J::NAME, payload(job)?, app.clock.now());
    job::Entity::insert(row).exec_without_returning(tx).await?;
    tx.notify_once_committed(&app.jobs);
    Ok(())
}

fn payload<J: Job>(job: &J) -> Result<String> {
    serde_json::to_string(job).map_err(Error::internal)
}

fn new_row(id: Uuid, name: &str, payload: String, now: Instant) -> job::ActiveModel {
    job::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        key: Set(None),
        payload: Set(payload),
        created_at: Set(now),
        due_at: Set(now),
        attempts: Set(0),
        lease: Set(None),
        beat: Set(0),
        failed_at: Set(None),
        error: Set(None),
    }
}
