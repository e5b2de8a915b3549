//! Where an entry is used, as far as a view shows it.

use entity::{entry, entry::ContentType, entry_id::EntryId, reference};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
};

use super::{
    order::{Key, OrderColumn, OrderDirection, Step},
    page_args::PageArgs,
    read::{self, Slice},
    view::View,
};
use crate::{database::Snapshot, error::Result};

/// The places in which an entry is used.
pub struct UsedBy(Select<reference::Entity>);

/// One of these places.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Row {
    owner_id: Uuid,
    owner_type: ContentType,
    /// The field that refers.
    pub field: String,
}

impl Row {
    /// The entry that refers.
    pub fn owner(&self) -> EntryId {
        EntryId {
            content_type: self.owner_type,
            uuid: self.owner_id,
        }
    }
}

impl UsedBy {
    /// The places that the view shows. Refuses a view of the past.
    pub fn open(view: &View, target: EntryId) -> Result<Self> {
        let in_sight = view.shown_revision()?;
        let mut select = reference::Entity::find()
            .select_only()
            .columns([reference::Column::OwnerId, reference::Column::Field])
            .filter(reference::Column::TargetId.eq(target.uuid));
        let same = Expr::col((reference::Entity, reference::Column::OwnerId))
            .equals((entry::Entity, entry::Column::Id));
        QuerySelect::query(&mut select).inner_join(entry::Entity, same);
        Ok(Self(
            select
                .column_as(entry::Column::Type, "owner_type")
                .filter(in_sight),
        ))
    }

    /// The order of the places: any, and always the same.
    pub fn order() -> Vec<Step<Row>> {
        let owner = OrderColumn::of_id(reference::Column::OwnerId, |row: &Row| {
            Key::Id(row.owner_id)
        });
        let field = OrderColumn::of_id(reference::Column::Field, |row: &Row| (&row.field).into());
        let step = |by| Step {
            by,
            direction: OrderDirection::Asc,
        };
        vec![step(owner), step(field)]
    }

    /// A page of the places.
    pub async fn page(&self, snapshot: &Snapshot, page: &PageArgs) -> Result<Slice<Row>> {
        read::slice(snapshot, self.0.clone(), Self::order, page).await
    }

    /// How many places there are.
    pub async fn count(&self, snapshot: &Snapshot) -> Result<u64> {
        snapshot.count(self.0.clone()).await
    }
}
