//! `entry`: one row per piece of content, of any type, for as long as it exists.

use sea_orm::entity::prelude::*;

/// An entry's life; its content lies in the table of its type.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub r#type: ContentType,
    /// Name by which the outside world knows the entry; unique within its type.
    pub key: Option<String>,
    /// Its place in lists of its type; empty where the type has none.
    pub position: String,
    pub latest_revision: i32,
    pub published_revision: Option<i32>,
    /// When the public revision became public.
    pub published_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub created_by: Option<Uuid>,
    /// When something last happened to what the entry says, or to where it lies.
    pub updated_at: DateTimeUtc,
    /// Since when the entry lies in the trash.
    pub archived_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The typed shape of an entry.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ContentType {
    Asset,
    ImpactStat,
    Milestone,
    Page,
    StorySection,
    TeamMember,
    Testimonial,
    Value,
}
