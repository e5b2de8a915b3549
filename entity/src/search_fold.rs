//! `search_fold`: by which folding the texts that are looked through were written.

use sea_orm::entity::prelude::*;

/// The one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_fold")]
pub struct Model {
    /// 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The folded form of a text of many scripts.
    pub probe: String,
}

impl ActiveModelBehavior for ActiveModel {}
