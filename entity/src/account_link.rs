//! `account_link`: a link that its owner has been sent, or is to be given.

use sea_orm::entity::prelude::*;

/// What a link lets its holder do with one account, once.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_link")]
pub struct Model {
    /// SHA-256 of its token, in base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub account_id: Uuid,
    /// What it is for; it serves nothing else. An account has at most one link of a purpose.
    pub purpose: String,
    /// The address that the account is to have, for a change of it.
    pub email: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
