//! `publication`: when which revision was the public one.

use sea_orm::entity::prelude::*;

/// An interval of time, open at its end for as long as the revision is public.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publication")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub entry_id: Uuid,
    pub revision: i32,
    pub starts_at: DateTimeUtc,
    /// The first moment at which it was public no more.
    pub ends_at: Option<DateTimeUtc>,
    pub published_by: Option<Uuid>,
    /// What became public or ceased to be with the change that began it.
    pub batch: Uuid,
    /// The same for the change that ended it.
    pub end_batch: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
