//! What a publication would come to: what becomes public, because of what, and what stays a draft though it is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Content,
    candidate::Candidate,
    change::{Change, id_of},
    origin::changed_fields,
    rows::by_type,
    types::for_type,
};
use crate::{
    auth::Right,
    error::{Error, Result},
};

/// What a publication would come to.
pub struct Plan {
    /// What would become public.
    pub publications: Vec<Planned>,
    /// What would be shown, directly or through others, and stay a draft, as far as the principal may read it.
    pub drafts: Vec<ShownDraft>,
    /// Why the publication would be refused.
    pub refusal: Option<Error>,
}

/// A revision that would become public.
pub struct Planned {
    /// The entry.
    pub id: EntryId,
    /// The revision that is public now.
    pub from: Option<i32>,
    /// The revision that would be public; none if it does not exist yet.
    pub to: Option<i32>,
    /// Paths of the fields in which they differ.
    pub changed: Vec<String>,
    /// The entry that refers to this one; none if it was named itself.
    pub because_of: Option<EntryId>,
}

/// An entry that is shown, and of which something stays a draft.
pub struct ShownDraft {
    /// The entry.
    pub id: EntryId,
    /// The entry that shows it.
    pub shown_by: EntryId,
    /// The field in which it does.
    pub field: &'static str,
}

/// Where an entry is shown.
type Places = BTreeMap<EntryId, (EntryId, &'static str)>;

impl Change {
    /// Describes the candidates of a trial. `causes` says which entry each was added for.
    pub(super) async fn plan(
        &self,
        candidates: &[Candidate],
        causes: &BTreeMap<EntryId, EntryId>,
    ) -> Result<(Vec<Planned>, Vec<ShownDraft>)> {
        let before = candidates.iter().filter_map(|candidate| {
            let public = self.locks.public_before(candidate.id.uuid)?;
            Some((candidate.id, public))
        });
        let mut changed = HashMap::new();
        let before = by_type(before);
        let mut groups: BTreeMap<_, Vec<&Candidate>> = BTreeMap::new();
        for candidate in candidates {
            let group = groups.entry(candidate.id.content_type).or_default();
            group.push(candidate);
        }
        for (content_type, group) in groups {
            let before = before.get(&content_type).map_or(&[][..], Vec::as_slice);
            let found =
                for_type!(content_type, C => self.changed_of_type::<C>(&group, before).await?);
            changed.extend(found);
        }
        let planned = candidates.iter().map(|candidate| Planned {
            id: candidate.id,
            from: self.locks.public_before(candidate.id.uuid),
            to: (!candidate.is_of_no_revision()).then_some(candidate.revision),
            changed: changed.remove(&candidate.id).unwrap_or_default(),
            because_of: causes.get(&candidate.id).copied(),
        });
        Ok((planned.collect(), self.shown_drafts(candidates).await?))
    }

    async fn changed_of_type<C: Content>(
        &self,
        candidates: &[&Candidate],
        before: &[(EntryId, i32)],
    ) -> Result<Vec<(EntryId, Vec<String>)>> {
        let rows = self.revisions::<C>(before).await?;
        let mut changed = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let before = before.iter().find(|(id, _)| *id == candidate.id);
            let before = before.and_then(|(id, revision)| rows.get(&(id.uuid, *revision)));
            if let Some(row) = candidate.row::<C>() {
                changed.push((candidate.id, changed_fields::<C>(before, row)?.0));
            }
        }
        Ok(changed)
    }

    /// The entries that the candidates show, directly or through what is public, and that have a draft which is not published with
    /// them.
    async fn shown_drafts(&self, candidates: &[Candidate]) -> Result<Vec<ShownDraft>> {
        let mut seen: BTreeSet<EntryId> = candidates.iter().map(|candidate| candidate.id).collect();
        let mut level = Places::new();
        for candidate in candidates {
            for (field, target) in &candidate.targets {
                level.entry(*target).or_insert((candidate.id, field));
            }
        }
        let mut drafts = Vec::new();
        loop {
            level.retain(|id, _| seen.insert(*id));
            if level.is_empty() {
                return Ok(drafts);
            }
            let entries = entry::Entity::find()
                .filter(entry::Column::Id.is_in(level.keys().map(|id| id.uuid)))
                .filter(entry::Column::ArchivedAt.is_null())
                .all(&self.tx)
                .await?;
            let entries = entries
                .iter()
                .filter(|entry| level.contains_key(&id_of(entry)));
            let entries: Vec<&entry::Model> = entries.collect();
            for entry in &entries {
                let is_draft = entry.published_revision != Some(entry.latest_revision);
                let (id, place) = (id_of(entry), level.get(&id_of(entry)));
                if let Some((shown_by, field)) = place
                    && is_draft
                    && self.principal.may(Right::ReadDrafts, entry)
                {
                    drafts.push(ShownDraft {
                        id,
                        shown_by: *shown_by,
                        field,
                    });
                }
            }
            let public = entries
                .iter()
                .filter_map(|entry| Some((id_of(entry), entry.published_revision?)));
            level = self.shown_by(by_type(public)).await?;
        }
    }

    /// What the revisions show.
    async fn shown_by(&self, revisions: super::rows::RevisionsByType) -> Result<Places> {
        let mut places = Places::new();
        for (content_type, revisions) in revisions {
            let found = for_type!(content_type, C => self.shown_by_type::<C>(&revisions).await?);
            for (target, place) in found {
                places.entry(target).or_insert(place);
            }
        }
        Ok(places)
    }

    async fn shown_by_type<C: Content>(
        &self,
        revisions: &[(EntryId, i32)],
    ) -> Result<Vec<(EntryId, (EntryId, &'static str))>> {
        let rows = self.revisions::<C>(revisions).await?;
        let mut places = Vec::new();
        for (id, revision) in revisions {
            let row = rows.get(&(id.uuid, *revision));
            for (field, row) in row
                .into_iter()
                .flat_map(|row| C::FIELDS.iter().map(move |field| (field, row)))
            {
                let targets = field.targets(row).into_iter();
                places.extend(targets.map(|target| (target, (*id, field.path))));
            }
        }
        Ok(places)
    }
}
