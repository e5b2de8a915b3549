//! `totp`: what an authenticator app makes its codes of.

use sea_orm::entity::prelude::*;

/// The secret that an account shares with an authenticator app.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// Sealed.
    pub secret: String,
    /// Since when it is a factor; none until a code has shown that the app has it.
    pub confirmed_at: Option<DateTimeUtc>,
    /// The step of time whose code was taken last: neither it nor an earlier one is taken again.
    pub last_step: i64,
}

impl ActiveModelBehavior for ActiveModel {}
