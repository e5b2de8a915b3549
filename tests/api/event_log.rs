//! The content log as a service: reading on from a cursor, waking, and consumers whose effects happen exactly once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use entity::{entry_id::EntryId, event, job};
use kindling::{
    app::App,
    database::{LogPosition, Transaction},
    error::{Error, Result},
    event::{
        consumer::{Consumer, advance, follow},
        log::{Following, position, read_after, subscribe},
    },
    job::{Job, Run, enqueue},
    worker::Worker,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    prelude::{Expr, Uuid},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    database_state::events,
    support::{TestApp, content, on_both_engines},
};

const DEADLINE: Duration = Duration::from_mins(1);

async fn change(app: &TestApp, number: usize) -> EntryId {
    let key = format!("milestone-{number}");
    app.draft::<kindling::content::types::Milestone>(&key, content::milestone("2012-01-01"))
        .await
}

async fn following(app: &TestApp, cursor: LogPosition, limit: u64) -> Following {
    let read = read_after(&app.app.database, cursor, limit).await;
    read.expect("an answer")
}

/// An effect of a consumer: a job, which is never run here.
#[derive(Serialize, Deserialize)]
struct Effect {
    sequence: i64,
}

impl Job for Effect {
    const NAME: &'static str = "effect";

    async fn run(self, _: Run) -> Result<()> {
        Ok(())
    }
}

/// A consumer that fails at times.
#[derive(Default)]
struct Effects {
    fails: AtomicBool,
    restarts: AtomicU64,
}

impl Consumer for Effects {
    const NAME: &'static str = "effects";

    async fn consume(&self, app: &App, tx: &Transaction, events: &[event::Model]) -> Result<()> {
        for event in events {
            let effect = Effect {
                sequence: event.sequence,
            };
            enqueue(app, tx, &effect).await?;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(Error::internal("a failure of a test"));
        }
        Ok(())
    }

    async fn restart(&self, _: &App, tx: &Transaction) -> Result<()> {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        job::Entity::delete_many().exec(&**tx).await?;
        Ok(())
    }
}

/// The sequences of the events that had an effect.
async fn effects(app: &TestApp) -> Vec<i64> {
    let jobs = app.app.database.rows(job::Entity::find()).await;
    let jobs = jobs.expect("jobs").into_iter();
    let mut sequences: Vec<i64> = jobs
        .filter(|job| job.name == Effect::NAME)
        .map(|job| {
            serde_json::from_str::<Effect>(&job.payload)
                .expect("JSON")
                .sequence
        })
        .collect();
    sequences.sort_unstable();
    sequences
}

async fn all_consumed(app: &TestApp, consumer: &Effects) {
    while advance(&app.app, consumer).await.expect("a step") {}
}

on_both_engines! {
    async fn reading_goes_on_from_a_cursor_and_notices_another_log(app: TestApp) {
        assert_eq!(following(&app, LogPosition::default(), 2).await, Following::Events(Vec::new()));
        for number in 0..5 {
            change(&app, number).await;
        }
        let log = events(&app).await;
        assert_eq!(following(&app, LogPosition::default(), 2).await, Following::Events(log[..2].to_vec()));
        assert_eq!(following(&app, position(&log[1]), 2).await, Following::Events(log[2..4].to_vec()));
        assert_eq!(following(&app, position(&log[3]), 2).await, Following::Events(log[4..].to_vec()));
        assert_eq!(following(&app, position(&log[4]), 2).await, Following::Events(Vec::new()));
        for wrong in [
            LogPosition { id: Uuid::nil(), ..position(&log[2]) },
            LogPosition { sequence: 9, ..position(&log[2]) },
        ] {
            assert_eq!(following(&app, wrong, 2).await, Following::Diverged);
        }
    }

    async fn subscribers_wake_for_what_any_instance_commits_and_for_nothing_else(app: TestApp) {
        let other = app.clone().restarted().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = tokio::spawn(Worker::new(&other.app).run(stopped));
        change(&app, 0).await;
        let mut own = subscribe(&app.app.database);
        let mut elsewhere = subscribe(&other.app.database);
        for number in 1..10 {
            change(&app, number).await;
            timeout(DEADLINE, own.moved()).await.expect("a wake-up").expect("a subscription");
            let newest = position(events(&app).await.last().expect("an event"));
            while other.app.database.changes.newest() != newest {
                timeout(DEADLINE, elsewhere.moved()).await.expect("a wake-up").expect("a subscription");
            }
        }
        app.new_account("ann@example.org", kindling::auth::Role::Editor).await;
        assert!(futures_util::FutureExt::now_or_never(own.moved()).is_none(), "accounts are no content");
        stop.send(()).expect("a worker that runs");
        worker.await.expect("an end");
    }

    async fn of_several_instances_one_handles_each_event(app: TestApp) {
        let other = app.clone().restarted().await;
        let consumer = Arc::new(Effects::default());
        let followers: Vec<_> = [&app, &other, &app, &other].map(|app| {
            let (app, consumer) = (app.app.clone(), Arc::clone(&consumer));
            tokio::spawn(async move {
                loop {
                    // Contention is rolled back and tried again.
                    let _ = follow(&app, &*consumer).await;
                }
            })
        }).into();
        for number in 0..20 {
            change(if number % 2 == 0 { &app } else { &other }, number).await;
        }
        let all: Vec<i64> = (1..=20).collect();
        let waiting = async {
            while effects(&app).await.len() < all.len() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(DEADLINE, waiting).await.expect("all effects");
        for follower in followers {
            follower.abort();
        }
        all_consumed(&app, &consumer).await;
        assert_eq!(effects(&app).await, all);
        assert_eq!(consumer.restarts.load(Ordering::Relaxed), 0);
        app.forget_jobs().await;
    }

    async fn a_failure_takes_its_effects_back_and_another_log_begins_anew(app: TestApp) {
        let consumer = Effects::default();
        for number in 0..3 {
            change(&app, number).await;
        }
        consumer.fails.store(true, Ordering::Relaxed);
        advance(&app.app, &consumer).await.expect_err("a failure");
        assert!(effects(&app).await.is_empty());
        consumer.fails.store(false, Ordering::Relaxed);
        all_consumed(&app, &consumer).await;
        assert_eq!(effects(&app).await, [1, 2, 3]);

        let tx = app.app.database.begin().await.expect("a transaction");
        let replaced = event::Entity::update_many()
            .col_expr(event::Column::Id, Expr::value(kindling::id::secret()))
            .filter(event::Column::Sequence.eq(3));
        replaced.exec(&tx).await.expect("another event");
        tx.commit().await.expect("a commit");
        all_consumed(&app, &consumer).await;
        assert_eq!(consumer.restarts.load(Ordering::Relaxed), 1);
        assert_eq!(effects(&app).await, [1, 2, 3]);
        app.forget_jobs().await;
    }
}
