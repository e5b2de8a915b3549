//! When which revision of an entry was public.

use entity::{entry, publication};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use super::{
    order::{Key, OrderColumn, OrderDirection, Step},
    page_args::PageArgs,
    read::{self, Slice},
};
use crate::{database::Snapshot, error::Result};

/// The order of publications: the newest first.
pub fn newest_first() -> Vec<Step<publication::Model>> {
    let descending = |by| Step {
        by,
        direction: OrderDirection::Desc,
    };
    vec![
        descending(OrderColumn::new(
            publication::Column::StartsAt,
            |row: &publication::Model| row.starts_at.into(),
        )),
        descending(OrderColumn::of_id(
            publication::Column::Id,
            |row: &publication::Model| Key::Id(row.id),
        )),
    ]
}

/// A page of the publications of an entry.
pub async fn publications(
    snapshot: &Snapshot,
    entry: &entry::Model,
    page: &PageArgs,
) -> Result<Slice<publication::Model>> {
    read::slice(snapshot, of_entry(entry), newest_first, page).await
}

/// How many publications an entry has.
pub async fn count(snapshot: &Snapshot, entry: &entry::Model) -> Result<u64> {
    snapshot.count(of_entry(entry)).await
}

fn of_entry(entry: &entry::Model) -> Select<publication::Entity> {
    publication::Entity::find().filter(publication::Column::EntryId.eq(entry.id))
}
