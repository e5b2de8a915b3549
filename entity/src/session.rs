//! `session`: the stay of an account, from signing in to signing out.

use sea_orm::entity::prelude::*;

/// A session. Access tokens name it, and hold only while it stands.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub created_at: DateTimeUtc,
    /// When its owner last showed who they are: by the password, or by whatever they sign in with.
    pub password_at: DateTimeUtc,
    /// When it was last used, to some minutes.
    pub last_seen_at: DateTimeUtc,
    /// When it ends if nobody continues it.
    pub expires_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    /// What the client calls itself; may be empty.
    pub device: String,
    /// The network of the client, such as `203.0.113.7/32`; may be empty.
    pub network: String,
}

impl ActiveModelBehavior for ActiveModel {}
