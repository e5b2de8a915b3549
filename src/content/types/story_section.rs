//! Story sections: the parts of a page, each with the entries that it shows.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, Object, SimpleObject, Union};
use entity::{
    entry::ContentType,
    story_section::{self, Column, Model},
};
use sea_orm::{Condition, ExprTrait};

use super::{
    Asset, ImpactStat, Milestone, TeamMember, Testimonial, Value,
    declare::{api, content, mutations, tables},
    metered::Metered,
};
use crate::{
    content::{
        Content,
        field::Field,
        filter::{Compared, Operators, StringFilter, filter},
        format::Format,
        given::Reference,
        input::input,
        object::Entry,
        order::order,
        row::AnyRow,
        scalar::Url,
        scope::Scope,
    },
    error::{Problem, ProblemCode, Result},
};

content!(StorySection for story_section);

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

/// An invitation to go somewhere.
#[derive(Clone, Debug, SimpleObject)]
pub struct CallToAction {
    /// What the link says.
    label: Option<String>,
    /// Where it leads.
    url: Url,
}

/// What a section can show.
#[derive(Clone, Union)]
pub enum StorySectionItem {
    /// Something that matters.
    Value(Entry<Value>),
    /// A figure.
    ImpactStat(Entry<ImpactStat>),
    /// What somebody says.
    Testimonial(Entry<Testimonial>),
    /// Something that happened.
    Milestone(Entry<Milestone>),
    /// Somebody of the team.
    TeamMember(Entry<TeamMember>),
}

const ITEM_TYPES: &[ContentType] = &[
    ContentType::Value,
    ContentType::ImpactStat,
    ContentType::Testimonial,
    ContentType::Milestone,
    ContentType::TeamMember,
];

impl StorySectionItem {
    fn of(row: &AnyRow, scope: &Arc<Scope>) -> Option<Self> {
        let scope = Arc::clone(scope);
        match row.id.content_type {
            ContentType::Value => Some(Self::Value(Entry::new(row.typed::<Value>()?, scope))),
            ContentType::ImpactStat => Some(Self::ImpactStat(Entry::new(
                row.typed::<ImpactStat>()?,
                scope,
            ))),
            ContentType::Testimonial => Some(Self::Testimonial(Entry::new(
                row.typed::<Testimonial>()?,
                scope,
            ))),
            ContentType::Milestone => Some(Self::Milestone(Entry::new(
                row.typed::<Milestone>()?,
                scope,
            ))),
            ContentType::TeamMember => Some(Self::TeamMember(Entry::new(
                row.typed::<TeamMember>()?,
                scope,
            ))),
            _ => None,
        }
    }
}

#[Object(name = "StorySectionFields")]
impl StorySection {
    /// Name of the section in the page's address, after the `#`.
    async fn anchor(&self) -> &str {
        &self.0.anchor
    }

    /// How the section is meant to be shown.
    async fn layout(&self) -> Layout {
        self.0.layout.into()
    }

    /// A few words above the heading.
    async fn eyebrow(&self) -> Option<&str> {
        self.0.text(&self.0.eyebrow)
    }

    /// The heading.
    async fn heading(&self) -> Option<&str> {
        self.0.text(&self.0.heading)
    }

    /// The text, in Markdown.
    async fn body(&self) -> Option<&str> {
        self.0.text(&self.0.body)
    }

    /// The text, as HTML that is safe to show.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn body_html(
        &self,
        #[graphql(
            desc = "The level of the largest headings in the text, 1 to 6.",
            default = 2
        )]
        heading_level: i32,
    ) -> Result<Option<Arc<str>>> {
        self.0.html(&self.0.body, heading_level)
    }

    /// The section's picture.
    async fn image(&self) -> Option<Entry<Asset>> {
        self.0.one(self.0.image)
    }

    /// What the reader is invited to do.
    async fn call_to_action(&self) -> Option<Metered<CallToAction>> {
        let label = self.0.text(&self.0.call_to_action_label).map(str::to_owned);
        let url = self.0.call_to_action_url.clone().map(Url);
        url.map(|url| Metered(CallToAction { label, url }))
    }

    /// What the section shows, in its order.
    async fn items(&self) -> Vec<Metered<StorySectionItem>> {
        let rows = self.0.items.0.iter().filter_map(|id| self.0.any(*id));
        rows.filter_map(|row| StorySectionItem::of(row, self.0.scope()).map(Metered))
            .collect()
    }
}

impl Content for StorySection {
    tables!(StorySection for story_section, StorySectionFilter, StorySectionOrder, StorySectionInput, StorySectionTranslationInput);
    const ABOUT: &'static str = "A part of a page, with the entries that it shows.";
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::text("anchor", 100, Format::Slug, |row| {
            Some(&row.anchor)
        })),
        Field::localized("eyebrow", 100, Format::Line, |row| &row.eyebrow),
        Field::localized("heading", 200, Format::Line, |row| &row.heading),
        Field::localized("body", 50_000, Format::Markdown, |row| &row.body),
        Field::required_if(
            Field::reference("image", ContentType::Asset, |row| row.image),
            |row| row.layout == story_section::Layout::Hero,
            "with the layout HERO",
        ),
        Field::localized("callToAction.label", 100, Format::Line, |row| {
            &row.call_to_action_label
        }),
        Field::text("callToAction.url", 2_000, Format::Link, |row| {
            row.call_to_action_url.as_deref()
        }),
        Field::references("items", 200, ITEM_TYPES, |row| &row.items.0),
    ];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if row.call_to_action_url.is_none() && !row.call_to_action_label.0.is_empty() {
            let message = "must be given with callToAction.label";
            problems.push(Problem::new(
                ProblemCode::Required,
                "callToAction.url",
                message,
            ));
        }
    }
}

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

input!(StorySectionInput, StorySectionTranslationInput {
    value anchor: String => "anchor";
    value layout: Layout => "layout";
    value image: Reference => "image";
    text eyebrow => "eyebrow";
    text heading => "heading";
    text body => "body";
    list items => "items";
    group call_to_action: CallToActionInput, CallToActionTranslationInput;
});
input!(group CallToActionInput, CallToActionTranslationInput {
    value url: Url => "callToActionUrl";
    text label => "callToActionLabel";
});
filter!(StorySectionFilter for story_section { anchor: StringFilter => Anchor, layout: LayoutFilter => Layout });
order!(StorySectionOrder by StorySectionOrderField for story_section, default CreatedAt {
    Anchor => Column::Anchor, |row| (&row.content.anchor).into();
    Layout => Column::Layout, |row| (&sea_orm::ActiveEnum::to_value(&row.content.layout)).into();
});
api!(StorySection {
    query: StorySectionQuery, by: StorySectionBy, one: story_section, many: story_sections,
    where: StorySectionFilter, order: StorySectionOrder
});
mutations!(StorySection {
    mutation: StorySectionMutation, field: story_section as "storySection",
    create: create_story_section(CreateStorySectionInput) -> CreateStorySectionPayload,
    update: update_story_section(UpdateStorySectionInput) -> UpdateStorySectionPayload
});
