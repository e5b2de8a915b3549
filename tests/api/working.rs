//! Due work is supervised: a task that panics, fails or hangs stops no other one, is shown to operators, and is run again.

use std::{
    io::Read,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use kindling::{
    app::App,
    auth::{Principal, Role},
    delivery::Delivery,
    error::{Error, Result},
    http::{
        management,
        server::{Server, Stopping},
    },
    job::{Job, Registry, Run, Schedule, admin::counts},
    telemetry::metrics::{TaskEnd, TaskState},
    worker::Worker,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{TestApp, on_both_engines};

/// A job that panics the first time.
#[derive(Serialize, Deserialize)]
struct Panicking;

impl Job for Panicking {
    const NAME: &'static str = "panicking";
    const SCHEDULE: Schedule = Schedule::Every(TimeDelta::hours(1));

    async fn run(self, run: Run) -> Result<()> {
        let failed = runs(&run.app, Self::NAME, TaskEnd::Panicked) > 0;
        assert!(failed, "a panic of a test");
        Ok(())
    }
}

const DEADLINE: Duration = Duration::from_mins(1);

/// A worker that runs until it is stopped.
struct Running {
    stop: oneshot::Sender<()>,
    worker: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(worker: Worker) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            stop,
            worker: tokio::spawn(worker.run(stopped)),
        }
    }

    /// Stops the worker, which ends what it has begun.
    async fn stop(self) {
        self.stop.send(()).expect("a worker that runs");
        self.worker.await.expect("an end");
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

fn runs(app: &App, task: &str, end: TaskEnd) -> u64 {
    app.telemetry.metrics.tasks.runs(task, end)
}

fn state(app: &App, task: &str) -> TaskState {
    app.telemetry.metrics.tasks.state(task)
}

/// The answers of the management listener to these paths.
async fn managed<const N: usize>(app: &TestApp, paths: [&str; N]) -> [(u16, String); N] {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server {
        listener,
        tls: None,
        stopping: Stopping::default(),
        meter: Arc::default(),
    };
    let delivery = Arc::new(Delivery::new(&app.app));
    let router = management::router(&app.app, delivery, &Stopping::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let config = Arc::clone(&app.app.config);
    let serving = tokio::spawn(async move {
        let stopped = async { stopped.await.expect("the word to stop") };
        server.run_on(&config, router, stopped).await;
    });
    let mut answers = Vec::new();
    for path in paths {
        let answer = reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        answers.push((status, answer.text().await.expect("a text")));
    }
    stop.send(()).expect("a server that runs");
    serving.await.expect("an end");
    answers.try_into().expect("as many answers")
}

fn task<'a>(health: &'a Value, name: &str) -> &'a Value {
    let tasks = health["work"]["tasks"].as_array().expect("tasks");
    tasks
        .iter()
        .find(|task| task["name"] == name)
        .expect("the task")
}

on_both_engines! {
    async fn a_task_that_panics_is_shown_and_run_again_and_stops_no_other_one(app: TestApp) {
        let worker = Worker::with_jobs(&app.app, Registry::with::<Panicking>)
            .with_work("erasure", |_| async { Err(Error::internal("a secret cause")) });
        let running = Running::start(worker);
        until("failures of each", || {
            runs(&app.app, "panicking", TaskEnd::Panicked) == 1 && runs(&app.app, "erasure", TaskEnd::Failed) >= 2
        }).await;
        let [ready, health, metrics] = managed(&app, ["/readyz", "/healthz", "/metrics"]).await;
        assert_eq!(ready.0, 200, "{ready:?}");
        let mut lines = ready.1.lines();
        assert_eq!(lines.next(), Some("ok"));
        let erasure = ready.1.lines().find(|line| line.contains("the task erasure has failed")).expect("a line");
        assert!(erasure.ends_with("something went wrong on the server") && !ready.1.contains("a secret cause"), "{erasure}");
        let health: Value = serde_json::from_str(&health.1).expect("JSON");
        let failed = task(&health, "panicking");
        assert_eq!(failed["failures"], 1, "{failed}");
        assert_eq!(failed["lastFailure"]["reason"], "it panicked; see the log");
        let jobs = health["work"]["jobs"].as_array().expect("jobs");
        assert!(jobs.contains(&json!({"name": "panicking", "waiting": 1, "running": 0, "failed": 0})), "{health}");
        for sample in [
            "kindling_task_runs_total{task=\"panicking\",outcome=\"panicked\"} 1",
            "kindling_task_failures_in_row{task=\"erasure\"}",
            "kindling_jobs{job=\"panicking\",state=\"waiting\"} 1",
        ] {
            assert!(metrics.1.contains(sample), "{sample}: {}", metrics.1);
        }
        until("the others", || {
            ["cleanup", "media_sweep", "search_text"].iter().all(|task| {
                runs(&app.app, task, TaskEnd::Done) + runs(&app.app, task, TaskEnd::Failed) > 0
            })
        }).await;
        app.app.clock.advance(TimeDelta::seconds(5));
        until("it works again", || runs(&app.app, "panicking", TaskEnd::Done) > 0).await;
        assert_eq!(state(&app.app, "panicking").failures_in_row, 0);
        running.stop().await;
    }

    async fn a_follower_of_the_event_log_that_panics_is_started_again(app: TestApp) {
        let starts = Arc::new(AtomicU64::new(0));
        let made = Arc::clone(&starts);
        let worker = Worker::new(&app.app).with_work("event_log", move |_| {
            let number = made.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(number >= 1, "a panic of a test");
                std::future::pending().await
            }
        });
        let running = Running::start(worker);
        until("a second start", || starts.load(Ordering::Relaxed) == 2).await;
        assert_eq!(runs(&app.app, "event_log", TaskEnd::Panicked), 1);
        assert!(state(&app.app, "event_log").running_since.is_some());
        running.stop().await;
    }

    async fn a_mail_server_that_never_answers_delays_nothing_else(app: TestApp) {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let app = app.sending_to(silent.local_addr().expect("an address").port());
        app.new_account("ann@example.org", Role::Editor).await;
        let ask = async || {
            let input = json!({"email": "ann@example.org"});
            app.done(&Principal::Anonymous, "requestPasswordReset", input, "__typename").await
        };
        ask().await;
        let running = Running::start(Worker::new(&app.app));
        let accepted = tokio::task::spawn_blocking(move || silent.accept().expect("a connection").0);
        let mut connection = accepted.await.expect("a connection");
        let before = runs(&app.app, "password_reset", TaskEnd::Done);
        ask().await;
        until("the others go on", || {
            runs(&app.app, "password_reset", TaskEnd::Done) > before && runs(&app.app, "cleanup", TaskEnd::Done) > 0
        }).await;
        let counts = counts(&app.app).await.expect("counts");
        let mails = counts.iter().find(|jobs| jobs.name == "mail").expect("mails");
        assert_eq!(mails.total, 2, "the second request was answered meanwhile");
        assert!(state(&app.app, "mail").running_since.is_some(), "mail still waits for the server");
        assert_eq!(runs(&app.app, "mail", TaskEnd::Done), 0);
        running.worker.abort();
        // Whoever hangs up has not been answered: nothing was said to it.
        let closed = tokio::task::spawn_blocking(move || connection.read(&mut [0; 1]).unwrap_or(0));
        assert_eq!(closed.await.expect("an end"), 0);
        app.forget_jobs().await;
    }
}
