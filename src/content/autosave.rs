//! Autosave: what is saved by itself every few seconds takes the place of what was saved a moment before.

use chrono::TimeDelta;
use entity::{entry, entry_id::EntryId, publication, revision};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::change::Change;
use crate::{database::only, error::Result};

/// How old a revision may be to be replaced.
const REPLACEABLE: TimeDelta = TimeDelta::minutes(5);

impl Change {
    /// Whether the latest revision is a recent one of the same account that never was public.
    pub(super) async fn may_replace_latest(&self, entry: &entry::Model) -> Result<bool> {
        let number = entry.latest_revision;
        let latest = revision::Entity::find_by_id((entry.id, number));
        let latest: Option<revision::Model> = only(&self.tx, latest).await?;
        let is_recent = latest.is_some_and(|latest| {
            latest.saved_by == self.principal.account_id()
                && self.now - latest.saved_at <= REPLACEABLE
        });
        if !is_recent {
            return Ok(false);
        }
        let publications = publication::Entity::find()
            .filter(publication::Column::EntryId.eq(entry.id))
            .filter(publication::Column::Revision.eq(number))
            .count(&self.tx)
            .await?;
        Ok(publications == 0)
    }

    /// Forgets a revision, with its content. Its number is not given again.
    pub(super) async fn forget_revision(&self, id: EntryId, number: i32) -> Result<()> {
        revision::Entity::delete_by_id((id.uuid, number))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
