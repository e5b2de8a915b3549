//! Candidates: revisions that are to become public, and what keeps them from it.

use std::{any::Any, collections::BTreeSet};

use entity::{entry, entry_id::EntryId, stamp::Stamped};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Content,
    change::{Change, at, id_of},
    check,
    mask::Mask,
    model::field::Field,
    rows::by_type,
    types::for_type,
    unique::{self, Claims},
};
use crate::error::{Error, Problem, ProblemCode, Result};

/// What a change does to what is public of an entry.
pub(super) enum PublicMove {
    /// A revision becomes the public one.
    Raise(Candidate),
    /// The entry is public no more.
    Withdraw,
}

impl PublicMove {
    /// The revision that is public afterwards.
    pub(super) fn revision(&self) -> Option<i32> {
        match self {
            Self::Raise(candidate) => Some(candidate.revision),
            Self::Withdraw => None,
        }
    }
}

/// A revision that is about to become the public one, and what of it must fit to everything else that is public.
pub(super) struct Candidate {
    pub(super) id: EntryId,
    /// The number of the revision; in a trial it may not exist.
    pub(super) revision: i32,
    /// What it refers to, by the names of the fields.
    pub(super) targets: Vec<(&'static str, EntryId)>,
    /// What of that it cannot be public without.
    needs: Vec<(&'static str, EntryId)>,
    pub(super) claims: Claims,
    /// What is missing in its content.
    problems: Vec<Problem>,
    /// In a trial, its content.
    pub(super) trial: Option<TrialRow>,
}

/// The content of a candidate in a trial.
pub(super) struct TrialRow {
    row: Box<dyn Any + Send + Sync>,
    /// Whether it is of no revision that exists.
    is_new: bool,
}

impl Candidate {
    /// The revision with this content.
    pub(super) fn new<C: Content>(
        id: EntryId,
        revision: i32,
        row: &C::Model,
        locale: &str,
    ) -> Self {
        let fields = C::FIELDS.iter();
        let required = fields.clone().filter(|field| field.required.by(row));
        let targets = |field: &'static Field<C::Model>| {
            let targets = field.targets(row).into_iter();
            targets.map(|target| (field.path, target))
        };
        Self {
            targets: fields.flat_map(targets).collect(),
            trial: None,
            id,
            revision,
            needs: required.flat_map(targets).collect(),
            claims: Claims::of::<C>(row),
            problems: at(id, check::public::<C>(row, locale)),
        }
    }

    /// Whether it is, in a trial, of no revision that exists.
    pub(super) fn is_of_no_revision(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.is_new)
    }

    /// Its content, in a trial.
    pub(super) fn row<C: Content>(&self) -> Option<&C::Model> {
        self.trial.as_ref()?.row.downcast_ref()
    }
}

impl Change {
    /// Notes that revisions of entries, which are locked, are to be public once the change is sealed. The content is read in
    /// one statement for each type.
    pub(super) async fn raise(
        &mut self,
        revisions: impl IntoIterator<Item = (EntryId, i32)>,
    ) -> Result<()> {
        for (content_type, revisions) in by_type(revisions) {
            for_type!(content_type, C => Box::pin(self.raise_of_type::<C>(&revisions)).await)?;
        }
        Ok(())
    }

    async fn raise_of_type<C: Content>(&mut self, revisions: &[(EntryId, i32)]) -> Result<()> {
        let rows = self.revisions::<C>(revisions).await?;
        for (id, revision) in revisions {
            let row = rows.get(&(id.uuid, *revision));
            let row = row.ok_or_else(|| missing_revision(*id, *revision))?;
            self.raise_row::<C>(*id, *revision, row);
        }
        Ok(())
    }

    /// The same for a revision whose content is known.
    pub(super) fn raise_row<C: Content>(&mut self, id: EntryId, revision: i32, row: &C::Model) {
        let locale = self.app.site.default_locale();
        let mut candidate = Candidate::new::<C>(id, revision, row, locale);
        if self.is_trial {
            candidate.trial = Some(TrialRow {
                is_new: row.stamp().revision != revision,
                row: Box::new(row.clone()),
            });
        }
        self.moves.insert(id, PublicMove::Raise(candidate));
    }

    /// What the content of the candidates lacks, and which of them are in the trash.
    pub(super) async fn incomplete(&mut self, candidates: &[Candidate]) -> Result<Vec<Problem>> {
        let ids = candidates.iter().map(|candidate| candidate.id);
        let entries = self.entries(ids).await?;
        let mut problems = Vec::new();
        for candidate in candidates {
            let entry = entries.get(&candidate.id);
            if entry.is_some_and(|entry| entry.archived_at.is_some()) {
                let message = "lies in the trash; restore it first";
                let problem = Problem::new(ProblemCode::Invalid, "", message);
                problems.extend(at(candidate.id, vec![problem]));
            }
            problems.extend(candidate.problems.iter().cloned());
        }
        Ok(problems)
    }

    /// What of the candidates does not fit to what is public beside them.
    pub(super) async fn unfitting(&self, candidates: &[Candidate]) -> Result<Vec<Problem>> {
        let mut problems = self.not_public(candidates).await?;
        problems.extend(unique::taken_in_lists(&self.tx, &self.principal, candidates).await?);
        Ok(problems)
    }

    /// The required references of the candidates that are not public, and do not become so with them.
    async fn not_public(&self, candidates: &[Candidate]) -> Result<Vec<Problem>> {
        let of_change: BTreeSet<EntryId> =
            candidates.iter().map(|candidate| candidate.id).collect();
        let needs = candidates.iter().flat_map(|candidate| &candidate.needs);
        let mut needed: BTreeSet<EntryId> = needs.map(|(_, id)| *id).collect();
        needed.retain(|id| !of_change.contains(id));
        if needed.is_empty() {
            return Ok(Vec::new());
        }
        let public = entry::Entity::find()
            .filter(entry::Column::Id.is_in(needed.iter().map(|id| id.uuid)))
            .filter(entry::Column::PublishedRevision.is_not_null())
            .all(&self.tx)
            .await?;
        for entry in &public {
            needed.remove(&id_of(entry));
        }
        let mask = Mask::of(&self.tx, &self.principal, needed.iter().copied()).await?;
        let mut problems = Vec::new();
        for candidate in candidates {
            let missing = candidate.needs.iter().filter(|(_, id)| needed.contains(id));
            let problem = |(field, target): &(&'static str, EntryId)| {
                let message = format!("{} is not public", mask.name(*target));
                Problem::new(ProblemCode::NotPublic, *field, message)
            };
            problems.extend(at(candidate.id, missing.map(problem).collect()));
        }
        Ok(problems)
    }
}

/// The error for a revision that an entry must have.
pub(super) fn missing_revision(id: EntryId, revision: i32) -> Error {
    Error::internal(format!("{id} has no revision {revision}"))
}
