//! Publishing and unpublishing: the one place that moves what is public.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use entity::{Instant, entry, entry_id::EntryId, publication};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    prelude::{Expr, Uuid},
};

use super::{
    Content,
    change::{Change, at, id_of, within},
    check,
    mask::Mask,
    model::field::Field,
    reference,
    types::for_type,
    unique::{self, Claims},
};
use crate::{
    auth::Right,
    database::Batch,
    error::{Error, Problem, ProblemCode, Result, on_constraints},
    event::{self, Action, moment},
    id,
};

/// Engines bound the number of parameters of a statement.
const CANDIDATES_PER_STATEMENT: usize = 1_000;
const CANDIDATES_PER_BATCH: usize = 100;

/// An entry of which a revision is about to become the public one, and what of that must fit to everything else that is public.
pub(super) struct Candidate {
    pub(super) id: EntryId,
    /// The number of the revision; in a trial it may not exist.
    revision: i32,
    /// What it cannot be public without, by the names of the fields.
    needs: Vec<(&'static str, EntryId)>,
    pub(super) claims: Claims,
}

impl Candidate {
    /// The revision with this content.
    pub(super) fn of<C: Content>(id: EntryId, revision: i32, row: &C::Model) -> Self {
        let required = C::FIELDS.iter().filter(|field| field.required.by(row));
        let targets = |field: &'static Field<C::Model>| {
            let targets = field.targets(row).into_iter();
            targets.map(|target| (field.path, target))
        };
        Self {
            id,
            revision,
            needs: required.flat_map(targets).collect(),
            claims: Claims::of::<C>(row),
        }
    }
}

