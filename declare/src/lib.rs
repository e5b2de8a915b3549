//! The attributes by which content types are declared: one struct, one line per field.
//!
//! ```ignore
//! /// Something that happened on the way, known to the year, the month or the day.
//! #[content_type(positioned, label = title, thumbnail = image)]
//! struct Milestone {
//!     /// When it happened, or began.
//!     #[field(required, filter, sort)]
//!     date: PartialDate,
//!     /// What happened.
//!     #[field(localised, max = 200, publish)]
//!     title: Line,
//!     /// A picture of it.
//!     image: Reference<Asset>,
//! }
//! ```
//!
//! The struct is read, not kept. From `Milestone` follow, in its file: the object `Milestone` with a resolver for each field,
//! `MilestoneInput`, `MilestoneTranslationInput`, `MilestoneFilter`, `MilestoneOrder`, `MilestoneOrderField`, `MilestoneBy`,
//! `MilestoneQuery` (with `milestone` and `milestones`), `MilestoneMutation` (with `create_milestone` and `update_milestone`, their
//! inputs `CreateMilestoneInput` and `UpdateMilestoneInput`, and payloads), and `impl Content for Milestone`, whose `FIELDS` everything
//! else asks. Rows are those of `entity::milestone`. The comments become the descriptions of the schema.
//!
//! # What a field holds
//!
//! | Type | Value | Column |
//! |---|---|---|
//! | `Line`, `Lines` | a text on one line, or on several; `max` characters | `Localized`, `String`, `Option<String>` |
//! | `Markdown` | the same in Markdown, with a field for its HTML beside it | `Localized` |
//! | `Slug`, `Email` | words joined by hyphens, an e-mail address; `max` | `String`, `Option<String>` |
//! | `Url`, `Link` | an absolute address; one that may also lead within the site; at most 2,000 characters | `String`, `Option<String>` |
//! | `PartialDate`, `Date`, `Decimal` | a day, month or year; a day; an exact number | of the same name, or an `Option` of it |
//! | `Integer`, `Float` | a number from `min` to `max` | `i32`, `i64`, `f64`, or an `Option` of it |
//! | `Flag`, `Choice<T>` | yes or no; one of the values of an enumeration | `bool`; the enumeration of the entity |
//! | `Links` | labels and addresses; at most `max` | `Links` |
//! | `Reference<T>` | another entry | `Option<EntryId>` |
//! | `References<T>` | other entries in their order, of a type or of a union of types; at most `max` | `EntryIds` |
//! | `Group<T>` | fields that belong together, see [`macro@group`] | one per field |
//! | `FocalPoint` | the same for a point of a picture, with the `Float` fields `x` and `y` | two |
//!
//! # What can be said of it
//!
//! | Word | Meaning |
//! |---|---|
//! | `localised` | it has a value per locale; of a group, some of its fields have |
//! | `max`, `min` | its limits |
//! | `required` | nothing can be saved without it; in a group, nothing else of the group |
//! | `publish` | nothing can be published without it |
//! | `publish_when = CONDITION` | the same where a `(fn(&Model) -> bool, &str)` says so |
//! | `internal` | only signed-in readers see it; it is no label, and lists are neither filtered nor sorted by it |
//! | `read_only` | editors cannot write it |
//! | `filter`, `filter_by = TYPE` | lists can be filtered by it, with the usual operators of its type or with these |
//! | `sort`, `sort_name` | lists can be sorted by it; as people sort names, by a sort key in the column `<column>_sort` |
//! | `unique`, `unique_within = "Page.sections"` | its value is unique among what is public: of its type, or in this list; by what is unique in its type entries are found |
//! | `not_before = FIELD` | it must not lie before that other date |
//! | `column = NAME` | its column, if that has another name |
//! | `with = FUNCTION` | what the API shows of the row, instead of the column |

mod content_type;
mod field;
mod group;
mod kind;
mod resolver;

use darling::{FromMeta, ast::NestedMeta};
use proc_macro::TokenStream;
use syn::{ItemStruct, parse_macro_input};

/// Declares a content type.
///
/// | Word | Meaning |
/// |---|---|
/// | `label = FIELD` | what its entries are called in lists; given twice, the second where the first has no value |
/// | `thumbnail = FIELD`, `is_thumbnail` | the picture that stands for an entry in lists; the entry itself is one |
/// | `positioned` | its entries have an order of their own, for lists without an owner |
/// | `many = NAME` | its plural, if that is not the name with an `s` |
/// | `computed = TYPE` | an object with further fields, made of the loaded row |
/// | `without_create` | the type declares itself how its entries are created |
#[proc_macro_attribute]
pub fn content_type(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, content_type::expand)
}

/// Declares fields that belong together: one object in the API, columns of their owner's row in the database.
///
/// | Word | Meaning |
/// |---|---|
/// | `of = TABLE` | the module of the entity |
/// | `always` | the object is there though none of its fields has a value |
///
/// Otherwise it is there if its required fields have values, or, where none is required, any of its fields.
#[proc_macro_attribute]
pub fn group(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, group::expand)
}

fn expand<A: FromMeta>(
    args: TokenStream,
    item: TokenStream,
    run: fn(&A, &ItemStruct) -> darling::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    let args = NestedMeta::parse_meta_list(args.into()).map_err(darling::Error::from);
    let expanded = args
        .and_then(|args| A::from_list(&args))
        .and_then(|args| run(&args, &item));
    expanded.unwrap_or_else(darling::Error::write_errors).into()
}
