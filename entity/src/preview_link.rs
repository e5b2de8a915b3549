//! `preview_link`: who may look at the draft of an entry for a while, without an account.

use sea_orm::entity::prelude::*;

use crate::entry::ContentType;

/// A preview link.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preview_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its maker, who must be able to read the draft themselves for as long as the link is used.
    pub account_id: Uuid,
    pub entry_id: Uuid,
    pub entry_type: ContentType,
    /// The one locale that drafts are shown in; none for all.
    pub locale: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
