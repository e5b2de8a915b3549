//! `page`: one row per revision of a page, never changed but for its two flags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    entry_id::EntryId,
    entry_id::EntryIds,
    localized::Localized,
    stamp::{TextRevisions, stamped},
};

/// A revision of a page.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "page")]
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
    pub slug: String,
    pub title: Localized,
    pub tagline: Localized,
    pub summary: Localized,
    pub hero_image: Option<EntryId>,
    pub seo_title: Localized,
    pub seo_description: Localized,
    pub seo_image: Option<EntryId>,
    pub sections: EntryIds,
}

impl ActiveModelBehavior for ActiveModel {}

stamped!();
