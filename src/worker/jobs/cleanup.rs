//! Deletes what nobody needs any more, and completes what an older version or a crash has left.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::moments;
use crate::{
    app::App,
    auth::{attempt, challenge, link, network, session, setup},
    content::autosave,
    error::{Error, Result, explained},
    idempotency,
    job::{self, Job, Panicked, Retry, Run, Schedule, guarded},
    telemetry::outage,
};

/// Deletes what has ended.
#[derive(Serialize, Deserialize)]
pub(super) struct Cleanup;

impl Job for Cleanup {
    const NAME: &'static str = "cleanup";
    const SCHEDULE: Schedule = Schedule::Every(TimeDelta::hours(1));
    const RETRY: Retry = Retry::SCHEDULED;

    async fn run(self, run: Run) -> Result<()> {
        clean_up(&run.app).await
    }
}

/// Cleans up part by part. A part that fails, or panics, does not keep the others from their work; the first error is returned.
async fn clean_up(app: &App) -> Result<()> {
    let (keys, now) = (&app.crypto.keys, app.clock.now());
    let parts = [
        done("moments that lie ahead", async {
            Box::pin(moments::bound(app)).await.map(|()| 0)
        })
        .await,
        done("challenges that ended", challenge::purge(app)).await,
        done("attempts of long ago", attempt::purge(app)).await,
        done("links that ended", link::purge(app)).await,
        done("sessions that ended long ago", session::purge(app)).await,
        done("signing keys that retired", keys.purge(now)).await,
        done("old network addresses", network::purge(app)).await,
        done("kept answers", idempotency::purge(app)).await,
        done("replaced autosaves", autosave::purge(app)).await,
        done("setup links", async { setup::purge(app).await.map(|()| 0) }).await,
        done("jobs that were given up", job::admin::purge(app)).await,
    ];
    // What was deleted since the last time is not to stay in the log, whatever deleted it.
    app.database.expect_wal_truncation();
    parts.into_iter().collect()
}

/// Runs one part of it, and logs the result.
async fn done(what: &str, purge: impl Future<Output = Result<u64>>) -> Result<()> {
    let purged = guarded(purge).await;
    let purged = purged.unwrap_or_else(|Panicked| Err(Error::internal("it panicked")));
    match &purged {
        Ok(count @ 1..) => tracing::debug!(count, "{what} were deleted"),
        Err(error) if !outage::report(error) => {
            let error = explained(error);
            tracing::warn!(error, "{what} could not be deleted");
        }
        _ => {}
    }
    purged.map(drop)
}
