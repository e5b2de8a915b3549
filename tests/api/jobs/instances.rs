//! Several instances, and instances that die.

use std::time::Duration;

use kindling::worker::Worker;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Expr};

use super::{Probe, Running, Slow, gate, job, left, put, runs, until, worker};
use crate::support::{TestApp, on_both_engines};

/// Short, for tests that wait for a lease to end.
const LEASE: Duration = Duration::from_millis(600);

fn short_leases(app: &TestApp) -> Worker {
    worker(&app.app).with_runner(|runner| runner.with_lease(LEASE))
}

on_both_engines! {
    async fn of_several_instances_one_runs_each_job(app: TestApp) {
        let probes: Vec<Probe> = (0..50).map(|_| Probe::new(0)).collect();
        for probe in &probes {
            put(&app, probe).await;
        }
        let instances: Vec<_> = (0..4).map(|_| {
            let mut worker = worker(&app.app);
            tokio::spawn(async move { worker.step().await })
        }).collect();
        for instance in instances {
            instance.await.expect("an end");
        }
        assert!(probes.iter().all(|probe| probe.runs() == 1));
        assert!(left(&app).await.is_empty());
    }

    async fn what_a_dead_instance_has_begun_is_run_again(app: TestApp) {
        let probe = Probe::new(0);
        put(&app, &probe).await;
        let tx = app.app.database.begin().await.expect("a transaction");
        let leased = job::Entity::update_many()
            .col_expr(job::Column::Lease, Expr::value(kindling::id::secret()))
            .col_expr(job::Column::Attempts, Expr::value(1))
            .filter(job::Column::Name.eq("probe"));
        assert_eq!(leased.exec(&tx).await.expect("a lease").rows_affected, 1);
        tx.commit().await.expect("a commit");
        let instances = [Running::start(short_leases(&app)), Running::start(short_leases(&app))];
        until("another run", async || left(&app).await.is_empty()).await;
        assert_eq!(probe.runs(), 1);
        for instance in instances {
            instance.stop().await;
        }
    }

    async fn what_lasts_longer_than_a_lease_runs_once_whatever_the_clock_does(app: TestApp) {
        let slow = Slow { id: kindling::id::new() };
        put(&app, &slow).await;
        let instances = [Running::start(short_leases(&app)), Running::start(short_leases(&app))];
        until("a run", async || runs(slow.id) == 1).await;
        for days in [365, -365] {
            app.app.clock.advance(chrono::TimeDelta::days(days));
            let before = left(&app).await[0].beat;
            until("beats for longer than a lease", async || left(&app).await[0].beat > before + 5).await;
        }
        assert_eq!(runs(slow.id), 1);
        gate(slow.id).notify_one();
        until("an end", async || left(&app).await.is_empty()).await;
        assert_eq!(runs(slow.id), 1);
        for instance in instances {
            instance.stop().await;
        }
    }

    async fn a_run_that_has_lost_its_lease_is_stopped_and_changes_nothing(app: TestApp) {
        let slow = Slow { id: kindling::id::new() };
        put(&app, &slow).await;
        let instance = Running::start(short_leases(&app));
        until("a run", async || runs(slow.id) == 1).await;
        let other = kindling::id::secret();
        let tx = app.app.database.begin().await.expect("a transaction");
        let taken = job::Entity::update_many()
            .col_expr(job::Column::Lease, Expr::value(other))
            .filter(job::Column::Name.eq("slow"));
        taken.exec(&tx).await.expect("another lease");
        tx.commit().await.expect("a commit");
        let tasks = &app.app.telemetry.metrics.tasks;
        until("the end of the run", async || tasks.state("slow").failures_in_row == 1).await;
        assert!(left(&app).await.iter().any(|job| job.lease == Some(other) || job.attempts > 1));
        until("the run of whoever takes it back", async || runs(slow.id) == 2).await;
        gate(slow.id).notify_one();
        gate(slow.id).notify_waiters();
        until("an end", async || {
            gate(slow.id).notify_one();
            left(&app).await.is_empty()
        }).await;
        instance.stop().await;
    }
}
