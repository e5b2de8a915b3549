//! Testimonials: what others say, with their consent.

use async_graphql::{Object, SimpleObject};
use entity::{
    entry,
    entry::ContentType,
    testimonial::{Column, Model},
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
        filter::{StringFilter, filter},
        format::Format,
        given::Reference,
        input::input,
        object::Entry,
        order::order,
        scalar::{Date, Url},
        sort_key,
    },
    error::{Problem, ProblemCode},
};

content!(Testimonial for testimonial);

/// That the author agreed to be quoted.
#[derive(Clone, Debug, SimpleObject)]
pub struct Consent {
    /// The day of the consent.
    given_on: Option<Date>,
    /// What the author agreed to.
    scope: Option<String>,
    /// The last day on which it holds.
    expires_on: Option<Date>,
}

#[Object(name = "TestimonialFields")]
impl Testimonial {
    /// What was said.
    async fn quote(&self) -> &str {
        self.0.required_text(&self.0.quote)
    }

    /// Who said it.
    async fn author_name(&self) -> &str {
        &self.0.author_name
    }

    /// What the author does.
    async fn author_role(&self) -> Option<&str> {
        self.0.text(&self.0.author_role)
    }

    /// Where the author does it.
    async fn organisation(&self) -> Option<&str> {
        self.0.organisation.as_deref()
    }

    /// A picture of the author.
    async fn photo(&self) -> Option<Entry<Asset>> {
        self.0.one(self.0.photo)
    }

    /// Where the whole of it can be read.
    async fn source_url(&self) -> Option<Url> {
        self.0.source_url.clone().map(Url)
    }

    /// The author's consent. Null unless you are signed in.
    async fn consent(&self) -> Option<Metered<Consent>> {
        let row = &self.0;
        let given = row.consent_given_on.is_some()
            || row.consent_scope.is_some()
            || row.consent_expires_on.is_some();
        let consent = row.internal(given.then(|| Consent {
            given_on: row.consent_given_on.map(Date),
            scope: row.consent_scope.clone(),
            expires_on: row.consent_expires_on.map(Date),
        }));
        consent.map(Metered)
    }
}

impl Content for Testimonial {
    tables!(Testimonial for testimonial, TestimonialFilter, TestimonialOrder, TestimonialInput, TestimonialTranslationInput);
    const ABOUT: &'static str = "What somebody says about the organisation.";
    const POSITIONED: bool = true;
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::localized("quote", 2_000, Format::Lines, |row| {
            &row.quote
        })),
        Field::required(Field::text("authorName", 200, Format::Line, |row| {
            Some(&row.author_name)
        })),
        Field::localized("authorRole", 200, Format::Line, |row| &row.author_role),
        Field::text("organisation", 200, Format::Line, |row| {
            row.organisation.as_deref()
        }),
        Field::reference("photo", ContentType::Asset, |row| row.photo),
        Field::text("sourceUrl", 2_000, Format::Url, |row| {
            row.source_url.as_deref()
        }),
        Field::text("consent.scope", 500, Format::Lines, |row| {
            row.consent_scope.as_deref()
        }),
    ];
    const SORT_KEYS: &'static [fn(&mut Model)] = &[
        |row| row.author_name_sort = sort_key::of(&row.author_name),
        |row| row.organisation_sort = row.organisation.as_deref().map(sort_key::of),
    ];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if let (Some(given), Some(expires)) = (row.consent_given_on, row.consent_expires_on)
            && expires < given
        {
            problems.push(Problem::new(
                ProblemCode::Invalid,
                "consent.expiresOn",
                "must not lie before givenOn",
            ));
        }
    }
}

input!(TestimonialInput, TestimonialTranslationInput {
    value author_name: String => "authorName";
    value organisation: String => "organisation";
    value photo: Reference => "photo";
    value source_url: Url => "sourceUrl";
    text quote => "quote";
    text author_role => "authorRole";
    group consent: ConsentInput;
});
input!(group ConsentInput {
    value given_on: Date => "consentGivenOn";
    value scope: String => "consentScope";
    value expires_on: Date => "consentExpiresOn";
});
filter!(TestimonialFilter for testimonial {
    author_name: StringFilter => AuthorName, organisation: StringFilter => Organisation
});
order!(TestimonialOrder by TestimonialOrderField for testimonial, default Position {
    Position => entry::Column::Position, |row| (&row.entry.position).into();
    AuthorName => Column::AuthorNameSort, |row| (&row.content.author_name_sort).into();
    Organisation => Column::OrganisationSort, |row| row.content.organisation_sort.as_ref().into();
});
api!(Testimonial {
    query: TestimonialQuery, by: TestimonialBy, one: testimonial, many: testimonials,
    where: TestimonialFilter, order: TestimonialOrder
});
mutations!(Testimonial {
    mutation: TestimonialMutation, field: testimonial as "testimonial",
    create: create_testimonial(CreateTestimonialInput) -> CreateTestimonialPayload,
    update: update_testimonial(UpdateTestimonialInput) -> UpdateTestimonialPayload
});
