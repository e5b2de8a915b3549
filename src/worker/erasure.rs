//! Completes erasures: what was erased here or on another instance, and could not be removed at once.

use crate::{app::App, content::media_removal, error::Result};

/// Removes files of erased assets, and truncates the write-ahead log if that is due.
pub(super) async fn complete(app: App) -> Result<()> {
    let removed = media_removal::carry_out(&app).await;
    app.database.truncate_wal_if_due().await?;
    let removed = removed?;
    if removed > 0 {
        tracing::info!(removed, "files of erased assets have been removed");
    }
    Ok(())
}
