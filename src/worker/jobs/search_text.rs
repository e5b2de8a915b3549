//! Makes entries searchable that are older than the work list's search.

use serde::{Deserialize, Serialize};

use crate::{
    content::search_text,
    error::Result,
    job::{Job, Retry, Run, Schedule},
};

/// Records the search texts that are missing.
#[derive(Serialize, Deserialize)]
pub(super) struct CompleteSearchText;

impl Job for CompleteSearchText {
    const NAME: &'static str = "search_text";
    const SCHEDULE: Schedule = Schedule::AtStart;
    const RETRY: Retry = Retry::SCHEDULED;

    async fn run(self, run: Run) -> Result<()> {
        let completed = search_text::complete(&run.app).await?;
        if completed > 0 {
            tracing::info!(completed, "entries can be searched now");
        }
        Ok(())
    }
}
