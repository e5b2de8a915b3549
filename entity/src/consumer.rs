//! `consumer`: how far each consumer of the content log has come.

use sea_orm::entity::prelude::*;

/// The cursor of one consumer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consumer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The last event that it has consumed; 0 for none.
    pub sequence: i64,
    /// The id of that event; nil for none.
    pub event_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
