//! `attempt`: how often a secret was tried.

use sea_orm::entity::prelude::*;

/// Attempts at one account, or from one network.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// What is counted, such as `password:network:203.0.113.7/32`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    pub count: i32,
    pub last_at: DateTimeUtc,
    /// When the next attempt is looked at again.
    pub next_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
