//! What an entry shows, and so on: what must be public, too, for nothing to be missing.

use std::collections::BTreeSet;

use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Content,
    change::{Change, id_of},
    rows::by_type,
    types::for_type,
};
use crate::{auth::Right, error::Result};

impl Change {
    /// The entries, and those that their latest revisions refer to, directly or through others, as far as these are not
    /// public and the principal may publish them. What lies in the trash is left out. Nothing is locked.
    pub async fn with_dependencies(&self, ids: &[EntryId]) -> Result<Vec<EntryId>> {
        let mut found: BTreeSet<EntryId> = ids.iter().copied().collect();
        let mut level: Vec<EntryId> = found.iter().copied().collect();
        while !level.is_empty() {
            let targets = self.targets(&level).await?;
            level = self.publishable(&targets).await?;
            level.retain(|id| found.insert(*id));
        }
        Ok(found.into_iter().collect())
    }

    /// What the latest revisions of the entries refer to. Those that the principal may not publish are refused where their turn
    /// comes.
    async fn targets(&self, ids: &[EntryId]) -> Result<BTreeSet<EntryId>> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .all(&self.tx)
            .await?;
        let known = entries.iter().filter(|entry| {
            ids.contains(&id_of(entry)) && self.principal.may(Right::Publish, entry)
        });
        let latest = known.map(|entry| (id_of(entry), entry.latest_revision));
        let mut targets = BTreeSet::new();
        for (content_type, latest) in by_type(latest) {
            targets.extend(for_type!(content_type, C => self.targets_of_type::<C>(&latest).await?));
        }
        Ok(targets)
    }

    async fn targets_of_type<C: Content>(&self, latest: &[(EntryId, i32)]) -> Result<Vec<EntryId>> {
        let rows = self.revisions::<C>(latest).await?;
        let targets = rows
            .values()
            .flat_map(|row| C::FIELDS.iter().flat_map(|field| field.targets(row)));
        Ok(targets.collect())
    }

    async fn publishable(&self, ids: &BTreeSet<EntryId>) -> Result<Vec<EntryId>> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .all(&self.tx)
            .await?;
        let entries = entries.into_iter().map(|entry| self.with_move(entry));
        let may = |entry: &entry::Model| {
            entry.published_revision.is_none()
                && entry.archived_at.is_none()
                && self.principal.may(Right::Publish, entry)
        };
        Ok(entries.filter(may).map(|entry| id_of(&entry)).collect())
    }
}
