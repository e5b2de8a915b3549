//! `event_counter`: the one row that hands out the sequence of the log, locked until its transaction commits.

use sea_orm::entity::prelude::*;

/// The last sequence that was handed out.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_counter")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub last_sequence: i64,
    /// The id of the last event; nil for an empty log.
    pub last_id: Uuid,
    /// The id of the last event before the transaction that recorded the last event.
    pub previous_id: Uuid,
    /// The same for as long as no instance has found the database to have gone back in time.
    pub lineage: Uuid,
    /// When the last event occurred; no later event occurs earlier.
    pub last_at: DateTimeUtc,
    /// When something last became public or ceased to be; the next time is later.
    pub last_publication_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
