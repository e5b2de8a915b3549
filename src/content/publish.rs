//! Publishing: the one place that moves what is public.

use std::collections::{BTreeMap, BTreeSet};

use entity::{Instant, entry, entry::ContentType, entry_id::EntryId, publication, reference};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    prelude::{Expr, Uuid},
    sea_query::{Query, SelectStatement},
};

pub(super) use super::candidate::{Candidate, PublicMove};
use super::{
    Content,
    change::{Change, setting_flag},
    seal::Sealing,
    types::for_type,
    unique,
};
use crate::{
    auth::Right,
    error::{Problem, Result, on_constraints},
    event::{Action, moment},
    id,
};

/// Engines bound the number of parameters of a statement.
const ENTRIES_PER_STATEMENT: usize = 1_000;

impl Change {
    /// The latest revision of each entry is to be the public one. What blocks that is told when the change is sealed.
    pub async fn publish(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
        let mut locked = self.entries(ids.iter().copied()).await?;
        let mut revisions = Vec::with_capacity(ids.len());
        for id in ids {
            let entry = self.allowed(Right::Publish, id, locked.remove(&id))?;
            if entry.published_revision != Some(entry.latest_revision) {
                revisions.push((id, entry.latest_revision));
            }
        }
        self.raise(revisions.iter().copied()).await?;
        for (id, revision) in revisions {
            self.tell(Action::EntryPublished, id, revision);
        }
        Ok(())
    }
}

/// What becomes public with a change, and what ceases to be.
#[derive(Default)]
pub(super) struct NetMoves {
    pub(super) raised: Vec<Candidate>,
    pub(super) withdrawn: Vec<EntryId>,
}

impl NetMoves {
    fn ids(&self) -> impl Iterator<Item = EntryId> {
        let raised = self.raised.iter().map(|candidate| candidate.id);
        raised.chain(self.withdrawn.iter().copied())
    }
}

impl Sealing {
    /// Moves what is public, and returns what blocks that, beside the `problems` that are known.
    pub(super) async fn move_public(
        &mut self,
        moves: &NetMoves,
        mut problems: Vec<Problem>,
    ) -> Result<Vec<Problem>> {
        let ids: Vec<EntryId> = moves.ids().collect();
        // All flags go down before any goes up, so that entries may hand on what is unique among the public.
        for (content_type, ids) in grouped(&ids) {
            for_type!(content_type, C => self.lower::<C>(ids).await)?;
        }
        for part in ids.chunks(ENTRIES_PER_STATEMENT) {
            self.end_publications(part).await?;
        }
        let archived = moves.raised.iter().map(|candidate| candidate.id);
        let archived = archived.filter(|id| self.change().is_archived(*id));
        let going: Vec<EntryId> = moves.withdrawn.iter().copied().chain(archived).collect();
        for part in going.chunks(ENTRIES_PER_STATEMENT) {
            self.withdraw(part).await?;
        }
        self.change().move_trash().await?;
        problems.extend(unique::taken_in_type(self.tx(), &moves.raised).await?);
        if problems.is_empty() {
            for part in moves.raised.chunks(ENTRIES_PER_STATEMENT) {
                self.raise(part).await?;
            }
        }
        problems.extend(self.change().unfitting(&moves.raised).await?);
        for part in ids.chunks(ENTRIES_PER_STATEMENT) {
            self.prune_references(part).await?;
        }
        self.count(moves);
        Ok(problems)
    }

    async fn lower<C: Content>(&self, ids: Vec<Uuid>) -> Result<()> {
        for part in ids.chunks(ENTRIES_PER_STATEMENT) {
            let public = Condition::all()
                .add(Expr::col("entry_id").is_in(part.iter().copied()))
                .add(Expr::col("published"));
            let lowering = setting_flag::<C>("published", false, public);
            self.tx().execute(&lowering).await?;
        }
        Ok(())
    }

    /// Ends the open publications of the entries.
    async fn end_publications(&self, ids: &[EntryId]) -> Result<()> {
        publication::Entity::update_many()
            .col_expr(publication::Column::EndsAt, Expr::value(self.moment()))
            .col_expr(publication::Column::EndBatch, Expr::value(self.batch()))
            .filter(publication::Column::EntryId.is_in(ids.iter().map(|id| id.uuid)))
            .filter(publication::Column::EndsAt.is_null())
            .exec(self.tx())
            .await?;
        Ok(())
    }

