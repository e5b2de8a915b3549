//! Story sections: the parts of a page, each with the entries that it shows.

use async_graphql::{Enum, InputObject};
use declare::{content_type, group};
use entity::story_section::{self, Model};
use sea_orm::{Condition, ExprTrait};

use super::{Asset, ImpactStat, Milestone, TeamMember, Testimonial, Value};
use crate::{
    content::{
        filter::{Compared, Operators},
        model::target::union,
    },
    error::Result,
};

/// A part of a page, with the entries that it shows.
#[content_type(label = heading, label = anchor, thumbnail = image)]
struct StorySection {
    /// Name of the section in the page's address, after the `#`.
    #[field(max = 100, publish, unique_within = "Page.sections", filter, sort)]
    anchor: Slug,
    /// How the section is meant to be shown.
    #[field(filter_by = LayoutFilter, sort)]
    layout: Choice<Layout>,
    /// A few words above the heading.
    #[field(localised, max = 100)]
    eyebrow: Line,
    /// The heading.
    #[field(localised, max = 200)]
    heading: Line,
    /// The text, in Markdown.
    #[field(localised, max = 50_000)]
    body: Markdown,
    /// The section's picture.
    #[field(publish_when = AS_HERO)]
    image: Reference<Asset>,
    /// What the reader is invited to do.
    #[field(localised)]
    call_to_action: Group<CallToAction>,
    /// What the section shows, in its order.
    #[field(max = 200)]
    items: References<StorySectionItem>,
}

/// An invitation to go somewhere.
#[group(of = story_section)]
pub struct CallToAction {
    /// What the link says.
    #[field(localised, max = 100)]
    label: Line,
    /// Where it leads.
    #[field(required)]
    url: Link,
}

union! {
    /// What a section can show.
    StorySectionItem {
        /// Something that matters.
        Value,
        /// A figure.
        ImpactStat,
        /// What somebody says.
        Testimonial,
        /// Something that happened.
        Milestone,
        /// Somebody of the team.
        TeamMember,
    }
}

/// How a section is meant to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "SectionLayout", remote = "story_section::Layout")]
pub enum Layout {
    /// The opening of a page, with a large picture.
    Hero,
    /// Running text.
    Text,
    /// One sentence, large.
    Statement,
    /// Values.
    Values,
    /// Figures.
    Impact,
    /// What others say.
    Testimonials,
    /// Milestones in the order of time.
    Timeline,
    /// People.
    Team,
    /// An invitation to do something.
    CallToAction,
}

const AS_HERO: (fn(&Model) -> bool, &str) = (
    |row| row.layout == story_section::Layout::Hero,
    "with the layout HERO",
);

/// Compares with layouts.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "SectionLayoutFilter")]
pub struct LayoutFilter {
    /// Is one of these layouts; at most 100.
    #[graphql(validator(max_items = 100))]
    r#in: Vec<Layout>,
}

impl Operators for LayoutFilter {
    fn on(&self, compared: &Compared) -> Result<Condition> {
        let layouts = self
            .r#in
            .iter()
            .map(|layout| sea_orm::ActiveEnum::to_value(&story_section::Layout::from(*layout)));
        Ok(Condition::all().add(compared.column().is_in(layouts)))
    }
}
