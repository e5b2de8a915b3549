//! What can happen to entries of any type, in one step of a change.

use std::collections::BTreeSet;

use entity::entry_id::EntryId;

use super::{
    change::{Change, expect_revision, within},
    usage::Owners,
};
use crate::{
    auth::Right,
    error::{Error, ProblemCode, Result},
};

/// An entry, and the revision that the editor saw, if that matters.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The entry.
    pub id: EntryId,
    /// Its latest revision, as far as the editor knows.
    pub expected: Option<i32>,
}

/// What is to happen.
#[derive(Clone, Debug)]
pub enum Step {
    /// The latest revisions become public; with them what they refer to, if that is wanted.
    Publish {
        /// Whether entries that they refer to, and that are not public, become public, too.
        with_dependencies: bool,
    },
    /// The texts of the latest revisions become public in one locale.
    PublishLocale(String),
    /// The entries are public no more.
    Unpublish {
        /// Whether they are taken out where they are shown.
        force: bool,
    },
    /// The public revisions become the latest ones again.
    DiscardDrafts,
    /// The entries go to the trash.
    Archive {
        /// Whether they are taken out where they are shown.
        force: bool,
    },
    /// The entries come back from the trash.
    Restore,
    /// The entries are erased.
    Erase {
        /// Whether they are taken out where they are shown.
        force: bool,
    },
}

/// Most entries that one step takes.
pub const MOST_TARGETS: usize = 100;

impl Step {
    /// The right that it needs on each entry.
    pub fn right(&self) -> Right {
        match self {
            Self::Publish { .. } | Self::PublishLocale(_) | Self::Unpublish { .. } => {
                Right::Publish
            }
            Self::DiscardDrafts => Right::Change,
            Self::Archive { .. } | Self::Restore => Right::ArchiveDraft,
            Self::Erase { .. } => Right::Erase,
        }
    }
}

impl Change {
    /// Does the step to all of the entries, or to none; returns the entries that it was done to.
    pub async fn run(&mut self, targets: &[Target], step: Step) -> Result<Vec<EntryId>> {
        self.principal.require(step.right())?;
        if targets.len() > MOST_TARGETS {
            let message = format!("must be at most {MOST_TARGETS}");
            return Err(Error::invalid(ProblemCode::Invalid, "entries", message));
        }
        let mut seen = BTreeSet::new();
        let ids: Vec<EntryId> = targets
            .iter()
            .map(|target| target.id)
            .filter(|id| seen.insert(*id))
            .collect();
        let locked = self.entries(self.affected(&ids, &step).await?).await?;
        let mut sorted = targets.to_vec();
        sorted.sort_by_key(|target| target.id);
        for Target { id, expected } in sorted {
            let entry = self.allowed(step.right(), id, locked.get(&id).cloned())?;
            expect_revision(id, &entry, expected).map_err(|error| within(id, error))?;
        }
        match step {
            Step::Publish { with_dependencies } => {
                return self.publish_all(ids, with_dependencies).await;
            }
            Step::PublishLocale(locale) => self.publish_locale(&ids, &locale).await,
            Step::Unpublish { force } => self.unpublish(&ids, force).await,
            Step::DiscardDrafts => self.discard_drafts(&ids).await,
            Step::Archive { force } => self.archive(&ids, force).await,
            Step::Restore => self.restore(&ids).await,
            Step::Erase { force } => self.erase(&ids, force).await,
        }?;
        Ok(ids)
    }

    /// All entries that the step changes, as far as that is known before they are locked: the given ones, what they refer to, or
    /// what they are taken out of.
    async fn affected(&self, ids: &[EntryId], step: &Step) -> Result<Vec<EntryId>> {
        let owners = match step {
            Step::Publish {
                with_dependencies: true,
            } => return self.with_dependencies(ids).await,
            Step::Unpublish { force: true } => Owners::Public,
            Step::Archive { force: true } => Owners::PublicAndDrafts,
            Step::Erase { force: true } => Owners::All,
            _ => return Ok(ids.to_vec()),
        };
        let mut all = self.ids_of_owners(ids, owners).await?;
        all.extend(ids);
        Ok(all)
    }

    async fn publish_all(&mut self, ids: Vec<EntryId>, more: bool) -> Result<Vec<EntryId>> {
        let ids = if more {
            self.with_dependencies(&ids).await?
        } else {
            ids
        };
        self.publish(&ids).await?;
        Ok(ids)
    }
}
