//! `job`: the queue of background jobs; one row per job that waits, runs, or was given up.

use sea_orm::entity::prelude::*;

/// One job.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name under which the job is registered.
    pub name: String,
    /// No two jobs of a name have the same key; scheduled jobs have their name as the key.
    pub key: Option<String>,
    /// JSON; its secrets are sealed.
    pub payload: String,
    pub created_at: DateTimeUtc,
    /// When it is to run next.
    pub due_at: DateTimeUtc,
    /// Runs that have begun since it was enqueued, or since the last success of a scheduled job.
    pub attempts: i32,
    /// Random, new for each run; none while nobody runs it.
    pub lease: Option<Uuid>,
    /// Incremented by the instance that runs it, for as long as it does.
    pub beat: i64,
    /// When it was given up.
    pub failed_at: Option<DateTimeUtc>,
    /// Why the last run failed, without what only the log may show.
    pub error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
