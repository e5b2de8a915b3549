//! `trusted_document_counter`: one row, by which running servers notice that trusted documents have changed.

use sea_orm::entity::prelude::*;

/// The row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_document_counter")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// How often documents were published or removed.
    pub changes: i64,
    /// Random, and another one after each change: a database that went back in time comes to the same count by other changes.
    pub version: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