    async fn withdraw(&self, ids: &[EntryId]) -> Result<()> {
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, Expr::value(None::<i32>))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.change().now))
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .exec(self.tx())
            .await?;
        Ok(())
    }

    /// Begins the publications of the candidates.
    async fn raise(&self, candidates: &[Candidate]) -> Result<()> {
        let rows = candidates.iter().map(|candidate| publication::ActiveModel {
            id: Set(id::new()),
            entry_id: Set(candidate.id.uuid),
            revision: Set(candidate.revision),
            starts_at: Set(self.moment()),
            ends_at: Set(None),
            published_by: Set(self.change().principal.account_id()),
            batch: Set(self.batch()),
            end_batch: Set(None),
        });
        publication::Entity::insert_many(rows)
            .exec_without_returning(self.tx())
            .await?;
        let ids: Vec<EntryId> = candidates.iter().map(|candidate| candidate.id).collect();
        let open = open_revision((entry::Entity, entry::Column::Id));
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, open)
            .col_expr(entry::Column::PublishedAt, Expr::value(self.moment()))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.change().now))
            .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
            .exec(self.tx())
            .await?;
        for (content_type, ids) in grouped(&ids) {
            for_type!(content_type, C => self.lift::<C>(ids).await)?;
        }
        Ok(())
    }

    /// Raises the flags of the revisions whose publications are open.
    async fn lift<C: Content>(&self, ids: Vec<Uuid>) -> Result<()> {
        let open = open_revision((C::Entity::default(), "entry_id"));
        let public = Condition::all()
            .add(Expr::col("entry_id").is_in(ids))
            .add(Expr::col("revision").eq(open));
        let lifting = setting_flag::<C>("published", true, public);
        let lifted = self.tx().execute(&lifting).await;
        on_constraints(lifted, unique::taken_by_constraint::<C>).map(|_| ())
    }

    /// Deletes what revisions of the entries refer to that are neither latest nor public.
    async fn prune_references(&self, ids: &[EntryId]) -> Result<()> {
        let of_entry = |column: entry::Column| Expr::col((entry::Entity, column));
        let of_reference = |column: reference::Column| Expr::col((reference::Entity, column));
        let is_kept = Condition::any()
            .add(
                of_entry(entry::Column::LatestRevision)
                    .eq(of_reference(reference::Column::Revision)),
            )
            .add(
                of_entry(entry::Column::PublishedRevision)
                    .eq(of_reference(reference::Column::Revision)),
            );
        let kept = Query::select()
            .expr(Expr::value(1))
            .from(entry::Entity)
            .and_where(of_entry(entry::Column::Id).eq(of_reference(reference::Column::OwnerId)))
            .cond_where(is_kept)
            .to_owned();
        reference::Entity::delete_many()
            .filter(reference::Column::OwnerId.is_in(ids.iter().map(|id| id.uuid)))
            .filter(Expr::exists(kept).not())
            .exec(self.tx())
            .await?;
        Ok(())
    }

    /// Sets the moments of publication that lie ahead of the clock to now, in their order; returns the last of them.
    pub(super) async fn clamp_publications(&self, now: Instant) -> Result<Instant> {
        let is_ahead = Condition::any()
            .add(publication::Column::StartsAt.gt(now))
            .add(publication::Column::EndsAt.gt(now));
        let rows = publication::Entity::find()
            .filter(is_ahead)
            .order_by_asc(publication::Column::StartsAt)
            .all(self.tx())
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
                .exec(self.tx())
                .await?;
            entry::Entity::update_many()
                .col_expr(
                    entry::Column::PublishedAt,
                    Expr::value(clamp(row.starts_at)),
                )
                .filter(entry::Column::Id.eq(row.entry_id))
                .filter(entry::Column::PublishedAt.eq(row.starts_at))
                .exec(self.tx())
                .await?;
        }
        moment::forget_answers(self.tx()).await?;
        tracing::warn!(
            publications = rows.len(),
            "the clock was ahead when entries were published; what lies ahead is set to now"
        );
        Ok(clamped.into_values().last().unwrap_or(now))
    }

    fn count(&mut self, moves: &NetMoves) {
        let change = self.change_mut();
        for candidate in &moves.raised {
            if change.locks.public_before(candidate.id.uuid).is_none() {
                change.counts.publish(candidate.id.content_type, 1);
            }
        }
        for id in &moves.withdrawn {
            change.counts.publish(id.content_type, -1);
        }
    }
}

/// The entries by their content types.
fn grouped(ids: &[EntryId]) -> BTreeMap<ContentType, Vec<Uuid>> {
    let mut groups = BTreeMap::<_, Vec<Uuid>>::new();
    for id in ids {
        groups.entry(id.content_type).or_default().push(id.uuid);
    }
    groups
}

/// The number of the revision whose publication is open, of the entry with the id in this column.
fn open_revision(entry: impl sea_orm::sea_query::IntoColumnRef) -> Expr {
    let column = |column: publication::Column| Expr::col((publication::Entity, column));
    let open: SelectStatement = Query::select()
        .column(publication::Column::Revision)
        .from(publication::Entity)
        .and_where(column(publication::Column::EntryId).eq(Expr::col(entry)))
        .and_where(column(publication::Column::EndsAt).is_null())
        .to_owned();
    Expr::SubQuery(None, Box::new(open.into()))
}
