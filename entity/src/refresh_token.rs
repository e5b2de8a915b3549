//! `refresh_token`: what continues a session, once.

use sea_orm::entity::prelude::*;

/// A refresh token, as its hash. Spent ones stay, so that a stolen one is known when it comes again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// SHA-256 of the token, in base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// The `jti` of the access token that was given with it.
    pub id: Uuid,
    pub session_id: Uuid,
    /// The token that this one was given for.
    pub parent_id: Option<Uuid>,
    pub expires_at: DateTimeUtc,
    /// When the access token that was given with it was first used.
    pub access_used_at: Option<DateTimeUtc>,
    pub used_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
