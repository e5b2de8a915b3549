//! Pins: what keeps revisions from being deleted, and from being replaced by autosaves.

use entity::{
    entry_id::EntryId,
    pin::{self, PinKind},
    revision,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::{OnConflict, Query, SelectStatement},
};

use super::change::Change;
use crate::error::Result;

impl Change {
    /// Keeps a revision of an entry for as long as its holder wants it.
    pub async fn pin(
        &mut self,
        id: EntryId,
        revision: i32,
        kind: PinKind,
        holder: Uuid,
    ) -> Result<()> {
        // Locked, so that no autosave replaces it meanwhile.
        self.entries([id]).await?;
        let row = pin::ActiveModel {
            entry_id: Set(id.uuid),
            revision: Set(revision),
            holder_id: Set(holder),
            kind: Set(kind),
        };
        let key = [
            pin::Column::EntryId,
            pin::Column::Revision,
            pin::Column::HolderId,
        ];
        pin::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(&self.tx)
            .await?;
        Ok(())
    }

    /// Gives up all pins of a holder.
    pub async fn unpin(&mut self, holder: Uuid) -> Result<()> {
        pin::Entity::delete_many()
            .filter(pin::Column::HolderId.eq(holder))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Whether anything holds the revision.
    pub(super) async fn is_pinned(&self, entry: Uuid, revision: i32) -> Result<bool> {
        let pins = pin::Entity::find()
            .filter(pin::Column::EntryId.eq(entry))
            .filter(pin::Column::Revision.eq(revision));
        Ok(pins.count(&self.tx).await? > 0)
    }
}

/// Selects the pins of a row of `revision`, for a condition on these rows.
pub(super) fn of_revision() -> SelectStatement {
    let of_pin = |column: pin::Column| Expr::col((pin::Entity, column));
    let of_revision = |column: revision::Column| Expr::col((revision::Entity, column));
    Query::select()
        .expr(Expr::value(1))
        .from(pin::Entity)
        .and_where(of_pin(pin::Column::EntryId).eq(of_revision(revision::Column::EntryId)))
        .and_where(of_pin(pin::Column::Revision).eq(of_revision(revision::Column::Number)))
        .to_owned()
}
