//! Forgets what nobody needs any more, and completes what an older version or a crash has left.

use super::note;
use crate::{
    app::App,
    auth::{attempt, challenge, link, password_reset, session, setup},
    content::{media_sweep, search_text},
    error::Result,
};

/// Forgets what has ended; tells whether all of that went well.
pub(super) async fn tidy(app: &App) -> bool {
    let (keys, now) = (&app.crypto.keys, app.clock.now());
    let done = [
        told("challenges that ended", challenge::purge(app).await),
        told("attempts of long ago", attempt::purge(app).await),
        told("links that ended", link::purge(app).await),
        told("sessions that ended long ago", session::purge(app).await),
        told("signing keys that retired", keys.purge(now).await),
        note("setup links", &setup::purge(app).await),
        note(
            "requests for new passwords",
            &password_reset::purge(app).await,
        ),
        note("mail", &app.outbox().give_up().await),
    ];
    done.iter().all(|is_done| *is_done)
}

fn told(what: &str, forgotten: Result<u64>) -> bool {
    if let Ok(count @ 1..) = forgotten {
        tracing::debug!(count, "{what} are forgotten");
    }
    note(what, &forgotten.map(drop))
}

/// What is done once: files that a crash has left behind are removed, and entries that are older than the work list's search
/// become part of it.
pub(super) async fn complete(app: &App) {
    match media_sweep::sweep(app).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "files without an asset have been removed"),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(cause, "files without an asset could not be looked for");
        }
    }
    match search_text::complete(app).await {
        Ok(0) => {}
        Ok(completed) => tracing::info!(completed, "entries can be searched now"),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(cause, "entries could not be made searchable");
        }
    }
}
