//! Who refers to an entry: asked before it goes, and taken care of where that is wanted.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{entry, entry_id::EntryId, reference, revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};

use super::{
    Content,
    change::{Change, id_of},
    origin::Origin,
    reference::without_missing,
    rows::by_type,
    types::for_type,
    write::{fields_of, row_of},
};
use crate::{
    auth::Right,
    error::{Error, Problem, ProblemCode, Result, Usage},
    event::Action,
};

/// Which entries count when it is asked who needs another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owners {
    /// Those that are public with the reference.
    Public,
    /// Those that are public with it, and drafts that the principal may read.
    PublicAndDrafts,
    /// All, those in the trash, too.
    All,
}

/// An entry that refers to another one, and how.
struct Owner {
    id: EntryId,
    entry: entry::Model,
    /// Its revision that does.
    revision: i32,
    field: String,
    target: Uuid,
}

impl Owner {
    /// Whether some entries of its type cannot be public without the field.
    fn may_require(&self) -> bool {
        for_type!(self.id.content_type, C => {
            let mut fields = C::FIELDS.iter();
            fields.any(|field| field.path == self.field && field.may_require_references())
        })
    }
}

impl Change {
    /// Returns the references to the entries that are not required, by owners that the principal may read.
    pub(super) async fn usages(&self, going: &[EntryId], which: Owners) -> Result<Vec<Usage>> {
        let owners = self.owners(going, which).await?;
        let mut usages = self.usages_by(&owners, going).await?;
        usages.retain(|usage| !usage.required);
        Ok(self.known_and_hidden(usages, &owners).0)
    }

    /// Refuses if public entries require those that are public no more, or also drafts those that go to the trash. To be asked
    /// while the counter is held, so that none has come to require them meanwhile.
    pub(super) async fn refuse_if_required(&self, withdrawn: &[EntryId]) -> Result<()> {
        let going: Vec<EntryId> = self.archived().collect();
        let mut owners = self.owners(&going, Owners::PublicAndDrafts).await?;
        let others = withdrawn.iter().filter(|id| !going.contains(id));
        let others: Vec<EntryId> = others.copied().collect();
        owners.extend(self.owners(&others, Owners::Public).await?);
        let mut usages = self.usages_by(&owners, &[going, others].concat()).await?;
        usages.retain(|usage| usage.required);
        if usages.is_empty() {
            Ok(())
        } else {
            Err(self.referenced(usages, &owners))
        }
    }

    /// Refuses if others refer to the entries that are erased. With `force`, removes the references instead, where they are not
    /// required; returns the owners whose new revision is to be public as the one before was.
    pub(super) async fn free(&mut self, going: &[EntryId], force: bool) -> Result<Vec<EntryId>> {
        let owners = self.owners(going, Owners::All).await?;
        let mut usages = self.usages_by(&owners, going).await?;
        usages.retain(|usage| !force || usage.required || !usage.may_take_out);
        if !usages.is_empty() {
            return Err(self.referenced(usages, &owners));
        }
        let mut freed = Vec::new();
        let mut seen = BTreeSet::new();
        for owner in owners {
            if seen.insert(owner.id) {
                let was_public = for_type!(owner.id.content_type, C => self.take_out::<C>(owner.id, going).await)?;
                if was_public && self.principal.may(Right::Publish, &owner.entry) {
                    freed.push(owner.id);
                }
            }
        }
        Ok(freed)
    }

    /// The usages by these owners, each once: the public and the latest revision of an entry may both refer to the same.
    async fn usages_by(&self, owners: &[Owner], targets: &[EntryId]) -> Result<Vec<Usage>> {
        let requiring = self.requiring(owners).await?;
        let mut usages = Vec::with_capacity(owners.len());
        for owner in owners {
            let target = targets.iter().find(|id| id.uuid == owner.target);
            let place = (owner.id, owner.revision, owner.field.as_str());
            let usage = Usage {
                owner: owner.id,
                field: owner.field.clone(),
                target: *target.ok_or_else(|| Error::internal("a reference to nothing"))?,
                required: requiring.contains(&place),
                may_take_out: self.principal.may(Right::Change, &owner.entry),
            };
            if !usages.contains(&usage) {
                usages.push(usage);
            }
        }
        Ok(usages)
    }

