//! Autosave: what is saved by itself every few seconds takes the place of what was saved so a moment before.

use chrono::TimeDelta;
use entity::{Instant, entry, entry_id::EntryId, publication, revision};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    prelude::Expr,
    sea_query::{Query, SelectStatement},
};

use super::{Content, change::Change, pin};
use crate::{app::App, error::Result};

/// How long autosaves take the place of each other; the next one after that stays beside them.
const SERIES: TimeDelta = TimeDelta::minutes(5);
/// How long a replaced revision can still be merged with: a form that shows it may stay open for as long.
const KEPT: TimeDelta = TimeDelta::days(1);
/// Revisions that one transaction deletes: other writers get their turn in between.
const REVISIONS_AT_ONCE: u64 = 500;

/// The autosaves that take the place of each other.
pub(super) struct Series<M> {
    /// When the first of them was.
    pub(super) since: Instant,
    /// The number of the one before, which is to be replaced, and what was saved before them all.
    pub(super) replaced: Option<(i32, Option<M>)>,
}

impl Change {
    /// The series that an autosave belongs to: that of the latest revision, if that is a recent autosave of the same
    /// account that never was public and that nothing holds, or a new one.
    pub(super) async fn series<C: Content>(
        &self,
        id: EntryId,
        entry: &entry::Model,
    ) -> Result<Series<C::Model>> {
        let number = entry.latest_revision;
        let latest = revision::Entity::find_by_id((entry.id, number))
            .one(&self.tx)
            .await?;
        let own = latest.filter(|latest| latest.saved_by == self.principal.account_id());
        let since = own.and_then(|latest| latest.autosave_since);
        // A series that a clock began that was ahead ends no later than one that begins now.
        let since = since.filter(|since| (self.now - *since).abs() <= SERIES);
        let since = since.map(|since| Ord::min(since, self.now));
        let publications = publication::Entity::find()
            .filter(publication::Column::EntryId.eq(entry.id))
            .filter(publication::Column::Revision.eq(number));
        match since {
            Some(since)
                if publications.count(&self.tx).await? == 0
                    && entry.published_revision != Some(number)
                    && !self.is_pinned(entry.id, number).await? =>
            {
                let before = self.kept_before::<C>(id, number).await?;
                let replaced = Some((number, before));
                Ok(Series { since, replaced })
            }
            _ => Ok(Series {
                since: self.now,
                replaced: None,
            }),
        }
    }

    /// What the entry said in the last revision before this one that was not replaced.
    async fn kept_before<C: Content>(&self, id: EntryId, number: i32) -> Result<Option<C::Model>> {
        let kept = revision::Entity::find()
            .filter(revision::Column::EntryId.eq(id.uuid))
            .filter(revision::Column::Number.lt(number))
            .filter(revision::Column::ReplacedAt.is_null())
            .order_by_desc(revision::Column::Number)
            .one(&self.tx)
            .await?;
        match kept {
            Some(kept) => self.revision::<C>(id, kept.number).await,
            None => Ok(None),
        }
    }

    /// Takes a revision out of the history. A day later the worker deletes it, with its content; its number is not given again.
    pub(super) async fn replace_revision(&self, id: EntryId, number: i32) -> Result<()> {
        revision::Entity::update_many()
            .col_expr(revision::Column::ReplacedAt, Expr::value(self.now))
            .filter(revision::Column::EntryId.eq(id.uuid))
            .filter(revision::Column::Number.eq(number))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

/// Deletes the autosaves that were replaced more than a day ago, with their content; returns how many. Nothing else has an end:
/// what is the latest, what is or was public, and what was saved on purpose stays, even if it should carry the mark.
pub async fn purge(app: &App) -> Result<u64> {
    let before = app.clock.now() - KEPT;
    let mut purged = 0;
    loop {
        let tx = app.database.begin().await?;
        let deleted = revision::Entity::delete_many()
            .filter(key().in_subquery(expired(before)))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        purged += deleted.rows_affected;
        if deleted.rows_affected < REVISIONS_AT_ONCE {
            return Ok(purged);
        }
    }
}

/// Selects the keys of some of the autosaves that were replaced before a moment, and that nothing else names.
fn expired(before: Instant) -> SelectStatement {
    let of_revision = |column| Expr::col((revision::Entity, column));
    let named_by_entry = Query::select()
        .expr(Expr::value(1))
        .from(entry::Entity)
        .and_where(
            Expr::col((entry::Entity, entry::Column::Id))
                .equals((revision::Entity, revision::Column::EntryId)),
        )
        .cond_where(
            Condition::any()
                .add(
                    of_revision(revision::Column::Number)
                        .equals((entry::Entity, entry::Column::LatestRevision)),
                )
                .add(
                    of_revision(revision::Column::Number)
                        .equals((entry::Entity, entry::Column::PublishedRevision)),
                ),
        )
        .to_owned();
    let published = Query::select()
        .expr(Expr::value(1))
        .from(publication::Entity)
        .and_where(
            Expr::col((publication::Entity, publication::Column::EntryId))
                .equals((revision::Entity, revision::Column::EntryId)),
        )
        .and_where(
            Expr::col((publication::Entity, publication::Column::Revision))
                .equals((revision::Entity, revision::Column::Number)),
        )
        .to_owned();
    Query::select()
        .columns([revision::Column::EntryId, revision::Column::Number])
        .from(revision::Entity)
        .and_where(of_revision(revision::Column::ReplacedAt).lt(before))
        .and_where(of_revision(revision::Column::AutosaveSince).is_not_null())
        .and_where(Expr::exists(named_by_entry).not())
        .and_where(Expr::exists(published).not())
        .and_where(Expr::exists(pin::of_revision()).not())
        .limit(REVISIONS_AT_ONCE)
        .to_owned()
}

fn key() -> Expr {
    Expr::tuple([revision::Column::EntryId, revision::Column::Number].map(Expr::col))
}
