//! The list of content types, once, and what the API offers for all of them.

pub(super) mod declare;
pub(super) mod find;
pub(super) mod list;
pub(crate) mod metered;
pub(super) mod mutation;
pub(super) mod root;

mod asset_file;

use async_graphql::{Enum, ID, Interface, MergedObject};
use entity::entry::ContentType;
use std::sync::Arc;

use self::metered::Metered;
pub use super::model::types::*;
pub use mutation::entries_after;
pub use root::{Reader, entries_of, parse_id, reader};

use super::{
    Content,
    object::Entry,
    row::AnyRow,
    scalar::{DateTime, Locale},
    scope::Scope,
    status::EntryStatus,
    translation::Translation,
};

/// The name of a content type, and the limits of its fields by their paths.
pub fn limits(content_type: ContentType) -> (&'static str, Vec<(&'static str, String)>) {
    for_type!(content_type, C => {
        let limits = C::FIELDS.iter().map(|field| (field.path, field.limits()));
        (C::NAME, limits.collect())
    })
}

/// Writes what needs the whole list: the interfaces, the roots, and [`for_type`].
macro_rules! content_types {
    ($d:tt $($content:ident: $query:ty, $($mutation:ty),+);+ $(;)?) => {
        /// Anything that has an id.
        #[derive(Clone, Interface)]
        #[graphql(field(name = "id", ty = "ID", desc = "Identity, of what is shown."))]
        pub enum Node {
            $(#[doc(hidden)] $content(Entry<$content>),)+
        }

        /// One piece of content, of any type.
        #[derive(Clone, Interface)]
        #[graphql(
            name = "Entry",
            field(name = "id", ty = "ID", desc = "Identity of what is shown: that of the entry, and of the view in which it is shown."),
            field(name = "entry_id", ty = "ID", desc = "Identity of the entry, which never changes, in any view or revision."),
            field(name = "key", ty = "Option<&str>", desc = "Name by which the outside world knows the entry; unique within its type."),
            field(name = "revision", ty = "i32", desc = "The revision that is shown: 1, 2, 3 …"),
            field(name = "status", ty = "EntryStatus", desc = "Where the entry stands in its life, as far as you may know."),
            field(name = "locale", ty = "Locale", desc = "The locale of the view in which the entry is shown: the first one in which it has texts."),
            field(name = "fallbacks", ty = "Vec<&'static str>", desc = "The fields whose text is in another locale than `locale`, because they have none in it."),
            field(name = "translations", ty = "Vec<Metered<Translation>>", desc = "How far the entry is translated, in each of the site's locales."),
            field(name = "label", ty = "&str", desc = "What the entry is called in lists, in the locale of the view; empty for a draft that has no such text yet."),
            field(name = "thumbnail", ty = "Option<Entry<Asset>>", desc = "The picture that stands for the entry in lists: of an asset, the asset itself."),
            field(name = "created_at", ty = "DateTime", desc = "When the entry was created."),
            field(name = "updated_at", ty = "DateTime", desc = "When the revision that is shown was saved."),
            field(name = "content_updated_at", ty = "DateTime", desc = "When what is shown of the entry, or of anything it shows, last changed."),
            field(name = "published_at", ty = "Option<DateTime>", desc = "When the public revision became public.")
        )]
        pub enum AnyEntry {
            $(#[doc(hidden)] $content(Entry<$content>),)+
        }

        /// The root fields that read content.
        #[derive(Default, MergedObject)]
        pub struct ContentQuery(root::NodeQuery, $($query),+);

        /// The root fields that create and change entries of one type.
        #[derive(Default, MergedObject)]
        pub struct ContentMutation($($($mutation),+),+);

        impl AnyEntry {
            /// The entry of a row, in the scope in which it was loaded.
            pub fn of(row: &AnyRow, scope: &Arc<Scope>) -> Option<Self> {
                match row.id.content_type {
                    $(ContentType::$content => {
                        row.typed::<$content>().map(|row| Self::$content(Entry::new(row, Arc::clone(scope))))
                    })+
                }
            }
        }

        impl From<AnyEntry> for Node {
            fn from(entry: AnyEntry) -> Self {
                match entry {
                    $(AnyEntry::$content(entry) => Self::$content(entry),)+
                }
            }
        }

        /// The types of entries.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(name = "ContentType", remote = "ContentType")]
        pub enum EntryType {
            $(
                #[doc = concat!("`", stringify!($content), "`.")]
                $content,
            )+
        }

        /// Runs an expression with the content type behind a [`ContentType`].
        macro_rules! for_type {
            ($d content_type:expr, $d name:ident => $d run:expr) => {
                match $d content_type {
                    $(entity::entry::ContentType::$content => {
                        type $d name = $crate::content::types::$content;
                        $d run
                    })+
                }
            };
        }
        pub(crate) use for_type;
    };
}

content_types! { $
    Asset: asset::AssetQuery, asset::AssetMutation, asset_file::AssetFileMutation;
    ImpactStat: impact_stat::ImpactStatQuery, impact_stat::ImpactStatMutation;
    Milestone: milestone::MilestoneQuery, milestone::MilestoneMutation;
    Page: page::PageQuery, page::PageMutation;
    StorySection: story_section::StorySectionQuery, story_section::StorySectionMutation;
    TeamMember: team_member::TeamMemberQuery, team_member::TeamMemberMutation;
    Testimonial: testimonial::TestimonialQuery, testimonial::TestimonialMutation;
    Value: value::ValueQuery, value::ValueMutation;
}
