//! The job queue: what was enqueued runs, on one instance, and is retried until it succeeds or is given up.

mod admins;
mod instances;
mod upgrade;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use entity::job;
use kindling::{
    app::App,
    error::{Error, Result},
    job::{Job, Retry, Run, enqueue},
    worker::Worker,
};
use sea_orm::{EntityTrait, prelude::Uuid};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

use crate::support::{TestApp, on_both_engines};

const DEADLINE: Duration = Duration::from_mins(1);

/// How often each probe has run.
static RUNS: Mutex<Option<HashMap<Uuid, u32>>> = Mutex::new(None);

/// A job of the tests: its first runs fail.
#[derive(Serialize, Deserialize)]
struct Probe {
    id: Uuid,
    failing: u32,
    panics: bool,
}

impl Probe {
    fn new(failing: u32) -> Self {
        Self {
            id: kindling::id::new(),
            failing,
            panics: false,
        }
    }

    fn runs(&self) -> u32 {
        runs(self.id)
    }
}

fn runs(id: Uuid) -> u32 {
    let counts = RUNS.lock().expect("the counts");
    let counts = counts.as_ref();
    counts
        .and_then(|counts| counts.get(&id).copied())
        .unwrap_or(0)
}

fn count(id: Uuid) -> u32 {
    let mut counts = RUNS.lock().expect("the counts");
    let count = counts.get_or_insert_default().entry(id).or_default();
    *count += 1;
    *count
}

impl Job for Probe {
    const NAME: &'static str = "probe";
    const RETRY: Retry = Retry {
        first_wait: TimeDelta::seconds(10),
        max_wait: TimeDelta::minutes(1),
        max_attempts: Some(3),
    };
    const CONCURRENCY: usize = 4;

    async fn run(self, _: Run) -> Result<()> {
        let runs = count(self.id);
        assert!(!self.panics || runs > self.failing, "a panic of a test");
        if runs > self.failing {
            Ok(())
        } else {
            Err(Error::internal("a secret cause"))
        }
    }
}

/// A job that lasts until it is let go.
#[derive(Serialize, Deserialize)]
struct Slow {
    id: Uuid,
}

static LET_GO: Mutex<Option<HashMap<Uuid, Arc<Notify>>>> = Mutex::new(None);

fn gate(id: Uuid) -> Arc<Notify> {
    let mut gates = LET_GO.lock().expect("the gates");
    let gate = gates.get_or_insert_default().entry(id).or_default();
    Arc::clone(gate)
}

impl Job for Slow {
    const NAME: &'static str = "slow";

    async fn run(self, _: Run) -> Result<()> {
        count(self.id);
        gate(self.id).notified().await;
        Ok(())
    }
}

fn worker(app: &App) -> Worker {
    Worker::with_jobs(app, |jobs| jobs.with::<Probe>().with::<Slow>())
}

async fn put<J: Job>(app: &TestApp, job: &J) {
    let tx = app.app.database.begin().await.expect("a transaction");
    enqueue(&app.app, &tx, job).await.expect("a job");
    tx.commit().await.expect("a commit");
}

/// The jobs that were enqueued and are still there.
async fn left(app: &TestApp) -> Vec<job::Model> {
    let jobs = app.app.database.rows(job::Entity::find()).await;
    let jobs = jobs.expect("jobs").into_iter();
    jobs.filter(|job| job.key.is_none()).collect()
}

async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

/// A worker that runs until it is stopped.
struct Running {
    stop: oneshot::Sender<()>,
    worker: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(worker: Worker) -> Self {
        let (stop, stopped) = oneshot::channel();
        let worker = tokio::spawn(worker.run(stopped));
        Self { stop, worker }
    }

    async fn stop(self) {
        self.stop.send(()).expect("a worker that runs");
        self.worker.await.expect("an end");
    }
}

on_both_engines! {
    async fn a_job_is_enqueued_with_the_transaction_and_not_without_it(app: TestApp) {
        let (kept, dropped) = (Probe::new(0), Probe::new(0));
        let tx = app.app.database.begin().await.expect("a transaction");
        enqueue(&app.app, &tx, &dropped).await.expect("a job");
        drop(tx);
        put(&app, &kept).await;
        assert_eq!(left(&app).await.len(), 1);
        worker(&app.app).step().await;
        assert_eq!((kept.runs(), dropped.runs()), (1, 0));
        worker(&app.app).step().await;
        assert_eq!((kept.runs(), left(&app).await.len()), (1, 0), "it is done once");
    }

    async fn a_running_worker_is_woken_by_the_commit(app: TestApp) {
        let running = Running::start(worker(&app.app));
        for _ in 0..20 {
            let probe = Probe::new(0);
            put(&app, &probe).await;
            until("a run", async || probe.runs() == 1).await;
        }
        until("the end of the last one", async || left(&app).await.is_empty()).await;
        running.stop().await;
    }

    async fn what_fails_or_panics_is_retried_with_growing_waits_and_delays_nothing_else(app: TestApp) {
        let mut worker = worker(&app.app);
        let [failing, panicking, fine] = [Probe::new(2), Probe { panics: true, ..Probe::new(2) }, Probe::new(0)];
        for probe in [&failing, &panicking, &fine] {
            put(&app, probe).await;
        }
        for (wait, expected) in [(0, [1, 1, 1]), (5, [1, 1, 1]), (5, [2, 2, 1]), (12, [2, 2, 1]), (8, [3, 3, 1])] {
            app.app.clock.advance(TimeDelta::seconds(wait));
            worker.step().await;
            assert_eq!([failing.runs(), panicking.runs(), fine.runs()], expected);
        }
        assert!(left(&app).await.is_empty());
    }

    async fn a_clock_that_jumps_loses_and_doubles_nothing(app: TestApp) {
        for jump in [TimeDelta::days(365), -TimeDelta::days(365), TimeDelta::hours(2), -TimeDelta::hours(2)] {
            let mut worker = worker(&app.app);
            worker.step().await;
            let (failed, fresh) = (Probe::new(1), Probe::new(0));
            put(&app, &failed).await;
            worker.step().await;
            put(&app, &fresh).await;
            app.app.clock.advance(jump);
            worker.step().await;
            assert_eq!((failed.runs(), fresh.runs()), (2, 1), "{jump}: what waits for longer than it may is due");
            assert!(left(&app).await.is_empty());
        }
    }

    async fn scheduled_jobs_run_at_the_start_and_after_their_pause_and_once_the_clock_was_set_back(app: TestApp) {
        let done = || app.app.telemetry.metrics.tasks.runs("cleanup", kindling::telemetry::metrics::TaskEnd::Done);
        let mut one = worker(&app.app);
        one.step().await;
        one.step().await;
        assert_eq!(done(), 1);
        app.app.clock.advance(TimeDelta::minutes(59));
        one.step().await;
        assert_eq!(done(), 1);
        app.app.clock.advance(TimeDelta::minutes(1));
        one.step().await;
        assert_eq!(done(), 2);
        app.app.clock.advance(TimeDelta::minutes(-30));
        one.step().await;
        assert_eq!(done(), 3);
        worker(&app.app).step().await;
        assert_eq!(done(), 4, "another start");
    }
}
