//! `story_section`: one row per revision of a story section, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    entry_id::EntryId,
    entry_id::EntryIds,
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of a story section.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "story_section")]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub entry_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub revision: i32,
    #[serde(skip)]
    pub latest: bool,
    #[serde(skip)]
    pub published: bool,
    #[serde(skip)]
    pub saved_at: DateTimeUtc,
    #[serde(skip)]
    pub text_revisions: TextRevisions,
    pub anchor: String,
    pub layout: Layout,
    pub eyebrow: Localized,
    pub heading: Localized,
    pub body: Localized,
    pub image: Option<EntryId>,
    pub call_to_action_label: Localized,
    pub call_to_action_url: Option<String>,
    pub items: EntryIds,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();

/// How a section is meant to be shown.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Layout {
    Hero,
    #[default]
    Text,
    Statement,
    Values,
    Impact,
    Testimonials,
    Timeline,
    Team,
    CallToAction,
}
