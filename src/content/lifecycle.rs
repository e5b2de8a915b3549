//! What can happen to entries of any type, in one step of a change.

use std::collections::{BTreeMap, BTreeSet};

use entity::entry_id::EntryId;

use super::change::{Change, expect_revision, within};
use crate::{
    auth::Right,
    error::{Error, ProblemCode, Result, Usage},
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
    Unpublish,
    /// The public revisions become the latest ones again.
    DiscardDrafts,
    /// The entries go to the trash.
    Archive,
    /// The entries come back from the trash.
    Restore,
    /// The entries are erased.
    Erase {
        /// Whether the references of others to them are removed, where these can do without.
        force: bool,
    },
}

/// What came of a step.
#[derive(Debug, Default)]
pub struct Done {
    /// The entries that it was done to.
    pub entries: Vec<EntryId>,
    /// References to the entries that no longer resolve, by owners that the principal may read.
    pub usages: Vec<Usage>,
    /// Entries that it was done to for the sake of others, each with one that refers to it.
    pub causes: BTreeMap<EntryId, EntryId>,
}

/// Most entries that one step takes.
pub const MOST_TARGETS: usize = 100;

impl Step {
    /// The right that it needs on each entry.
    pub fn right(&self) -> Right {
        match self {
            Self::Publish { .. } | Self::PublishLocale(_) | Self::Unpublish => Right::Publish,
            Self::DiscardDrafts => Right::Change,
            Self::Archive | Self::Restore => Right::ArchiveDraft,
            Self::Erase { .. } => Right::Erase,
        }
    }
}

impl Change {
    /// Does the step to all of the entries, or to none.
    pub async fn apply(&mut self, targets: &[Target], step: Step) -> Result<Done> {
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
        let (mut usages, mut causes) = (Vec::new(), BTreeMap::new());
        let mut entries = ids;
        match step {
            Step::Publish { with_dependencies } => {
                if with_dependencies {
                    causes = self.dependencies(&entries).await?;
                    entries.extend(causes.keys());
                    entries.sort_unstable();
                }
                self.publish(&entries).await?;
            }
            Step::PublishLocale(locale) => self.publish_locale(&entries, &locale).await?,
            Step::Unpublish => usages = self.unpublish(&entries).await?,
            Step::DiscardDrafts => self.discard_drafts(&entries).await?,
            Step::Archive => usages = self.archive(&entries).await?,
            Step::Restore => self.restore(&entries).await?,
            Step::Erase { force } => self.erase(&entries, force).await?,
        }
        Ok(Done {
            entries,
            usages,
            causes,
        })
    }

    /// All entries that the step changes, as far as that is known before they are locked: the given ones, what they refer to, or
    /// what refers to them.
    async fn affected(&self, ids: &[EntryId], step: &Step) -> Result<Vec<EntryId>> {
        match step {
            Step::Publish {
                with_dependencies: true,
            } => self.with_dependencies(ids).await,
            Step::Erase { force: true } => {
                let mut all = self.ids_of_owners(ids).await?;
                all.extend(ids);
                Ok(all)
            }
            _ => Ok(ids.to_vec()),
        }
    }
}
