//! `identity`: who somebody is to an OpenID provider.

use sea_orm::entity::prelude::*;

/// Somebody whom a provider knows, and their account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity")]
pub struct Model {
    /// The provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// What the provider calls them, for ever.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub account_id: Uuid,
    pub created_at: DateTimeUtc,
    pub last_used_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
