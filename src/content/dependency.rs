//! What an entry shows, and so on: what must be public, too, for nothing to be missing.

use std::collections::BTreeSet;

use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Content,
    change::{Change, id_of},
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
            let mut targets = BTreeSet::new();
            for id in &level {
                targets.extend(for_type!(id.content_type, C => self.targets::<C>(*id).await)?);
            }
            level = self.publishable(&targets).await?;
            level.retain(|id| found.insert(*id));
        }
        Ok(found.into_iter().collect())
    }

    async fn targets<C: Content>(&self, id: EntryId) -> Result<Vec<EntryId>> {
        let entry = entry::Entity::find_by_id(id.uuid).one(&self.tx).await?;
        let known = entry.filter(|entry| self.principal.may(Right::Publish, entry));
        let Some(entry) = known.filter(|entry| id_of(entry) == id) else {
            // Refused where its turn comes.
            return Ok(Vec::new());
        };
        let row = self.known_revision::<C>(id, entry.latest_revision).await?;
        Ok(C::FIELDS
            .iter()
            .flat_map(|field| field.targets(&row))
            .collect())
    }

    async fn publishable(&self, ids: &BTreeSet<EntryId>) -> Result<Vec<EntryId>> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .filter(entry::Column::PublishedRevision.is_null())
            .filter(entry::Column::ArchivedAt.is_null())
            .all(&self.tx)
            .await?;
        let may = |entry: &&entry::Model| self.principal.may(Right::Publish, entry);
        Ok(entries.iter().filter(may).map(id_of).collect())
    }
}
