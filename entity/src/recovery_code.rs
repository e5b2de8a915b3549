//! `recovery_code`: what takes the place of a lost factor, once.

use sea_orm::entity::prelude::*;

/// A code that was not used yet, as its hash.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_code")]
pub struct Model {
    /// SHA-256 of the code, in base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub account_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
