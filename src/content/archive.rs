//! The end of an entry: no longer public, in the trash, back from it, and gone for ever.

use std::collections::BTreeSet;

use entity::{asset, entry, entry_id::EntryId, reference};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid};

use super::{
    change::{Change, within},
    media_removal, media_sweep,
    publish::PublicMove,
    usage::Owners,
};
use crate::{
    app::App,
    auth::{Right, kept_answers, sign_in},
    error::{Error, ProblemCode, Result, Usage},
    event::Action,
};

impl Change {
    /// Makes the entries no longer public; returns who refers to them. That public entries require them is told when the change is
    /// sealed; others keep them in their places, and show them again once they are public again. What is not public is left as it is.
    pub async fn unpublish(&mut self, ids: &[EntryId]) -> Result<Vec<Usage>> {
        self.refuse_if_half_done()?;
        let mut locked = self.entries(ids.iter().copied()).await?;
        let mut public = Vec::new();
        for id in ids {
            let entry = self.allowed(Right::Publish, *id, locked.remove(id))?;
            if entry.published_revision.is_some() {
                public.push((*id, entry.latest_revision));
            }
        }
        let going: Vec<EntryId> = public.iter().map(|(id, _)| *id).collect();
        let usages = self.usages(&going, Owners::Public).await?;
        for (id, latest) in public {
            self.withdraw(id, latest);
        }
        Ok(usages)
    }

    /// Notes that an entry, which is locked, is to be public no more.
    pub(super) fn withdraw(&mut self, id: EntryId, latest: i32) {
        self.moves.insert(id, PublicMove::Withdraw);
        self.tell(Action::EntryUnpublished, id, latest);
    }

    /// Puts the entries into the trash; public ones are unpublished. As [`Change::unpublish`], but drafts count, too.
    pub async fn archive(&mut self, ids: &[EntryId]) -> Result<Vec<Usage>> {
        self.refuse_if_half_done()?;
        let mut locked = self.entries(ids.iter().copied()).await?;
        let mut going = Vec::new();
        for id in ids {
            let entry = self.allowed(Right::ArchiveDraft, *id, locked.remove(id))?;
            if entry.published_revision.is_some() {
                self.principal.require_on(Right::ArchivePublished, &entry)?;
            }
            if entry.archived_at.is_none() {
                going.push((*id, entry));
            }
        }
        let ids: Vec<EntryId> = going.iter().map(|(id, _)| *id).collect();
        let usages = self.usages(&ids, Owners::PublicAndDrafts).await?;
        for (id, entry) in going {
            if entry.published_revision.is_some() {
                self.withdraw(id, entry.latest_revision);
            }
            self.counts.list(id.content_type, -1);
            self.trash.insert(id, Some(self.now));
            self.tell(Action::EntryArchived, id, entry.latest_revision);
        }
        Ok(usages)
    }

    /// Takes the entries out of the trash. They are not public.
    pub async fn restore(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        let mut locked = self.entries(ids.iter().copied()).await?;
        for id in ids {
            let entry = self.allowed(Right::ArchiveDraft, *id, locked.remove(id))?;
            if entry.archived_at.is_none() {
                continue;
            }
            let was_archived = self.locks.model(id.uuid).map(|before| before.archived_at);
            if was_archived.flatten().is_some() {
                self.trash.insert(*id, None);
            } else {
                self.trash.remove(id);
            }
            self.counts.list(id.content_type, 1);
            self.tell(Action::EntryRestored, *id, entry.latest_revision);
        }
        Ok(())
    }

    /// Erases entries that lie in the trash, with their history and their files, for ever. The log keeps that they were. If others
    /// refer to them, that is an error, unless `force` removes the references where they are not required.
    pub async fn erase(&mut self, ids: &[EntryId], force: bool) -> Result<()> {
        self.refuse_if_half_done()?;
        self.principal.require(Right::Erase)?;
        sign_in::require_fresh(&self.app, &self.principal).await?;
        let mut locked = self.entries(ids.iter().copied()).await?;
        let mut going = Vec::new();
        for id in ids {
            let entry = self.allowed(Right::Erase, *id, locked.remove(id))?;
            let was_public = self.locks.public_before(id.uuid).is_some();
            if entry.archived_at.is_none() || was_public {
                let error = Error::invalid(ProblemCode::Invalid, "", "must lie in the trash first");
                return Err(within(*id, error));
            }
            going.push((*id, entry.latest_revision));
        }
        let ids: Vec<EntryId> = going.iter().map(|(id, _)| *id).collect();
        self.keep_references_away(&ids).await?;
        let freed = self.free(&ids, force).await?;
        self.half_done = true;
        let uuids: Vec<_> = ids.iter().map(|id| id.uuid).collect();
        reference::Entity::delete_many()
            .filter(reference::Column::TargetId.is_in(uuids.iter().copied()))
            .exec(&self.tx)
            .await?;
        let files = self.files_of(&uuids).await?;
        entry::Entity::delete_many()
            .filter(entry::Column::Id.is_in(uuids.iter().copied()))
            .exec(&self.tx)
            .await?;
        for (id, latest) in going {
            self.locks.written(id.uuid);
            self.moves.remove(&id);
            self.trash.remove(&id);
            self.tell(Action::EntryErased, id, latest);
        }
        self.erase_beside(&uuids, files).await?;
        self.half_done = false;
        self.publish(&freed).await
    }

    /// Locks the entries against new references to them, which the usual lock does not keep away.
    async fn keep_references_away(&self, ids: &[EntryId]) -> Result<()> {
        entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .order_by_asc(entry::Column::Id)
            .lock_exclusive()
            .all(&self.tx)
            .await?;
        Ok(())
    }

    /// The files of all revisions of the assets among these entries.
    async fn files_of(&self, entries: &[Uuid]) -> Result<BTreeSet<String>> {
        let select = asset::Entity::find()
            .select_only()
            .column(asset::Column::StorageKey)
            .distinct()
            .filter(asset::Column::EntryId.is_in(entries.iter().copied()));
        let keys: Vec<String> = select.into_tuple().all(&self.tx).await?;
        Ok(keys.into_iter().collect())
    }

    /// Erases what lies beside erased entries: their files, and answers that show them.
    async fn erase_beside(&mut self, entries: &[Uuid], files: BTreeSet<String>) -> Result<()> {
        kept_answers::forget(&self.tx, entries).await?;
        media_removal::record(&self.tx, &files, self.now).await?;
        // Duplicates share the file; whichever of them goes last takes it along.
        let shared = media_sweep::in_use_in(&self.tx, &files).await?;
        self.erased_files.extend(files.difference(&shared).cloned());
        self.after_commit(remove_erased);
        Ok(())
    }
}

/// Removes what erased entries leave outside the tables. What cannot be removed now, the worker removes later.
async fn remove_erased(app: App) {
    app.database.expect_wal_truncation();
    if let Err(error) = media_removal::carry_out(&app).await {
        let cause = std::error::Error::source(&error);
        tracing::warn!(%error, cause, "files of erased assets could not be removed, and are not served");
    }
    if let Err(error) = app.database.truncate_wal_if_due().await {
        let cause = std::error::Error::source(&error);
        tracing::warn!(%error, cause, "the write-ahead log could not be truncated yet");
    }
}
