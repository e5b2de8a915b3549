//! What an operation has read, noted where rows are loaded: what its answer depends on.

use std::collections::{BTreeSet, HashSet};

use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::prelude::Uuid;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// As somebody who sees what is public, and nothing else.
    pub public: Touched,
    /// As somebody who may know of drafts.
    pub all: Touched,
    /// The entries that were there. Unlike the others, their ids are no secret to whoever sees the answer.
    pub shown: BTreeSet<EntryId>,
}

/// Entries and types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Entries that were asked for, whether they were there or not.
    pub entries: HashSet<Uuid>,
    /// Types of which any entry may have mattered.
    pub types: HashSet<ContentType>,
}

impl Reads {
    /// What was read by a view that shows only what is public, or by another one.
    pub fn of(&mut self, is_public: bool) -> &mut Touched {
        if is_public {
            &mut self.public
        } else {
            &mut self.all
        }
    }

    /// About how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        let touched = [&self.public, &self.all];
        let count = |touched: &Touched| touched.entries.len() * 32 + touched.types.len() * 4;
        touched.into_iter().map(count).sum::<usize>() + self.shown.len() * 40
    }
}
