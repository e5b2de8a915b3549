//! `challenge`: what somebody has begun and not come to the end of.

use sea_orm::entity::prelude::*;

/// A step that another one must follow.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge")]
pub struct Model {
    /// SHA-256 of its token, in base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// What it was begun for; it serves nothing else.
    pub purpose: String,
    /// Who has begun it, where that is known.
    pub account_id: Option<Uuid>,
    /// What the next step needs, sealed.
    pub state: Option<String>,
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
