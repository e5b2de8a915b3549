//! The locks of a change: entries that nobody else changes until its end.
//!
//! A change waits for entries in the order of their ids. What a later step wants out of that order is locked only if it is
//! free; otherwise the change is rolled back and run again, and its next attempt locks everything that the attempts so far
//! wanted with its first statement. So no two changes wait for each other, whatever their steps and the order of these.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{entry, entry_id::EntryId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
    prelude::Uuid,
    sea_query::{LockBehavior, LockType},
};

use super::change::{Change, id_of};
use crate::{
    database::Contended,
    error::{Error, Result},
};

/// The entries that a change holds.
#[derive(Default)]
pub(super) struct Locks {
    /// The public revision of each entry when it was locked: nobody else moves it, and this change only at its end.
    public: BTreeMap<Uuid, Option<i32>>,
    /// Entries as they are now, unless the change has written them since they were read.
    models: HashMap<Uuid, entry::Model>,
    /// The greatest id among those that the change waited for.
    last: Option<Uuid>,
}

impl Locks {
    /// Records an entry that was locked after waiting for it.
    pub(super) fn add_waited(&mut self, entry: entry::Model) {
        self.last = self.last.max(Some(entry.id));
        self.add(entry);
    }

    /// Records an entry that the change holds without having waited for it, such as one that it has created.
    pub(super) fn add(&mut self, entry: entry::Model) {
        let public = self.public.entry(entry.id);
        public.or_insert(entry.published_revision);
        self.models.insert(entry.id, entry);
    }

    /// Forgets how an entry was, because the change writes it. It stays locked.
    pub(super) fn written(&mut self, id: Uuid) {
        self.models.remove(&id);
    }

    /// Returns the entry, if it is locked and unchanged since it was read.
    pub(super) fn model(&self, id: Uuid) -> Option<&entry::Model> {
        self.models.get(&id)
    }

    /// Returns the revision of a locked entry that was public before the change.
    pub(super) fn public_before(&self, id: Uuid) -> Option<i32> {
        self.public.get(&id).copied().flatten()
    }

    /// Whether the change may wait for all of these entries.
    pub(super) fn may_wait_for(&self, ids: &BTreeSet<Uuid>) -> bool {
        let mut new = ids.iter().filter(|id| !self.public.contains_key(id));
        new.next().is_none_or(|first| Some(*first) > self.last)
    }
}

impl Change {
    /// The entry, locked against other changes until the end of this one, as the steps so far have left it.
    pub(super) async fn entry(&mut self, id: EntryId) -> Result<Option<entry::Model>> {
        Ok(self.entries([id]).await?.remove(&id))
    }

    /// The same for several entries: those that exist, by their ids.
    pub(super) async fn entries(
        &mut self,
        ids: impl IntoIterator<Item = EntryId>,
    ) -> Result<HashMap<EntryId, entry::Model>> {
        let ids: BTreeSet<Uuid> = ids.into_iter().map(|id| id.uuid).collect();
        self.lock(&ids).await?;
        let found = ids.iter().filter_map(|id| self.locks.model(*id));
        Ok(found
            .map(|entry| (id_of(entry), self.with_move(entry.clone())))
            .collect())
    }

    /// Locks the entries, and reads those that are not known as they are now.
    pub(super) async fn lock(&mut self, ids: &BTreeSet<Uuid>) -> Result<()> {
        let unknown = ids.iter().filter(|id| self.locks.model(**id).is_none());
        let unknown: BTreeSet<Uuid> = unknown.copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let waits = self.locks.may_wait_for(&unknown);
        let select = entries_in(&unknown).order_by_asc(entry::Column::Id);
        let select = match (self.is_trial, waits) {
            (true, _) => select,
            (false, true) => select.lock(LockType::NoKeyUpdate),
            (false, false) => {
                select.lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            }
        };
        let found = select.all(&self.tx).await?;
        if !waits && !self.is_trial {
            let found = found.iter().map(|entry| entry.id).collect();
            self.refuse_skipped(&unknown, &found).await?;
        }
        for entry in found {
            if waits {
                self.locks.add_waited(entry);
            } else {
                self.locks.add(entry);
            }
        }
        Ok(())
    }

    /// Fails if others hold entries that were not found. The next attempt begins with all of them.
    async fn refuse_skipped(&self, wanted: &BTreeSet<Uuid>, found: &BTreeSet<Uuid>) -> Result<()> {
        let missing: BTreeSet<Uuid> = wanted.difference(found).copied().collect();
        if missing.is_empty() || self.tx.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let there = entries_in(&missing).select_only().column(entry::Column::Id);
        let there: Vec<Uuid> = there.into_tuple().all(&self.tx).await?;
        if there.is_empty() {
            return Ok(());
        }
        let held = self.locks.public.keys().copied();
        self.app.footprint.add(held.chain(wanted.iter().copied()));
        Err(Error::Unavailable(Contended.into()))
    }
}

fn entries_in(ids: &BTreeSet<Uuid>) -> Select<entry::Entity> {
    entry::Entity::find().filter(entry::Column::Id.is_in(ids.iter().copied()))
}
