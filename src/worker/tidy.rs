//! Deletes what nobody needs any more, and completes what an older version or a crash has left.

use super::{
    moments,
    supervision::{Panicked, guarded},
};
use crate::{
    app::App,
    auth::{attempt, challenge, link, network, password_reset, session, setup},
    content::{autosave, search_text},
    error::{Error, Result, explained},
    idempotency,
    telemetry::outage,
};

/// Deletes what has ended. A part that fails, or panics, does not keep the others from their work; the first error is returned.
pub(super) async fn tidy(app: App) -> Result<()> {
    let (app, keys, now) = (&app, &app.crypto.keys, app.clock.now());
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
        done("requests for new passwords", async {
            password_reset::purge(app).await.map(|()| 0)
        })
        .await,
        done("mail", async { app.outbox().give_up().await.map(|()| 0) }).await,
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

/// Makes entries searchable that are older than the work list's search.
pub(super) async fn complete_search_text(app: App) -> Result<()> {
    let completed = search_text::complete(&app).await?;
    if completed > 0 {
        tracing::info!(completed, "entries can be searched now");
    }
    Ok(())
}