impl Change {
    /// Makes the latest revision of each entry the public one: of all, or of none, with everything that blocks it told.
    /// It should be the last step of a change: see [`event::hold`].
    pub async fn publish(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut locked = self.entries(ids.iter().copied()).await?;
        let (mut candidates, mut problems) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            let entry = self.allowed(Right::Publish, id, locked.remove(&id))?;
            let (candidate, found) = self.candidate(id, &entry).await?;
            candidates.extend(candidate);
            problems.extend(found);
        }
        self.make_public(&candidates, problems).await
    }

    /// The same for revisions that are known, with what blocks them as far as it was found. A trial stops before the flags are
    /// moved: what blocks the candidates depends on them alone, and on what is public beside them.
    pub(super) async fn make_public(
        &mut self,
        candidates: &[Candidate],
        mut problems: Vec<Problem>,
    ) -> Result<()> {
        if candidates.is_empty() && problems.is_empty() {
            return Ok(());
        }
        self.half_done = true;
        // Whoever raises a flag holds the counter, so that no two changes wait for each other's address.
        let moment = if self.is_trial {
            None
        } else {
            Some(self.moment().await?)
        };
        problems.extend(unique::taken_in_type(&self.tx, candidates).await?);
        if let Some(moment) = moment.filter(|_| problems.is_empty()) {
            self.move_flags(candidates, moment).await?;
        }
        problems.extend(self.not_public(candidates).await?);
        problems.extend(unique::taken_in_lists(&self.tx, &self.principal, candidates).await?);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        for Candidate { id, revision, .. } in candidates {
            self.tell(Action::EntryPublished, *id, *revision);
        }
        self.half_done = false;
        Ok(())
    }

    async fn move_flags(&mut self, candidates: &[Candidate], moment: Instant) -> Result<()> {
        // All flags go down before any goes up, so that entries may hand on what is unique among the public.
        for Candidate { id, .. } in candidates {
            for_type!(id.content_type, C => self.lower::<C>(*id).await)?;
        }
        for candidate in candidates {
            for_type!(candidate.id.content_type, C => self.raise::<C>(candidate).await)?;
        }
        for part in candidates.chunks(CANDIDATES_PER_STATEMENT) {
            self.record_publications(part, moment).await?;
        }
        Ok(())
    }

    /// The entry, if its latest revision is not public yet, and what keeps that from becoming so.
    async fn candidate(
        &self,
        id: EntryId,
        entry: &entry::Model,
    ) -> Result<(Option<Candidate>, Vec<Problem>)> {
        if entry.archived_at.is_some() {
            let message = "lies in the trash; restore it first";
            let problem = Problem::new(ProblemCode::Invalid, "", message);
            return Ok((None, at(id, vec![problem])));
        }
        let revision = entry.latest_revision;
        if entry.published_revision == Some(revision) {
            return Ok((None, Vec::new()));
        }
        for_type!(id.content_type, C => {
            let row = self.known_revision::<C>(id, revision).await?;
            let (candidate, problems) = self.checked::<C>(id, revision, &row);
            Ok((Some(candidate), problems))
        })
    }

    /// A candidate, and what is missing in its content.
    pub(super) fn checked<C: Content>(
        &self,
        id: EntryId,
        revision: i32,
        row: &C::Model,
    ) -> (Candidate, Vec<Problem>) {
        let problems = check::public::<C>(row, self.app.site.default_locale());
        (Candidate::of::<C>(id, revision, row), at(id, problems))
    }

    async fn lower<C: Content>(&self, id: EntryId) -> Result<()> {
        let public = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("published"));
        self.set_flag::<C>("published", false, public).await?;
        Ok(())
    }

    /// Makes the revision public. Somebody may have taken what is unique of it since that was looked up.
    async fn raise<C: Content>(&self, candidate: &Candidate) -> Result<()> {
        let Candidate { id, revision, .. } = *candidate;
        let named = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("revision").eq(revision));
        let raised = self.set_flag::<C>("published", true, named).await;
        let constraints = unique::unique_fields::<C>().map(|field| {
            (
                unique::constraint::<C>(field),
                unique::taken::<C>(field.path),
            )
        });
        on_constraints(raised, constraints).map_err(|error| within(id, error))
    }

    async fn record_publications(
        &mut self,
        candidates: &[Candidate],
        moment: Instant,
    ) -> Result<()> {
        let ids: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.id.uuid)
            .collect();
        let were_public = self.end_publications(ids.clone(), moment).await?;
        let new = candidates
            .iter()
            .filter(|candidate| !were_public.contains(&candidate.id.uuid));
        for candidate in new {
            self.counts.publish(candidate.id.content_type, 1);
        }
        let rows = candidates.iter().map(|candidate| publication::ActiveModel {
            id: Set(id::new()),
            entry_id: Set(candidate.id.uuid),
            revision: Set(candidate.revision),
            starts_at: Set(moment),
            ends_at: Set(None),
            published_by: Set(self.principal.account_id()),
        });
        publication::Entity::insert_many(rows)
            .exec_without_returning(&self.tx)
            .await?;
        let latest = Expr::col(entry::Column::LatestRevision);
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, latest)
            .col_expr(entry::Column::PublishedAt, Expr::value(moment))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.is_in(ids))
            .exec(&self.tx)
            .await?;
        for part in candidates.chunks(CANDIDATES_PER_BATCH) {
            let mut batch = Batch::default();
            for Candidate { id, revision, .. } in part {
                batch.add(reference::pruning(id.uuid, *revision, Some(*revision)));
            }
            batch.execute(&self.tx).await?;
        }
        Ok(())
    }

    /// Ends the open publications of the entries; returns those that had one.
    async fn end_publications(&self, entries: Vec<Uuid>, moment: Instant) -> Result<HashSet<Uuid>> {
        let ended = publication::Entity::update_many()
            .col_expr(publication::Column::EndsAt, Expr::value(moment))
            .filter(publication::Column::EntryId.is_in(entries))
            .filter(publication::Column::EndsAt.is_null())
            .exec_with_returning(&self.tx)
            .await?;
        Ok(ended.into_iter().map(|ended| ended.entry_id).collect())
    }

    /// Takes the log's counter, and returns the moment at which everything that this change publishes becomes public, and
    /// everything that it withdraws ceases to be. It is later than that of each change before it in the log, whatever the
    /// clocks of the instances say. No entry may be locked after this: see [`event::hold`].
    pub(super) async fn moment(&mut self) -> Result<Instant> {
        if let Some(moment) = self.moment {
            return Ok(moment);
        }
        let counter = event::hold(&self.tx).await?;
        let now = self.app.clock.now();
        let last = if moment::lies_ahead(counter.last_publication_at, now) {
            self.clamp_publications(now).await?
        } else {
            counter.last_publication_at
        };
        let after = if moment::lies_ahead(counter.last_at, now) {
            now
        } else {
            counter.last_at
        };
        let moment = Ord::max(Ord::max(now, after), last + moment::TICK);
        moment::record_publication(&self.tx, moment).await?;
        self.moment = Some(moment);
        Ok(moment)
    }

    /// Sets the moments of publication that lie ahead of the clock to now, in their order; returns the last of them.
    async fn clamp_publications(&self, now: Instant) -> Result<Instant> {
        let is_ahead = Condition::any()
            .add(publication::Column::StartsAt.gt(now))
            .add(publication::Column::EndsAt.gt(now));
        let rows = publication::Entity::find()
            .filter(is_ahead)
            .order_by_asc(publication::Column::StartsAt)
            .all(&self.tx)
            .await?;
        let moments = rows
            .iter()
            .flat_map(|row| [Some(row.starts_at), row.ends_at]);
        let moments: BTreeSet<Instant> = moments.flatten().filter(|at| *at > now).collect();
        let clamped: BTreeMap<Instant, Instant> = (1_i32..)
            .zip(moments)
            .map(|(place, at)| (at, now + moment::TICK * place))
            .collect();
        let clamp = |at: Instant| clamped.get(&at).copied().unwrap_or(at);
        // In their order, so that none meets one that has not been moved yet.
        for row in &rows {
            publication::Entity::update_many()
                .col_expr(
                    publication::Column::StartsAt,
                    Expr::value(clamp(row.starts_at)),
                )
                .col_expr(
                    publication::Column::EndsAt,
                    Expr::value(row.ends_at.map(clamp)),
                )
                .filter(publication::Column::Id.eq(row.id))
                .exec(&self.tx)
                .await?;
            entry::Entity::update_many()
                .col_expr(
                    entry::Column::PublishedAt,
                    Expr::value(clamp(row.starts_at)),
                )
                .filter(entry::Column::Id.eq(row.entry_id))
                .filter(entry::Column::PublishedAt.eq(row.starts_at))
                .exec(&self.tx)
                .await?;
        }
        moment::forget_answers(&self.tx).await?;
        tracing::warn!(
            publications = rows.len(),
            "the clock was ahead when entries were published; what lies ahead is set to now"
        );
        Ok(clamped.into_values().last().unwrap_or(now))
    }

    /// Makes the entry no longer public. Who needs it must have been looked after.
    pub(super) async fn withdraw(&mut self, id: EntryId, entry: &entry::Model) -> Result<()> {
        let moment = self.moment().await?;
        for_type!(id.content_type, C => self.lower::<C>(id).await)?;
        let ended = self.end_publications(vec![id.uuid], moment).await?;
        if !ended.is_empty() {
            self.counts.publish(id.content_type, -1);
        }
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, Expr::value(None::<i32>))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        let pruning = reference::pruning(id.uuid, entry.latest_revision, None);
        self.tx.execute(&pruning).await?;
        Ok(())
    }

    /// The required references of the candidates that are not public, and do not become so with them.
    async fn not_public(&self, candidates: &[Candidate]) -> Result<Vec<Problem>> {
        let of_change: BTreeSet<EntryId> =
            candidates.iter().map(|candidate| candidate.id).collect();
        let needs = |candidate: &Candidate| candidate.needs.clone();
        let mut needed: BTreeSet<EntryId> = candidates
            .iter()
            .flat_map(needs)
            .map(|(_, id)| id)
            .collect();
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
