//! Autosave: what is saved by itself every few seconds takes the place of what was saved so a moment before.

use chrono::TimeDelta;
use entity::{Instant, entry, entry_id::EntryId, publication, revision};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, prelude::Expr,
};

use super::{Content, change::Change};
use crate::{clock::SKEW, error::Result};

/// How long autosaves take the place of each other; the next one after that stays beside them.
const SERIES: TimeDelta = TimeDelta::minutes(5);
/// How long a replaced revision can still be merged with.
const KEPT: TimeDelta = TimeDelta::days(1);

/// The autosaves that take the place of each other.
pub(super) struct Series<M> {
    /// When the first of them was.
    pub(super) since: Instant,
    /// The number of the one before, which is to be replaced, and what was saved before them all.
    pub(super) replaced: Option<(i32, Option<M>)>,
}

impl Change {
    /// The series that an autosave belongs to: that of the latest revision, if that is a recent autosave of the same
    /// account that never was public, or a new one.
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
        let since = since.map(|since| since.min(self.now));
        let publications = publication::Entity::find()
            .filter(publication::Column::EntryId.eq(entry.id))
            .filter(publication::Column::Revision.eq(number));
        match since {
            Some(since) if publications.count(&self.tx).await? == 0 => {
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

    /// Takes a revision out of the history. A day later it is forgotten, with its content; its number is not given again.
    pub(super) async fn replace_revision(&self, id: EntryId, number: i32) -> Result<()> {
        revision::Entity::update_many()
            .col_expr(revision::Column::ReplacedAt, Expr::value(self.now))
            .filter(revision::Column::EntryId.eq(id.uuid))
            .filter(revision::Column::Number.eq(number))
            .exec(&self.tx)
            .await?;
        let is_over = Condition::any()
            .add(revision::Column::ReplacedAt.lt(self.now - KEPT))
            .add(revision::Column::ReplacedAt.gt(self.now + SKEW));
        revision::Entity::delete_many()
            .filter(revision::Column::EntryId.eq(id.uuid))
            .filter(is_over)
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
