//! The runner: one per instance. It leases what is due, runs it, and keeps the leases for as long as that takes.
//!
//! Leases never depend on clocks. Whoever runs a job increments its beat; an instance that has seen the same beat for as long as a
//! lease lasts, by a clock that only measures time spans, takes the lease back. So neither a clock that jumps nor an instance that
//! dies loses a job, and none runs twice at once.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use entity::{Instant as Moment, job};
use sea_orm::prelude::Uuid;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    Registry,
    execution::{Execution, LEASE},
    guarded,
    queue::{self, LeasedJob},
    registry::Definition,
};
use crate::{
    app::App,
    error::{Result, explained},
    telemetry::outage,
};

/// How long a job waits at most that another instance has enqueued, or whose time has come. What this instance enqueues it runs at
/// once.
const POLL: Duration = Duration::from_secs(1);

/// Runs the registered jobs.
pub struct Runner {
    app: App,
    registry: Registry,
    lease: Duration,
    /// How many more of each job may run.
    slots: HashMap<&'static str, Arc<Semaphore>>,
    /// Since when the clock had not been set back when the scheduled jobs were last made due; none before the first time.
    scheduled: Option<Moment>,
    /// The leases of all instances, and since when they have had the same beat.
    seen: HashMap<Uuid, (LeasedJob, Instant)>,
    looked_at: Option<Instant>,
}

impl Runner {
    /// Creates a runner that has run nothing yet.
    pub fn new(app: &App, registry: Registry) -> Self {
        let slots = registry.definitions().iter().map(|definition| {
            app.telemetry.metrics.tasks.register(definition.name);
            let slots = Semaphore::new(definition.concurrency);
            (definition.name, Arc::new(slots))
        });
        Self {
            app: app.clone(),
            slots: slots.collect(),
            registry,
            lease: LEASE,
            scheduled: None,
            seen: HashMap::new(),
            looked_at: None,
        }
    }

    /// The same runner, with another duration of leases: all instances must have the same.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Runs jobs until `end`; those that have begun are finished.
    pub async fn run(mut self, end: CancellationToken) {
        let mut running = JoinSet::new();
        while !end.is_cancelled() {
            match guarded(self.start_due(&mut running)).await {
                Ok(Err(error)) if !outage::report(&error) => {
                    let error = explained(&error);
                    tracing::warn!(error, "due jobs could not be started");
                }
                _ => {}
            }
            tokio::select! {
                () = end.cancelled() => {}
                () = self.app.jobs.notified() => {}
                Some(_) = running.join_next() => {}
                () = sleep(POLL) => {}
            }
        }
        running.join_all().await;
    }

    /// Runs everything that is due, until nothing is.
    pub async fn step(&mut self) {
        loop {
            let mut running = JoinSet::new();
            let started = self.start_due(&mut running).await;
            if let Err(error) = &started {
                tracing::warn!(%error, "due jobs could not be started");
            }
            if running.is_empty() {
                return;
            }
            running.join_all().await;
        }
    }

    async fn start_due(&mut self, running: &mut JoinSet<()>) -> Result<()> {
        self.schedule().await?;
        self.take_back_leases().await?;
        let is_able = |definition: &&Definition| {
            let is_free = |slots: &Arc<Semaphore>| slots.available_permits() > 0;
            (definition.can_run)(&self.app) && self.slots.get(definition.name).is_some_and(is_free)
        };
        let able: Vec<&Definition> = self.registry.definitions().iter().filter(is_able).collect();
        if able.is_empty() {
            return Ok(());
        }
        let due = queue::due_names(&self.app, &able).await?;
        for definition in able {
            if due.iter().any(|name| name == definition.name) {
                self.start(definition, running).await?;
            }
        }
        Ok(())
    }

    async fn start(&self, definition: &Definition, running: &mut JoinSet<()>) -> Result<()> {
        let Some(slots) = self.slots.get(definition.name) else {
            return Ok(());
        };
        let mut free: Vec<OwnedSemaphorePermit> = Vec::new();
        while let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
            free.push(slot);
        }
        let claimed = queue::claim(&self.app, definition, free.len()).await?;
        for (job, slot) in claimed.into_iter().zip(free) {
            if let Some(execution) = self.execution(*definition, job) {
                running.spawn(async move {
                    execution.run().await;
                    drop(slot);
                });
            }
        }
        Ok(())
    }

    fn execution(&self, definition: Definition, job: job::Model) -> Option<Execution> {
        Some(Execution {
            app: self.app.clone(),
            definition,
            lease: job.lease?,
            job,
            lasts: self.lease,
        })
    }

    /// Makes scheduled jobs due at the start, and once the clock was set back.
    async fn schedule(&mut self) -> Result<()> {
        let steady_since = self.app.clock.steady_since();
        if self.scheduled != Some(steady_since) {
            queue::schedule(&self.app, self.registry.definitions()).await?;
            self.scheduled = Some(steady_since);
        }
        Ok(())
    }

    /// Takes leases back whose holders have stopped beating.
    async fn take_back_leases(&mut self) -> Result<()> {
        let now = Instant::now();
        let pause = self.lease / 3;
        if self
            .looked_at
            .is_some_and(|at| now.duration_since(at) < pause)
        {
            return Ok(());
        }
        let leases = queue::leases(&self.app, self.registry.definitions()).await?;
        self.looked_at = Some(now);
        let mut seen = HashMap::new();
        for lease in leases {
            let before = self
                .seen
                .get(&lease.id)
                .filter(|(known, _)| *known == lease);
            let since = before.map_or(now, |(_, since)| *since);
            if now.duration_since(since) < self.lease {
                seen.insert(lease.id, (lease, since));
            } else if queue::take_back(&self.app, &lease).await? {
                tracing::warn!(job = %lease.id, name = lease.name, "a job is run again: the instance that ran it has ended");
            }
        }
        self.seen = seen;
        Ok(())
    }
}
