//! Counts of entries by type. Each change adjusts them in its own transaction, so that no list has to be walked to count it.

use std::collections::BTreeMap;

use entity::{entry::ContentType, entry_count};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::Expr, sea_query::OnConflict,
};

use crate::{
    database::{RowKind, Snapshot},
    error::{Error, Result},
};

/// Adjustments of the counts by a change.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<ContentType, Difference>);

#[derive(Clone, Copy, Debug, Default)]
struct Difference {
    listed: i64,
    public: i64,
}

impl Counts {
    /// Adds to the count of entries that are not archived; `entries` may be negative.
    pub fn list(&mut self, content_type: ContentType, entries: i64) {
        self.0.entry(content_type).or_default().listed += entries;
    }

    /// Adds to the count of public entries; `entries` may be negative.
    pub fn publish(&mut self, content_type: ContentType, entries: i64) {
        self.0.entry(content_type).or_default().public += entries;
    }

    /// Applies the adjustments. Call it while the transaction holds the counter of events, which serialises it with other changes.
    pub async fn record(&self, tx: &DatabaseTransaction) -> Result<()> {
        let altered = self
            .0
            .iter()
            .filter(|(_, by)| by.listed != 0 || by.public != 0);
        let rows: Vec<_> = altered
            .map(|(content_type, by)| entry_count::ActiveModel {
                r#type: Set(*content_type),
                listed: Set(by.listed),
                public: Set(by.public),
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let sum = |column: entry_count::Column| {
            let added = Expr::col(("excluded", column));
            Expr::col((entry_count::Entity, column)).add(added)
        };
        let add = OnConflict::column(entry_count::Column::Type)
            .value(
                entry_count::Column::Listed,
                sum(entry_count::Column::Listed),
            )
            .value(
                entry_count::Column::Public,
                sum(entry_count::Column::Public),
            )
            .to_owned();
        entry_count::Entity::insert_many(rows)
            .on_conflict(add)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// Returns the number of entries of a type that have a row of this kind.
pub async fn of_type(snapshot: &Snapshot, content_type: ContentType, kind: RowKind) -> Result<u64> {
    let select = entry_count::Entity::find().filter(entry_count::Column::Type.eq(content_type));
    let rows: Vec<entry_count::Model> = snapshot.all(select).await?;
    let count = rows.first().map_or(0, |counts| match kind {
        RowKind::Published => counts.public,
        RowKind::Latest => counts.listed,
    });
    u64::try_from(count).map_err(Error::internal)
}
