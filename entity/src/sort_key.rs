//! `sort_key`: by which data the sort keys beside names were written.

use sea_orm::entity::prelude::*;

/// The one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sort_key")]
pub struct Model {
    /// 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The sort key of a text of many scripts.
    pub probe: String,
}

impl ActiveModelBehavior for ActiveModel {}
