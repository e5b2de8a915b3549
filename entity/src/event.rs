//! `event`: the append-only log; one row per change, written in the change's own transaction.

use sea_orm::entity::prelude::*;

/// One line of the log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// 1, 2, 3 … without a gap, in the order of the commits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Random. A database that went back in time gives the same sequences to other events.
    pub id: Uuid,
    pub occurred_at: DateTimeUtc,
    /// The account that did it; none for the system itself.
    pub actor_id: Option<Uuid>,
    /// The API token that it was done with, if it was one.
    pub token_id: Option<Uuid>,
    /// What happened, such as `entry.published`.
    pub action: String,
    pub entry_id: Option<Uuid>,
    pub entry_type: Option<crate::entry::ContentType>,
    pub revision: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
