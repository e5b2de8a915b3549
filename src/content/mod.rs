//! The heart: what an entry is, and what can happen to it.
//!
//! Everything here works for all content types alike; what a type adds stands in `types/`.

pub mod address;
pub mod archive;
pub mod autosave;
pub mod by_id;
pub mod cache_tag;
pub mod change;
pub mod check;
mod conflict;
pub mod connection;
pub mod count;
pub mod dependency;
pub mod draft;
pub mod field;
pub mod filter;
pub mod format;
pub mod given;
pub mod history;
pub mod input;
pub mod lifecycle;
pub mod list_change;
pub mod load;
mod locale;
pub mod locale_survey;
pub mod markdown;
mod mask;
pub mod media_binding;
pub mod media_clean;
pub mod media_removal;
pub mod media_sweep;
pub mod merge;
pub mod number;
pub mod object;
pub mod order;
pub mod origin;
pub mod page_args;
mod parts;
pub mod patch;
pub mod position;
pub mod publish;
pub mod publish_locale;
pub mod read;
pub mod reference;
pub mod row;
pub mod scalar;
pub mod scope;
pub mod search_text;
pub mod sort_key;
pub mod status;
pub mod translation;
pub mod types;
pub mod upload;
pub mod usage;
pub mod used_by;
pub mod user_error;
pub mod view;
pub mod view_name;
pub mod work_list;
pub mod write;

use async_graphql::ObjectType;
use entity::{entry::ContentType, stamp::Stamped};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityTrait, FromQueryResult, IntoActiveModel,
};
use serde::{Serialize, de::DeserializeOwned};

use self::{
    field::Field,
    filter::Filter,
    input::{Input, Translation},
    order::OrderBy,
    scope::Loaded,
};
use crate::error::Problem;

/// What a content type adds to an entry.
pub trait Content: ObjectType + From<Loaded<Self::Model>> + Clone + Send + Sync + 'static {
    /// Which type it is.
    const TYPE: ContentType;
    /// Its name in the API.
    const NAME: &'static str;
    /// What it is, for the schema.
    const ABOUT: &'static str;
    /// Its fields with their limits.
    const FIELDS: &'static [Field<Self::Model>];
    /// Each writes the sort key of a name into a row.
    const SORT_KEYS: &'static [fn(&mut Self::Model)] = &[];
    /// Whether its entries have a position of their own, for lists without a section.
    const POSITIONED: bool = false;

    /// What an editor may write of it.
    type Input: Input;
    /// Its texts in one more locale.
    type Translation: Translation;
    /// A row of its table.
    type Model: FromQueryResult
        + IntoActiveModel<Self::Row>
        + Stamped
        + Default
        + Serialize
        + DeserializeOwned
        + Clone
        + PartialEq
        + Send
        + Sync
        + 'static;
    /// The same row on its way into the database.
    type Row: ActiveModelTrait<Entity = Self::Entity> + ActiveModelBehavior + Send + 'static;
    /// Its table.
    type Entity: EntityTrait<Model = Self::Model>;
    /// Its `where`.
    type Filter: Filter;
    /// Its `orderBy`.
    type Order: OrderBy<Row = Self::Model>;

    /// The row and its scope.
    fn loaded(&self) -> &Loaded<Self::Model>;

    /// What is wrong across the fields of a row, whether it is public or not.
    fn check(_row: &Self::Model, _problems: &mut Vec<Problem>) {}
}
