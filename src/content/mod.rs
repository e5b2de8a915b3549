//! The heart: what an entry is, and what can happen to it.
//!
//! Everything here works for all content types alike; what a type adds stands in `types/`.

pub mod archive;
pub mod autosave;
pub mod by_id;
pub mod cache_tag;
pub mod candidate;
pub mod change;
pub mod check;
mod conflict;
pub mod connection;
pub mod count;
pub mod dependency;
pub mod draft;
pub mod filter;
pub mod given;
pub mod history;
pub mod input;
mod label;
pub mod lifecycle;
pub mod list_change;
pub mod load;
mod locale;
pub mod locale_survey;
pub mod lock;
pub mod markdown;
mod mask;
pub mod media_binding;
pub mod media_clean;
pub mod media_removal;
pub mod media_sweep;
pub mod merge;
pub mod model;
pub mod number;
pub mod object;
pub mod order;
pub mod origin;
pub mod page_args;
mod parts;
pub mod patch;
pub mod pin;
pub mod plan;
pub mod position;
pub mod publications;
pub mod publish;
pub mod publish_locale;
pub mod read;
pub mod reference;
pub mod row;
pub mod rows;
pub mod scalar;
pub mod scope;
pub mod seal;
pub mod search_text;
pub mod sort_key;
pub mod status;
pub mod take_back;
pub mod translation;
pub mod trial;
pub mod types;
mod unique;
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
    filter::Filter,
    input::{Input, Translation},
    merge::Column,
    model::field::{Field, Group},
    order::OrderBy,
    scope::Loaded,
};

/// What a content type adds to an entry.
pub trait Content: ObjectType + From<Loaded<Self::Model>> + Clone + Send + Sync + 'static {
    /// Which type it is.
    const TYPE: ContentType;
    /// Its name in the API.
    const NAME: &'static str;
    /// What it is, for the schema.
    const ABOUT: &'static str;
    /// The name of lists of its entries in Rust, such as `story_sections`.
    const MANY: &'static str;
    /// Its fields.
    const FIELDS: &'static [Field<Self::Model>];
    /// The groups of its fields.
    const GROUPS: &'static [Group];
    /// The paths of what its entries are called in lists: the first that has a value.
    const LABELS: &'static [&'static str];
    /// The picture that stands for an entry in lists.
    const THUMBNAIL: Thumbnail;
    /// Each writes the sort key of a name into a row.
    const SORT_KEYS: &'static [fn(&mut Self::Model)];
    /// Whether its entries have a position of their own, for lists without an owner.
    const POSITIONED: bool;

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

    /// Its name in the words of messages, such as `story section`.
    fn in_words() -> String {
        let mut words = String::new();
        for letter in Self::NAME.chars() {
            if letter.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(letter.to_lowercase());
        }
        words
    }

    /// Its field with this path in the API.
    fn field(path: &str) -> Option<&'static Field<Self::Model>> {
        Self::FIELDS.iter().find(|field| field.path == path)
    }

    /// Its fields as merging sees them.
    fn columns() -> Vec<Column> {
        let column = |field: &Field<Self::Model>| Column {
            path: field.path,
            stored_as: field.stored_as,
            shape: field.shape(),
        };
        Self::FIELDS.iter().map(column).collect()
    }
}

/// The picture that stands for an entry in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thumbnail {
    /// There is none.
    None,
    /// What the field with this path refers to.
    Field(&'static str),
    /// The entry itself, which is a picture.
    Itself,
}
