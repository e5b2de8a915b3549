//! `milestone`: one row per revision of a milestone, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    entry_id::EntryId,
    localized::Localized,
    partial_date::PartialDate,
    stamp::{TextRevisions, stamped},
};

/// A revision of a milestone.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "milestone")]
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
    pub date: PartialDate,
    pub end_date: Option<PartialDate>,
    pub title: Localized,
    pub body: Localized,
    pub image: Option<EntryId>,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
