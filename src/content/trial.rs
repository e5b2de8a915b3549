//! A trial: a publication that is checked on a snapshot, and never made.

use super::{
    change::Change,
    lifecycle::{Step, Target},
    unique,
};
use crate::{
    app::App,
    auth::Principal,
    database::Snapshot,
    error::{Error, ProblemCode, Result},
};

/// A publication that is checked. It locks nothing and writes nothing, and there is no way to make it true.
pub struct Trial(Change);

impl Trial {
    /// Begins a trial on a snapshot.
    pub async fn begin(app: &App, principal: Principal, snapshot: &Snapshot) -> Result<Self> {
        let change = Change::on_trial(app, principal, snapshot).await?;
        Ok(Self(change))
    }

    /// Applies a step that publishes, all of the entries or one locale of them.
    pub async fn apply(&mut self, targets: &[Target], step: Step) -> Result<()> {
        if !matches!(step, Step::Publish { .. } | Step::PublishLocale(_)) {
            let message = "only publications can be tried";
            return Err(Error::invalid(ProblemCode::Invalid, "", message));
        }
        self.0.apply(targets, step).await.map(|_| ())
    }

    /// Fails with everything that would keep the change from being sealed.
    pub async fn check(mut self) -> Result<()> {
        let moves = self.0.net_moves();
        let mut problems = self.0.incomplete(&moves.raised).await?;
        problems.extend(unique::taken_in_type(&self.0.tx, &moves.raised).await?);
        problems.extend(self.0.unfitting(&moves.raised).await?);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(problems))
        }
    }
}
