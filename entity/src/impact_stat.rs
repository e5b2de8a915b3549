//! `impact_stat`: one row per revision of an impact stat, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    decimal::Decimal,
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of an impact stat.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "impact_stat")]
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
    pub value: Decimal,
    pub prefix: Localized,
    pub suffix: Localized,
    pub label: Localized,
    pub description: Localized,
    pub icon: Option<String>,
    pub period: Localized,
    pub as_of_on: Option<Date>,
    pub source_name: Option<String>,
    pub source_url: Option<String>,
    pub stale_after_on: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
