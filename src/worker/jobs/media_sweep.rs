//! Sweeps the media store periodically: files of requests that failed, of crashes, and of removals that could not be completed
//! do not stay in it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    content::media_sweep::{self, Sweep},
    error::Result,
    job::{Job, Retry, Run, Schedule},
};

/// Sweeps the media store.
#[derive(Serialize, Deserialize)]
pub(super) struct SweepMedia;

impl Job for SweepMedia {
    const NAME: &'static str = "media_sweep";
    const SCHEDULE: Schedule = Schedule::Every(TimeDelta::hours(1));
    const RETRY: Retry = Retry::SCHEDULED;

    /// The files may be in another store, which other instances have.
    fn can_run(app: &App) -> bool {
        !app.media.is_closed()
    }

    async fn run(self, run: Run) -> Result<()> {
        sweep(&run.app).await
    }
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
