//! `asset`: one row per revision of an asset's description, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of an asset's description.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "asset")]
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
    pub file_name: String,
    pub media_type: String,
    pub bytes: i64,
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Where the file lies in the media store.
    pub storage_key: String,
    pub alternative_text: Localized,
    pub decorative: bool,
    pub caption: Localized,
    pub credit: Option<String>,
    /// From the left, 0 to 1.
    pub focal_x: Option<f64>,
    /// From the top, 0 to 1.
    pub focal_y: Option<f64>,
    #[serde(skip)]
    pub file_name_sort: String,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
