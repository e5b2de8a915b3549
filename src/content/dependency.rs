//! What an entry shows, and so on: what must be public, too, for nothing to be missing.

use std::collections::{BTreeMap, BTreeSet};

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
        let causes = self.dependencies(ids).await?;
        let all: BTreeSet<EntryId> = ids.iter().chain(causes.keys()).copied().collect();
        Ok(all.into_iter().collect())
    }

    /// Those that are added, each with the entry that refers to it.
    pub(super) async fn dependencies(&self, ids: &[EntryId]) -> Result<BTreeMap<EntryId, EntryId>> {
        let named: BTreeSet<EntryId> = ids.iter().copied().collect();
        let mut causes = BTreeMap::new();
        let mut level: BTreeSet<EntryId> = named.clone();
        while !level.is_empty() {
            let targets = self.targets(&level).await?;
            level = BTreeSet::new();
            for id in self.publishable(&targets).await? {
                if let Some(cause) = targets.get(&id)
                    && !named.contains(&id)
                    && !causes.contains_key(&id)
                {
                    causes.insert(id, *cause);
                    level.insert(id);
                }
            }
        }
        Ok(causes)
    }

    /// What the latest revisions of the entries refer to, each with an entry that does. Those that the principal may not publish are
    /// refused where their turn comes.
    async fn targets(&self, ids: &BTreeSet<EntryId>) -> Result<BTreeMap<EntryId, EntryId>> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .all(&self.tx)
            .await?;
        let known = entries.iter().filter(|entry| {
            ids.contains(&id_of(entry)) && self.principal.may(Right::Publish, entry)
        });
        let latest = known.map(|entry| (id_of(entry), entry.latest_revision));
        let mut targets = BTreeMap::new();
        for (content_type, latest) in by_type(latest) {
            let found = for_type!(content_type, C => self.targets_of_type::<C>(&latest).await?);
            targets.extend(found);
        }
        Ok(targets)
    }

    async fn targets_of_type<C: Content>(
        &self,
        latest: &[(EntryId, i32)],
    ) -> Result<Vec<(EntryId, EntryId)>> {
        let rows = self.revisions::<C>(latest).await?;
        let mut targets = Vec::new();
        for (id, revision) in latest {
            let row = rows.get(&(id.uuid, *revision));
            let found = row.into_iter().flat_map(|row| {
                let fields = C::FIELDS.iter();
                fields.flat_map(|field| field.targets(row))
            });
            targets.extend(found.map(|target| (target, *id)));
        }
        Ok(targets)
    }

    async fn publishable(&self, ids: &BTreeMap<EntryId, EntryId>) -> Result<Vec<EntryId>> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.keys().map(|id| id.uuid)))
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
