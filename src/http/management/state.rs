//! How things stand, as far as somebody must be asked for it.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{Managed, probes};
use crate::{
    app::App,
    database::Migrated,
    error::Result,
    job::{
        Job,
        admin::{JobCount, counts},
        mail::SendMail,
    },
    telemetry::{
        disk::Disk,
        meter::float,
        metrics::cache::Caches,
        outage,
        sheet::{Figures, Sheet},
    },
};

/// How long the database may take to answer before that is told in its place.
const PATIENCE: Duration = Duration::from_secs(2);

/// How things stand now.
pub(super) struct State {
    /// What the database says; none if it does not answer.
    pub(super) database: Option<Told>,
    /// What is kept in memory.
    pub(super) caches: Caches,
    /// The last event that is known of.
    pub(super) last_event: Option<i64>,
    /// How long ago that was learnt.
    pub(super) behind: Option<Duration>,
    /// The disk of `data_dir`.
    pub(super) disk: Option<Disk>,
    /// Seconds since the start.
    pub(super) uptime: f64,
    /// Whether the server is on its way to its end.
    pub(super) is_stopping: bool,
}

/// What the database says.
#[derive(Clone)]
pub(super) struct Told {
    /// How long it took to say anything.
    pub(super) latency: Duration,
    /// How far its tables are.
    pub(super) migrated: Migrated,
    /// How many jobs there are.
    pub(super) jobs: Vec<JobCount>,
    /// Whether it accepts writes.
    pub(super) is_writable: bool,
}

impl Told {
    /// How many mails wait to be sent.
    pub(super) fn mails_waiting(&self) -> i64 {
        let mail = self.jobs.iter().find(|jobs| jobs.name == SendMail::NAME);
        mail.map_or(0, JobCount::waiting)
    }
}

fn count(number: i64) -> f64 {
    float(u64::try_from(number).unwrap_or_default())
}

impl State {
    pub(super) async fn read(managed: &Managed) -> Self {
        let Managed { app, delivery, .. } = managed;
        let told = match timeout(PATIENCE, told(app)).await {
            Ok(Ok(told)) => Some(told),
            Ok(Err(error)) => {
                outage::report(&error);
                None
            }
            Err(_) => None,
        };
        let changes = &app.database.changes;
        Self {
            database: told,
            caches: delivery.caches(),
            last_event: changes.head().map(|head| head.position.sequence),
            behind: changes.age(),
            disk: Disk::of(&app.config.data_dir),
            uptime: (app.clock.now() - managed.started).as_seconds_f64(),
            is_stopping: managed.stopping.is_leaving(),
        }
    }
}

async fn told(app: &App) -> Result<Told> {
    let begun = Instant::now();
    app.database.ping().await?;
    Ok(Told {
        latency: begun.elapsed(),
        migrated: app.database.migrated().await?,
        jobs: counts(app).await?,
        is_writable: probes::is_writable(app).await.unwrap_or(true),
    })
}

impl Figures for State {
    fn write(&self, sheet: &mut Sheet<'_>) -> std::fmt::Result {
        let flag = |is: bool| f64::from(u8::from(is));
        let help = "The version of this program.";
        let version = [([("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        sheet.gauges("build_info", help, version)?;
        sheet.gauge("uptime_seconds", "Time since the start.", self.uptime)?;
        let help = "Whether the server is on its way to its end.";
        sheet.gauge("stopping", help, flag(self.is_stopping))?;
        let help = "Whether the database answers.";
        sheet.gauge("database_up", help, flag(self.database.is_some()))?;
        if let Some(told) = &self.database {
            let help = "Whether the database accepts writes.";
            sheet.gauge("database_writable", help, flag(told.is_writable))?;
            let help = "Migrations of this version that have not run.";
            let pending = told.migrated.pending as u64;
            sheet.gauge("database_migrations_pending", help, float(pending))?;
            let help = "Mails that wait to be sent.";
            sheet.gauge("mails_waiting", help, count(told.mails_waiting()))?;
            let help = "Background jobs, by where they stand.";
            let jobs = told.jobs.iter().flat_map(|jobs| {
                let states = [
                    ("waiting", jobs.waiting()),
                    ("running", jobs.running),
                    ("failed", jobs.failed),
                ];
                states.map(|(state, number)| {
                    let labels = [("job", jobs.name.clone()), ("state", state.to_owned())];
                    (labels, count(number))
                })
            });
            sheet.gauges("jobs", help, jobs)?;
        }
        if let Some(last) = self.last_event.and_then(|last| u64::try_from(last).ok()) {
            let help = "The last event of the log that this instance knows of.";
            sheet.gauge("event_log_head", help, float(last))?;
        }
        if let Some(behind) = self.behind {
            let help = "How long ago this instance last learnt what the event log tells.";
            sheet.gauge("event_log_behind_seconds", help, behind.as_secs_f64())?;
        }
        if let Some(disk) = &self.disk {
            disk.write(sheet)?;
        }
        self.caches.write(sheet)
    }
}
