//! Completes erasures: what was erased here or on another instance, and could not be removed at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{app::App, content::media_removal, error::Result};

/// The state of the task between its runs, which follow each other within a second.
#[derive(Debug, Default)]
pub(super) struct Erasure {
    /// Whether the last run failed: an outage is logged once, and its end once.
    fails: AtomicBool,
}

impl Erasure {
    /// Removes files of erased assets, and truncates the write-ahead log if that is due; returns whether all went well.
    pub(super) async fn run(&self, app: &App) -> bool {
        let result = complete(app).await;
        let failed_before = self.fails.swap(result.is_err(), Ordering::Relaxed);
        match result {
            Err(error) if !failed_before => {
                let cause = std::error::Error::source(&error);
                tracing::warn!(%error, cause, "erasures could not be completed, and are tried again every second");
            }
            Ok(()) if failed_before => tracing::info!("erasures can be completed again"),
            _ => {}
        }
        !self.fails.load(Ordering::Relaxed)
    }
}

async fn complete(app: &App) -> Result<()> {
    let removed = media_removal::carry_out(app).await;
    app.database.truncate_wal_if_due().await?;
    let removed = removed?;
    if removed > 0 {
        tracing::info!(removed, "files of erased assets have been removed");
    }
    Ok(())
}
