//! Forgets what nobody needs any more, and completes what an older version or a crash has left.

use super::{moments, note};
use crate::{
    app::App,
    auth::{attempt, challenge, link, password_reset, session, setup},
    content::{
        idempotency,
        media_sweep::{self, Sweep},
        search_text,
    },
    error::Result,
};

/// Forgets what has ended; tells whether all of that went well.
pub(super) async fn tidy(app: &App) -> bool {
    let (keys, now) = (&app.crypto.keys, app.clock.now());
    let done = [
        note("moments that lie ahead", &moments::bound(app).await),
        told("challenges that ended", challenge::purge(app).await),
        told("attempts of long ago", attempt::purge(app).await),
        told("links that ended", link::purge(app).await),
        told("sessions that ended long ago", session::purge(app).await),
        told("signing keys that retired", keys.purge(now).await),
        told("kept answers", idempotency::purge(app).await),
        note("setup links", &setup::purge(app).await),
        note(
            "requests for new passwords",
            &password_reset::purge(app).await,
        ),
        note("mail", &app.outbox().give_up().await),
        note("the media store", &sweep(app).await),
    ];
    // What was deleted since the last time is not to stay in the log, whatever deleted it.
    app.database.expect_wal_truncation();
    done.iter().all(|is_done| *is_done)
}

fn told(what: &str, forgotten: Result<u64>) -> bool {
    if let Ok(count @ 1..) = forgotten {
        tracing::debug!(count, "{what} are forgotten");
    }
    note(what, &forgotten.map(drop))
}

/// Sweeps the media store, and logs what it did to the files.
async fn sweep(app: &App) -> Result<()> {
    let Sweep {
        trashed,
        held_back,
        restored,
        deleted,
        unfinished,
    } = media_sweep::sweep(app).await?;
    if trashed > 0 {
        tracing::info!(trashed, "files that no asset has were moved to the trash");
    }
    if restored > 0 {
        tracing::warn!(
            restored,
            "files that assets have were restored from the trash"
        );
    }
    if deleted > 0 {
        tracing::info!(
            deleted,
            "files were deleted from the trash, as their time was over"
        );
    }
    if unfinished > 0 {
        tracing::info!(unfinished, "files that never became whole were deleted");
    }
    if held_back > 0 {
        tracing::warn!(
            held_back,
            "too many files have no asset to be moved to the trash unasked; make sure that this is the right database, then \
             run `kindling media sweep`"
        );
    }
    Ok(())
}

/// Makes entries searchable that are older than the work list's search, once.
pub(super) async fn complete(app: &App) {
    match search_text::complete(app).await {
        Ok(0) => {}
        Ok(completed) => tracing::info!(completed, "entries can be searched now"),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(cause, "entries could not be made searchable");
        }
    }
}
