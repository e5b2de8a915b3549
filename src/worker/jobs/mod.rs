//! The list of all jobs. A new job is a file that implements `Job`, and a line here; see docs/adding-a-job.md.

mod cleanup;
mod media_sweep;
mod moments;
mod search_text;

use crate::{auth::password_reset, job, job::Registry};

/// Returns all jobs.
pub(super) fn registry() -> Registry {
    Registry::default()
        .with::<job::mail::SendMail>()
        .with::<password_reset::AnswerRequest>()
        .with::<cleanup::Cleanup>()
        .with::<media_sweep::SweepMedia>()
        .with::<search_text::CompleteSearchText>()
}
