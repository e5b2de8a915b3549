//! With which event each entry and each content type last changed.

use std::collections::HashMap;

use entity::entry::ContentType;
use sea_orm::prelude::Uuid;

use super::position::EntryChange;
use crate::database::reads::{Reads, Touched};

/// The last event of each entry and of each type, separately for readers of public content and for readers of drafts.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// What changed for those who see what is public, and nothing else.
    public: LastChanges,
    /// What changed for those who see drafts, too.
    all: LastChanges,
}

#[derive(Debug, Default)]
struct LastChanges {
    entries: HashMap<Uuid, i64>,
    types: HashMap<ContentType, i64>,
}

impl Stamps {
    /// Returns how many entries are known.
    pub(super) fn len(&self) -> usize {
        self.all.entries.len()
    }

    /// Records a change that the event with this sequence describes.
    pub(super) fn record(&mut self, sequence: i64, change: &EntryChange) {
        self.all.record(sequence, change);
        if change.is_public {
            self.public.record(sequence, change);
        }
    }

    /// Returns whether nothing of what was read has changed after the event with this sequence.
    pub(super) fn unchanged_since(&self, reads: &Reads, sequence: i64) -> bool {
        self.public.unchanged_since(&reads.public, sequence)
            && self.all.unchanged_since(&reads.all, sequence)
    }

    /// Returns whether the entry has not changed after the event with this sequence, not even its draft.
    pub(super) fn entry_unchanged_since(&self, entry: Uuid, sequence: i64) -> bool {
        let changed = self.all.entries.get(&entry);
        changed.is_none_or(|changed| *changed <= sequence)
    }
}

impl LastChanges {
    fn record(&mut self, sequence: i64, change: &EntryChange) {
        let raise = |stamp: &mut i64| *stamp = (*stamp).max(sequence);
        raise(self.entries.entry(change.entry).or_default());
        raise(self.types.entry(change.content_type).or_default());
    }

    fn unchanged_since(&self, touched: &Touched, sequence: i64) -> bool {
        let entries = touched.entries.iter().map(|id| self.entries.get(id));
        let types = touched.types.iter().map(|of| self.types.get(of));
        let mut changes = entries.chain(types).flatten();
        changes.all(|changed| *changed <= sequence)
    }
}
