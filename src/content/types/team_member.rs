//! Team members: who does it.

use std::sync::Arc;

use async_graphql::Object;
use entity::{
    entry,
    entry::ContentType,
    team_member::{Column, Model},
};

use super::{
    asset::Asset,
    declare::{api, content, mutations, tables},
    metered::Metered,
};
use crate::{
    content::{
        Content,
        field::Field,
        filter::{DateFilter, StringFilter, filter},
        format::Format,
        given::Reference,
        input::input,
        object::{Entry, Link, LinkInput},
        order::order,
        scalar::{Date, Url},
        sort_key,
    },
    error::{Problem, ProblemCode, Result},
};

content!(TeamMember for team_member);

#[Object(name = "TeamMemberFields")]
impl TeamMember {
    /// The member's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How to speak of the member.
    async fn pronouns(&self) -> Option<&str> {
        self.0.pronouns.as_deref()
    }

    /// What the member does.
    async fn role(&self) -> Option<&str> {
        self.0.text(&self.0.role)
    }

    /// The part of the team, for lists in groups.
    async fn group(&self) -> Option<&str> {
        self.0.group.as_deref()
    }

    /// About the member, in Markdown.
    async fn biography(&self) -> Option<&str> {
        self.0.text(&self.0.biography)
    }

    /// About the member, as HTML that is safe to show.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn biography_html(
        &self,
        #[graphql(
            desc = "The level of the largest headings in the text, 1 to 6.",
            default = 2
        )]
        heading_level: i32,
    ) -> Result<Option<Arc<str>>> {
        self.0.html(&self.0.biography, heading_level)
    }

    /// A picture of the member.
    async fn photo(&self) -> Option<Entry<Asset>> {
        self.0.one(self.0.photo)
    }

    /// The member's e-mail address. Null unless you are signed in.
    async fn email(&self) -> Option<&str> {
        self.0.internal(self.0.email.as_deref())
    }

    /// Where else to find the member.
    async fn links(&self) -> Vec<Metered<Link>> {
        self.0
            .links
            .0
            .iter()
            .map(|link| {
                Metered(Link {
                    label: link.label.clone(),
                    url: Url(link.url.clone()),
                })
            })
            .collect()
    }

    /// The member's first day.
    async fn joined_on(&self) -> Option<Date> {
        self.0.joined_on.map(Date)
    }

    /// The member's last day.
    async fn left_on(&self) -> Option<Date> {
        self.0.left_on.map(Date)
    }
}

impl Content for TeamMember {
    tables!(TeamMember for team_member, TeamMemberFilter, TeamMemberOrder, TeamMemberInput, TeamMemberTranslationInput);
    const ABOUT: &'static str = "Somebody who works for the organisation.";
    const POSITIONED: bool = true;
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::text("name", 200, Format::Line, |row| {
            Some(&row.name)
        })),
        Field::text("pronouns", 50, Format::Line, |row| row.pronouns.as_deref()),
        Field::localized("role", 200, Format::Line, |row| &row.role),
        Field::text("group", 100, Format::Line, |row| row.group.as_deref()),
        Field::localized("biography", 20_000, Format::Markdown, |row| &row.biography),
        Field::reference("photo", ContentType::Asset, |row| row.photo),
        Field::text("email", 254, Format::Email, |row| row.email.as_deref()),
        Field::links("links", 20, |row| &row.links.0),
    ];
    const SORT_KEYS: &'static [fn(&mut Model)] = &[
        |row| row.name_sort = sort_key::of(&row.name),
        |row| row.group_sort = row.group.as_deref().map(sort_key::of),
    ];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if let (Some(joined), Some(left)) = (row.joined_on, row.left_on)
            && left < joined
        {
            problems.push(Problem::new(
                ProblemCode::Invalid,
                "leftOn",
                "must not lie before joinedOn",
            ));
        }
    }
}

input!(TeamMemberInput, TeamMemberTranslationInput {
    value name: String => "name";
    value pronouns: String => "pronouns";
    value group: String => "group";
    value photo: Reference => "photo";
    value email: String => "email";
    value links: Vec<LinkInput> => "links";
    value joined_on: Date => "joinedOn";
    value left_on: Date => "leftOn";
    text role => "role";
    text biography => "biography";
});
filter!(TeamMemberFilter for team_member {
    name: StringFilter => Name, group: StringFilter => Group, joined_on: DateFilter => JoinedOn,
    left_on: DateFilter => LeftOn
});
order!(TeamMemberOrder by TeamMemberOrderField for team_member, default Position {
    Position => entry::Column::Position, |row| (&row.entry.position).into();
    Name => Column::NameSort, |row| (&row.content.name_sort).into();
    Group => Column::GroupSort, |row| row.content.group_sort.as_ref().into();
    JoinedOn => Column::JoinedOn, |row| row.content.joined_on.into();
    LeftOn => Column::LeftOn, |row| row.content.left_on.into();
});
api!(TeamMember {
    query: TeamMemberQuery, by: TeamMemberBy, one: team_member, many: team_members,
    where: TeamMemberFilter, order: TeamMemberOrder
});
mutations!(TeamMember {
    mutation: TeamMemberMutation, field: team_member as "teamMember",
    create: create_team_member(CreateTeamMemberInput) -> CreateTeamMemberPayload,
    update: update_team_member(UpdateTeamMemberInput) -> UpdateTeamMemberPayload
});
