//! `vault`: what tells whether the key from outside is the one that the database was sealed with.

use sea_orm::entity::prelude::*;

/// The one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vault")]
pub struct Model {
    /// 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// A known text, sealed.
    pub sample: String,
}

impl ActiveModelBehavior for ActiveModel {}
