//! The end of an entry: no longer public, in the trash, back from it, and gone for ever.

use std::collections::BTreeSet;

use entity::{asset, entry, entry_id::EntryId, reference};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};

use super::{
    change::{Change, within},
    media_removal, media_sweep,
    usage::Owners,
};
use crate::{
    auth::{Right, kept_answers, sign_in},
    error::{Error, ProblemCode, Result, Usage},
    event::Action,
};

impl Change {
    /// Makes the entries no longer public; returns who refers to them. If public entries require them, that is an error; others
    /// keep them in their places, and show them again once they are public again. What is not public is left as it is.
    pub async fn unpublish(&mut self, ids: &[EntryId]) -> Result<Vec<Usage>> {
        self.refuse_if_half_done()?;
        let mut public = Vec::new();
        for id in ids {
            let entry = self.entry_with(Right::Publish, *id).await?;
            if entry.published_revision.is_some() {
                public.push((*id, entry));
            }
        }
        let going: Vec<EntryId> = public.iter().map(|(id, _)| *id).collect();
        let usages = self.usages(&going, Owners::Public).await?;
        self.half_done = true;
        for (id, entry) in &public {
            self.withdraw(*id, entry).await?;
            self.tell(Action::EntryUnpublished, *id, entry.latest_revision);
        }
        self.half_done = false;
        self.refuse_if_required_since(&going).await?;
        Ok(usages)
    }

    /// Puts the entries into the trash; public ones are unpublished. As [`Change::unpublish`], but drafts count, too.
    pub async fn archive(&mut self, ids: &[EntryId]) -> Result<Vec<Usage>> {
        self.refuse_if_half_done()?;
        let mut going = Vec::new();
        for id in ids {
            let entry = self.entry_with(Right::ArchiveDraft, *id).await?;
            if entry.published_revision.is_some() {
                self.principal.require_on(Right::ArchivePublished, &entry)?;
            }
            if entry.archived_at.is_none() {
                going.push((*id, entry));
            }
        }
        let ids: Vec<EntryId> = going.iter().map(|(id, _)| *id).collect();
        let usages = self.usages(&ids, Owners::PublicAndDrafts).await?;
        self.half_done = true;
        for (id, entry) in &going {
            if entry.published_revision.is_some() {
                self.withdraw(*id, entry).await?;
                self.tell(Action::EntryUnpublished, *id, entry.latest_revision);
            }
            self.set_archived(*id, Some(self.now)).await?;
            self.counts.list(id.content_type, -1);
            self.tell(Action::EntryArchived, *id, entry.latest_revision);
        }
        self.half_done = false;
        self.refuse_if_required_since(&ids).await?;
        Ok(usages)
    }

    /// Takes the entries out of the trash. They are not public.
    pub async fn restore(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        for id in ids {
            let entry = self.entry_with(Right::ArchiveDraft, *id).await?;
            if entry.archived_at.is_some() {
                self.half_done = true;
                self.set_archived(*id, None).await?;
                self.counts.list(id.content_type, 1);
                self.tell(Action::EntryRestored, *id, entry.latest_revision);
                self.half_done = false;
            }
        }
        Ok(())
    }

    async fn set_archived(&self, id: EntryId, at: Option<entity::Instant>) -> Result<()> {
        entry::Entity::update_many()
            .col_expr(entry::Column::ArchivedAt, Expr::value(at))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Erases entries that lie in the trash, with their history and their files, for ever. The log keeps that they were. If others
    /// refer to them, that is an error, unless `force` removes the references where they are not required.
    pub async fn erase(&mut self, ids: &[EntryId], force: bool) -> Result<()> {
        self.refuse_if_half_done()?;
        self.principal.require(Right::Erase)?;
        sign_in::require_fresh(&self.app, &self.principal).await?;
        let mut going = Vec::new();
        for id in ids {
            let entry = self.entry_with(Right::Erase, *id).await?;
            if entry.archived_at.is_none() {
                let error = Error::invalid(ProblemCode::Invalid, "", "must lie in the trash first");
                return Err(within(*id, error));
            }
            going.push((*id, entry));
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
        for (id, entry) in &going {
            entry::Entity::delete_by_id(id.uuid).exec(&self.tx).await?;
            self.tell(Action::EntryErased, *id, entry.latest_revision);
        }
        self.erase_beside(&uuids, files).await?;
        self.half_done = false;
        self.publish(&freed).await?;
        self.refuse_if_required_since(&ids).await
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
        self.erases = true;
        kept_answers::forget(&self.tx, entries).await?;
        media_removal::record(&self.tx, &files, self.now).await?;
        // Duplicates share the file; whichever of them goes last takes it along.
        let shared = media_sweep::in_use_in(&self.tx, &files).await?;
        self.erased_files.extend(files.difference(&shared).cloned());
        Ok(())
    }
}
