//! Going back: discarding a draft, restoring a revision, and copying an entry.

use entity::{entry, entry_id::EntryId, revision};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, prelude::Expr};

use super::{
    Content,
    change::{Change, expect_revision, not_found, refuse_archived, within},
    history::is_kept,
    origin::Origin,
    reference, search_text,
    types::for_type,
};
use crate::{
    auth::Right,
    database::{Batch, only},
    error::{Error, ProblemCode, Result},
    event::Action,
};

impl Change {
    /// Makes the public revision of each entry its latest one again. What was saved since stays in the history.
    pub async fn discard_drafts(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        let mut locked = self.entries(ids.iter().copied()).await?;
        for id in ids {
            let entry = self.allowed(Right::Change, *id, locked.remove(id))?;
            refuse_archived(&entry).map_err(|error| within(*id, error))?;
            let Some(public) = entry.published_revision else {
                let message = "is not public, so that there is nothing to go back to";
                let error = Error::invalid(ProblemCode::Invalid, "", message);
                return Err(within(*id, error));
            };
            if public != entry.latest_revision {
                for_type!(id.content_type, C => self.go_back::<C>(*id, public).await)?;
            }
        }
        Ok(())
    }

    async fn go_back<C: Content>(&mut self, id: EntryId, public: i32) -> Result<()> {
        self.half_done = true;
        self.locks.written(id.uuid);
        let of_entry = || Condition::all().add(Expr::col("entry_id").eq(id.uuid));
        let latest = of_entry().add(Expr::col("latest"));
        self.set_flag::<C>("latest", false, latest).await?;
        let target = of_entry().add(Expr::col("revision").eq(public));
        self.set_flag::<C>("latest", true, target).await?;
        entry::Entity::update_many()
            .col_expr(entry::Column::LatestRevision, Expr::value(public))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        let row = self.known_revision::<C>(id, public).await?;
        let mut batch = Batch::default();
        batch.add(reference::pruning(id.uuid, public, Some(public)));
        batch.add(search_text::recording::<C>(id.uuid, &row));
        batch.execute(&self.tx).await?;
        self.tell(Action::DraftDiscarded, id, public);
        self.half_done = false;
        Ok(())
    }

    /// Saves what an earlier revision said as a new one; returns its number. References to what exists no more are left out.
    pub async fn restore_revision<C: Content>(
        &mut self,
        id: EntryId,
        revision: i32,
        expected: Option<i32>,
    ) -> Result<i32> {
        self.refuse_if_half_done()?;
        let entry = self.entry_with(Right::Change, id).await?;
        refuse_archived(&entry)?;
        expect_revision(id, &entry, expected)?;
        let kept = C::Entity::find().filter(is_kept(id.uuid, revision));
        let Some(earlier) = only::<_, C::Model>(&self.tx, kept).await? else {
            let message = format!("{id} has no revision {revision}");
            return Err(Error::invalid(ProblemCode::NotFound, "revision", message));
        };
        if revision == entry.latest_revision {
            return Ok(revision);
        }
        let content = self
            .validated::<C>(None, earlier.clone(), Some(&earlier))
            .await?;
        let latest = self.known_revision::<C>(id, entry.latest_revision).await?;
        let restored = self
            .advance::<C>(
                id,
                &entry,
                content,
                &Origin::of(&latest).by(revision::Origin::Restored),
            )
            .await?;
        self.tell(Action::RevisionRestored, id, restored);
        Ok(restored)
    }

    /// Creates a draft that says what the entry says, as far as the principal may know.
    pub async fn duplicate<C: Content>(&mut self, id: EntryId) -> Result<EntryId> {
        self.principal.require(Right::Create)?;
        let entry = self.entry(id).await?;
        let entry = entry.filter(|entry| self.principal.may_know_of(entry));
        let entry = entry.ok_or_else(|| not_found(id))?;
        let revision = if self.principal.may(Right::ReadDrafts, &entry) {
            refuse_archived(&entry)?;
            Some(entry.latest_revision)
        } else {
            entry.published_revision
        };
        let revision = revision.ok_or_else(|| not_found(id))?;
        let row = self.known_revision::<C>(id, revision).await?;
        let row = reference::without_unknown::<C>(&self.tx, &self.principal, row).await?;
        let copied = revision::Origin::Copied;
        self.create_like::<C>(None, row.clone(), Some(&row), copied)
            .await
    }
}
