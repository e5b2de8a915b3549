//! A trial: a publication that is checked on a snapshot, and never made.

use std::collections::BTreeMap;

use entity::entry_id::EntryId;

use super::{
    candidate::Candidate,
    change::Change,
    lifecycle::{Step, Target},
    plan::Plan,
    unique,
};
use crate::{
    app::App,
    auth::Principal,
    database::Snapshot,
    error::{Error, ProblemCode, Result},
};

/// A publication that is checked. It locks nothing and writes nothing, and there is no way to make it true.
pub struct Trial {
    change: Change,
    /// The entries that are published for the sake of others, each with one that refers to it.
    causes: BTreeMap<EntryId, EntryId>,
}

impl Trial {
    /// Begins a trial on a snapshot.
    pub async fn begin(app: &App, principal: Principal, snapshot: &Snapshot) -> Result<Self> {
        Ok(Self {
            change: Change::on_trial(app, principal, snapshot).await?,
            causes: BTreeMap::new(),
        })
    }

    /// Applies a step that publishes, all of the entries or one locale of them.
    pub async fn apply(&mut self, targets: &[Target], step: Step) -> Result<()> {
        if !matches!(step, Step::Publish { .. } | Step::PublishLocale(_)) {
            let message = "only publications can be tried";
            return Err(Error::invalid(ProblemCode::Invalid, "", message));
        }
        let done = self.change.apply(targets, step).await?;
        self.causes.extend(done.causes);
        Ok(())
    }

    /// Fails with everything that would keep the change from being sealed.
    pub async fn check(mut self) -> Result<()> {
        let candidates = self.change.net_moves().raised;
        self.blocked(&candidates).await
    }

    /// What the change would come to.
    pub async fn plan(mut self) -> Result<Plan> {
        let candidates = self.change.net_moves().raised;
        let refusal = match self.blocked(&candidates).await {
            Ok(()) => None,
            Err(error @ Error::Invalid(_)) => Some(error),
            Err(error) => return Err(error),
        };
        let (publications, drafts) = self.change.plan(&candidates, &self.causes).await?;
        Ok(Plan {
            publications,
            drafts,
            refusal,
        })
    }

    async fn blocked(&mut self, candidates: &[Candidate]) -> Result<()> {
        let mut problems = self.change.incomplete(candidates).await?;
        problems.extend(unique::taken_in_type(&self.change.tx, candidates).await?);
        problems.extend(self.change.unfitting(candidates).await?);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(problems))
        }
    }
}