    /// Those of the references without which their owners cannot be public. Content is read where it can make a difference.
    async fn requiring<'a>(&self, owners: &'a [Owner]) -> Result<HashSet<(EntryId, i32, &'a str)>> {
        let may_require = owners.iter().filter(|owner| owner.may_require());
        let revisions: BTreeSet<_> = may_require
            .map(|owner| (owner.id, owner.revision))
            .collect();
        let mut requiring = HashSet::new();
        for (content_type, revisions) in by_type(revisions) {
            let of_type = owners
                .iter()
                .filter(|owner| owner.id.content_type == content_type);
            let of_type: Vec<&Owner> = of_type.collect();
            let found = for_type!(content_type, C => self.requiring_of_type::<C>(&revisions, &of_type).await?);
            requiring.extend(found);
        }
        Ok(requiring)
    }

    async fn requiring_of_type<'a, C: Content>(
        &self,
        revisions: &[(EntryId, i32)],
        owners: &[&'a Owner],
    ) -> Result<Vec<(EntryId, i32, &'a str)>> {
        let rows = self.revisions::<C>(revisions).await?;
        let requires = |owner: &&&'a Owner| {
            let row = rows.get(&(owner.id.uuid, owner.revision));
            let mut fields = C::FIELDS.iter();
            let field =
                fields.find(|field| field.path == owner.field && field.may_require_references());
            row.zip(field)
                .is_some_and(|(row, field)| field.required.by(row))
        };
        let requiring = owners.iter().filter(requires);
        Ok(requiring
            .map(|owner| (owner.id, owner.revision, owner.field.as_str()))
            .collect())
    }

    /// The usages by entries that the principal may know of, and all others.
    fn known_and_hidden(&self, usages: Vec<Usage>, owners: &[Owner]) -> (Vec<Usage>, Vec<Usage>) {
        usages.into_iter().partition(|usage| {
            let mut owners = owners.iter().filter(|owner| owner.id == usage.owner);
            owners.any(|owner| self.principal.may_know_of(&owner.entry))
        })
    }

    /// Returns the error for entries that others require. It names only those owners that the principal may read.
    fn referenced(&self, usages: Vec<Usage>, owners: &[Owner]) -> Error {
        let (known, hidden) = self.known_and_hidden(usages, owners);
        if hidden.is_empty() {
            return Error::Referenced(known);
        }
        let targets: BTreeSet<_> = hidden.iter().map(|usage| usage.target).collect();
        let problem = |target: EntryId| {
            let message = "is needed by entries that you may not know of";
            Problem::new(ProblemCode::Invalid, target.to_string(), message)
        };
        Error::Invalid(targets.into_iter().map(problem).collect())
    }

    /// Returns all entries that refer to the targets, drafts and archived ones, too.
    pub(super) async fn ids_of_owners(&self, targets: &[EntryId]) -> Result<Vec<EntryId>> {
        let owners = self.owners(targets, Owners::All).await?;
        Ok(owners.into_iter().map(|owner| owner.id).collect())
    }

    async fn owners(&self, targets: &[EntryId], which: Owners) -> Result<Vec<Owner>> {
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let uuids: Vec<Uuid> = targets.iter().map(|id| id.uuid).collect();
        let rows = reference::Entity::find()
            .filter(reference::Column::TargetId.is_in(uuids.iter().copied()))
            .filter(reference::Column::OwnerId.is_not_in(uuids))
            .all(&self.tx)
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let owners = rows.iter().map(|row| row.owner_id);
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(owners))
            .all(&self.tx)
            .await?;
        let entries: HashMap<Uuid, entry::Model> = entries
            .into_iter()
            .map(|entry| (entry.id, self.with_move(entry)))
            .collect();
        let counts = |row: &reference::Model, entry: &entry::Model| {
            let is_public = entry.published_revision == Some(row.revision);
            let is_draft = entry.latest_revision == row.revision
                && entry.archived_at.is_none()
                && self.principal.may(Right::ReadDrafts, entry);
            match which {
                Owners::Public => is_public,
                Owners::PublicAndDrafts => is_public || is_draft,
                Owners::All => true,
            }
        };
        let owner = |row: reference::Model| {
            let entry = entries.get(&row.owner_id)?.clone();
            counts(&row, &entry).then_some(Owner {
                id: id_of(&entry),
                revision: row.revision,
                entry,
                field: row.field,
                target: row.target_id,
            })
        };
        Ok(rows.into_iter().filter_map(owner).collect())
    }

    /// Saves a revision of the owner without the entries that are going; returns whether the one before was public.
    async fn take_out<C: Content>(&mut self, id: EntryId, going: &[EntryId]) -> Result<bool> {
        let Some(owner) = self.entry(id).await? else {
            return Ok(false);
        };
        let latest = self.known_revision::<C>(id, owner.latest_revision).await?;
        let whole = without_missing::<C>(&self.tx, latest.clone()).await?;
        let content = without::<C>(&whole, |id| going.contains(&id))?;
        if fields_of(&content)? == fields_of(&latest)? {
            return Ok(false);
        }
        let revision = self
            .advance::<C>(
                id,
                &owner,
                content,
                &Origin::of(&latest).by(revision::Origin::Detached),
            )
            .await?;
        self.tell(Action::EntryUpdated, id, revision);
        Ok(owner.published_revision == Some(owner.latest_revision))
    }
}

/// The row without its references to some entries.
pub(super) fn without<C: Content>(
    row: &C::Model,
    is_going: impl Fn(EntryId) -> bool,
) -> Result<C::Model> {
    let mut fields = fields_of(row)?;
    let goes = |value: &serde_json::Value| {
        let id = value.as_str().and_then(|text| text.parse().ok());
        id.is_some_and(&is_going)
    };
    for field in C::FIELDS.iter().filter(|field| field.is_reference()) {
        match fields.get_mut(field.stored_as) {
            Some(serde_json::Value::Array(ids)) => ids.retain(|id| !goes(id)),
            Some(value) if goes(value) => *value = serde_json::Value::Null,
            _ => {}
        }
    }
    row_of::<C>(fields)
}
