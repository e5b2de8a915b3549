//! Pages: a story with an address.

use async_graphql::{Context, Object, SimpleObject};
use entity::{
    entry,
    entry::ContentType,
    page::{self, Column, Model},
    publication,
};
use sea_orm::{ColumnTrait, Condition, ExprTrait, Order, prelude::Expr, sea_query::Query};

use super::{
    Asset, StorySection,
    declare::{api, content, mutations, tables},
    metered::Metered,
    root,
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
        view::ContentView,
    },
    error::Result,
};

content!(Page for page);

/// What search engines and links from elsewhere show.
#[derive(Clone, SimpleObject)]
pub struct Seo {
    /// Title for search engines; where it is missing, use the page's title.
    title: Option<String>,
    /// A sentence or two for search engines.
    description: Option<String>,
    /// Picture for links from elsewhere.
    image: Option<Entry<Asset>>,
}

#[Object(name = "PageFields")]
impl Page {
    /// The page's address below the site's root. If you asked by a former slug, this is the present one: redirect to it.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The title.
    async fn title(&self) -> &str {
        self.0.required_text(&self.0.title)
    }

    /// A few words below the title.
    async fn tagline(&self) -> Option<&str> {
        self.0.text(&self.0.tagline)
    }

    /// What the page is about, for lists.
    async fn summary(&self) -> Option<&str> {
        self.0.text(&self.0.summary)
    }

    /// The large picture at the top.
    async fn hero_image(&self) -> Option<Entry<Asset>> {
        self.0.one(self.0.hero_image)
    }

    /// What search engines and links from elsewhere show.
    async fn seo(&self) -> Metered<Seo> {
        Metered(Seo {
            title: self.0.text(&self.0.seo_title).map(str::to_owned),
            description: self.0.text(&self.0.seo_description).map(str::to_owned),
            image: self.0.one(self.0.seo_image),
        })
    }

    /// The sections, in their order.
    async fn sections(&self) -> Vec<Entry<StorySection>> {
        self.0.many(&self.0.sections.0)
    }
}

impl Content for Page {
    tables!(Page for page, PageFilter, PageOrder, PageInput, PageTranslationInput);
    const ABOUT: &'static str = "A story with an address, told in sections.";
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::text("slug", 100, Format::Slug, |row| {
            Some(&row.slug)
        })),
        Field::required(Field::localized("title", 200, Format::Line, |row| {
            &row.title
        })),
        Field::localized("tagline", 300, Format::Line, |row| &row.tagline),
        Field::localized("summary", 2_000, Format::Lines, |row| &row.summary),
        Field::reference("heroImage", ContentType::Asset, |row| row.hero_image),
        Field::localized("seo.title", 100, Format::Line, |row| &row.seo_title),
        Field::localized("seo.description", 300, Format::Line, |row| {
            &row.seo_description
        }),
        Field::reference("seo.image", ContentType::Asset, |row| row.seo_image),
        Field::references("sections", 100, &[ContentType::StorySection], |row| {
            &row.sections.0
        }),
    ];
}

/// The page with this slug, or else the one that was the last to be public with it.
async fn by_slug(
    ctx: &Context<'_>,
    slug: String,
    view: Option<ContentView>,
) -> Result<Option<Entry<Page>>> {
    let slug = root::without_nul(slug, "by.slug")?;
    let present = Condition::all().add(Column::Slug.eq(slug.as_str()));
    if let Some(page) = root::one(ctx, present, view.clone()).await? {
        return Ok(Some(page));
    }
    let same = |left: publication::Column, right: Column| {
        Expr::col((publication::Entity, left)).equals((page::Entity, right))
    };
    let former = Query::select()
        .column((page::Entity, Column::EntryId))
        .from(page::Entity)
        .inner_join(
            publication::Entity,
            same(publication::Column::EntryId, Column::EntryId)
                .and(same(publication::Column::Revision, Column::Revision)),
        )
        .and_where(Expr::col((page::Entity, Column::Slug)).eq(slug))
        .order_by(
            (publication::Entity, publication::Column::StartsAt),
            Order::Desc,
        )
        .limit(1)
        .to_owned();
    root::one(
        ctx,
        Condition::all().add(entry::Column::Id.in_subquery(former)),
        view,
    )
    .await
}

input!(PageInput, PageTranslationInput {
    value slug: String => "slug";
    value hero_image: Reference => "heroImage";
    text title => "title";
    text tagline => "tagline";
    text summary => "summary";
    list sections => "sections";
    group seo: SeoInput, SeoTranslationInput;
});
input!(group SeoInput, SeoTranslationInput {
    value image: Reference => "seoImage";
    text title => "seoTitle";
    text description => "seoDescription";
});
filter!(PageFilter for page { slug: StringFilter => Slug });
order!(PageOrder by PageOrderField for page, default CreatedAt {
    Slug => Column::Slug, |row| (&row.content.slug).into();
});
api!(Page {
    query: PageQuery, by: PageBy, one: page, many: pages, where: PageFilter, order: PageOrder, Slug: by_slug
});
mutations!(Page {
    mutation: PageMutation, field: page as "page",
    create: create_page(CreatePageInput) -> CreatePagePayload,
    update: update_page(UpdatePageInput) -> UpdatePagePayload
});
