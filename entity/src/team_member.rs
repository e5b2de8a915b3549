//! `team_member`: one row per revision of a team member, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    entry_id::EntryId,
    link::Links,
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of a team member.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "team_member")]
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
    pub name: String,
    pub pronouns: Option<String>,
    pub role: Localized,
    pub group: Option<String>,
    pub biography: Localized,
    pub photo: Option<EntryId>,
    pub email: Option<String>,
    pub links: Links,
    pub joined_on: Option<Date>,
    pub left_on: Option<Date>,
    #[serde(skip)]
    pub name_sort: String,
    #[serde(skip)]
    pub group_sort: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
