//! `audit_event`: the append-only audit log; one row per sign-in, and per change of an account, a token or a setting.

use sea_orm::entity::prelude::*;

/// One record of the audit log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// 1, 2, 3 … without a gap, in the order of the commits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Random.
    pub id: Uuid,
    pub occurred_at: DateTimeUtc,
    /// The account that did it; none for the system itself.
    pub actor_id: Option<Uuid>,
    /// What happened, such as `account.created`.
    pub action: String,
    /// The account that it happened to.
    pub account_id: Option<Uuid>,
    /// What else it happened to, such as `session_…`.
    pub target: Option<String>,
    /// The network that it came from.
    pub network: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
