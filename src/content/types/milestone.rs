//! Milestones: what happened, and when.

use std::sync::Arc;

use async_graphql::Object;
use entity::{
    entry,
    entry::ContentType,
    milestone::{Column, Model},
};

use super::{
    asset::Asset,
    declare::{api, content, mutations, tables},
};
use crate::{
    content::{
        Content,
        field::Field,
        filter::{PartialDateFilter, filter},
        format::Format,
        given::Reference,
        input::input,
        object::Entry,
        order::order,
        scalar::PartialDate,
    },
    error::{Problem, ProblemCode, Result},
};

content!(Milestone for milestone);

#[Object(name = "MilestoneFields")]
impl Milestone {
    /// When it happened, or began.
    async fn date(&self) -> PartialDate {
        PartialDate(self.0.date.clone())
    }

    /// When it ended.
    async fn end_date(&self) -> Option<PartialDate> {
        self.0.end_date.clone().map(PartialDate)
    }

    /// What happened.
    async fn title(&self) -> &str {
        self.0.required_text(&self.0.title)
    }

    /// The story of it, in Markdown.
    async fn body(&self) -> Option<&str> {
        self.0.text(&self.0.body)
    }

    /// The story of it, as HTML that is safe to show.
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

    /// A picture of it.
    async fn image(&self) -> Option<Entry<Asset>> {
        self.0.one(self.0.image)
    }
}

impl Content for Milestone {
    tables!(Milestone for milestone, MilestoneFilter, MilestoneOrder, MilestoneInput, MilestoneTranslationInput);
    const ABOUT: &'static str =
        "Something that happened on the way, known to the year, the month or the day.";
    const POSITIONED: bool = true;
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::localized("title", 200, Format::Line, |row| {
            &row.title
        })),
        Field::localized("body", 20_000, Format::Markdown, |row| &row.body),
        Field::reference("image", ContentType::Asset, |row| row.image),
    ];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if row
            .end_date
            .as_ref()
            .is_some_and(|end| end.end() < row.date.to_string())
        {
            problems.push(Problem::new(
                ProblemCode::Invalid,
                "endDate",
                "must not lie before date",
            ));
        }
    }
}

input!(MilestoneInput, MilestoneTranslationInput {
    must date: PartialDate => "date";
    value end_date: PartialDate => "endDate";
    value image: Reference => "image";
    text title => "title";
    text body => "body";
});
filter!(MilestoneFilter for milestone { date: PartialDateFilter => Date, end_date: PartialDateFilter => EndDate });
order!(MilestoneOrder by MilestoneOrderField for milestone, default Position {
    Position => entry::Column::Position, |row| (&row.entry.position).into();
    Date => Column::Date, |row| (&row.content.date).into();
    EndDate => Column::EndDate, |row| row.content.end_date.as_ref().into();
});
api!(Milestone {
    query: MilestoneQuery, by: MilestoneBy, one: milestone, many: milestones, where: MilestoneFilter, order: MilestoneOrder
});
mutations!(Milestone {
    mutation: MilestoneMutation, field: milestone as "milestone",
    create: create_milestone(CreateMilestoneInput) -> CreateMilestonePayload,
    update: update_milestone(UpdateMilestoneInput) -> UpdateMilestonePayload
});
