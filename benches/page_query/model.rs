//! The types that the queries select, as plain structs: read from Kindling's answer, served from memory.
//!
//! Scalars and enums are the text that Kindling sent, so that serving them costs as little as it possibly can.

use async_graphql::{ID, SimpleObject, Union};
use serde::Deserialize;

/// Writes a struct with the fields that every entry has, then its own. Flattening an object into the others would cost
/// the limit what it is meant to measure.
macro_rules! entry {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Deserialize, SimpleObject)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            pub(crate) id: ID,
            pub(crate) key: Option<String>,
            revision: i32,
            status: String,
            pub(crate) locale: String,
            fallbacks: Vec<String>,
            translations: Vec<Translation>,
            created_at: String,
            updated_at: String,
            published_at: Option<String>,
            $(pub(crate) $field: $type,)*
        }
    };
}

macro_rules! object {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Deserialize, SimpleObject)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            $($field: $type,)*
        }
    };
}

object!(Translation { locale: String, status: String, missing: Vec<String>, });
object!(Seo { title: Option<String>, description: Option<String>, image: Option<Asset>, });
object!(CallToAction {
    label: String,
    url: String,
});
object!(Source { name: String, url: Option<String>, });
object!(Link {
    label: String,
    url: String,
});
object!(FocalPoint { x: f64, y: f64 });

entry!(Page {
    slug: String,
    title: String,
    tagline: Option<String>,
    summary: Option<String>,
    hero_image: Option<Asset>,
    seo: Seo,
    sections: Vec<StorySection>,
});

entry!(StorySection {
    anchor: String,
    layout: String,
    eyebrow: Option<String>,
    heading: Option<String>,
    body: Option<String>,
    body_html: Option<String>,
    image: Option<Asset>,
    call_to_action: Option<CallToAction>,
    items: Vec<StorySectionItem>,
});

/// What a section shows, told apart by the `__typename` that the query selects.
#[derive(Deserialize, Union)]
#[serde(tag = "__typename")]
pub(crate) enum StorySectionItem {
    Value(Value),
    ImpactStat(ImpactStat),
    Testimonial(Testimonial),
    Milestone(Milestone),
    TeamMember(TeamMember),
}

entry!(Value {
    title: String,
    description: Option<String>,
    icon: Option<String>,
});

entry!(ImpactStat {
    value: String,
    formatted_value: String,
    prefix: Option<String>,
    suffix: Option<String>,
    label: String,
    description: Option<String>,
    icon: Option<String>,
    period: Option<String>,
    as_of_on: Option<String>,
    source: Option<Source>,
    stale_after_on: Option<String>,
    is_stale: bool,
});

entry!(Testimonial {
    quote: String,
    author_name: String,
    author_role: Option<String>,
    organisation: Option<String>,
    photo: Option<Asset>,
    source_url: Option<String>,
});

entry!(Milestone {
    date: String,
    end_date: Option<String>,
    title: String,
    body: Option<String>,
    body_html: Option<String>,
    image: Option<Asset>,
});

entry!(TeamMember {
    name: String,
    pronouns: Option<String>,
    role: Option<String>,
    group: Option<String>,
    biography: Option<String>,
    biography_html: Option<String>,
    photo: Option<Asset>,
    email: Option<String>,
    links: Vec<Link>,
    joined_on: Option<String>,
    left_on: Option<String>,
});

entry!(Asset {
    file_name: String,
    media_type: String,
    bytes: i32,
    width: Option<i32>,
    height: Option<i32>,
    sha256: String,
    alternative_text: Option<String>,
    is_decorative: bool,
    caption: Option<String>,
    credit: Option<String>,
    focal_point: Option<FocalPoint>,
    url: String,
});

object!(PageInfo { has_next_page: bool, end_cursor: Option<String>, });
object!(Picture {
    url: String,
    alternative_text: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
});
object!(ListedMilestone {
    id: ID,
    date: String,
    title: String,
    image: Option<Picture>,
});
object!(ListedPerson {
    id: ID,
    name: String,
    role: Option<String>,
    photo: Option<Picture>,
});
object!(Milestones { nodes: Vec<ListedMilestone>, page_info: PageInfo, });
object!(TeamMembers { nodes: Vec<ListedPerson>, page_info: PageInfo, });
