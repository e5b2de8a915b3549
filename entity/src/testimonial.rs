//! `testimonial`: one row per revision of a testimonial, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    entry_id::EntryId,
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of a testimonial.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "testimonial")]
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
    pub quote: Localized,
    pub author_name: String,
    pub author_role: Localized,
    pub organisation: Option<String>,
    pub photo: Option<EntryId>,
    pub source_url: Option<String>,
    pub consent_given_on: Option<Date>,
    pub consent_scope: Option<String>,
    pub consent_expires_on: Option<Date>,
    #[serde(skip)]
    pub author_name_sort: String,
    #[serde(skip)]
    pub organisation_sort: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
