//! Pages: a story with an address.

use declare::{content_type, group};

use super::{Asset, StorySection};

/// A story with an address, told in sections.
#[content_type(label = title, thumbnail = hero_image)]
struct Page {
    /// The page's address below the site's root. If you asked by a former slug, this is the present one: redirect to it.
    #[field(max = 100, publish, unique, filter, sort)]
    slug: Slug,
    /// The title.
    #[field(localised, max = 200, publish)]
    title: Line,
    /// A few words below the title.
    #[field(localised, max = 300)]
    tagline: Line,
    /// What the page is about, for lists.
    #[field(localised, max = 2_000)]
    summary: Lines,
    /// The large picture at the top.
    hero_image: Reference<Asset>,
    /// What search engines and links from elsewhere show.
    #[field(localised)]
    seo: Group<Seo>,
    /// The sections, in their order.
    #[field(max = 100)]
    sections: References<StorySection>,
}

/// What search engines and links from elsewhere show.
#[group(of = page, always)]
pub struct Seo {
    /// Title for search engines; where it is missing, use the page's title.
    #[field(localised, max = 100)]
    title: Line,
    /// A sentence or two for search engines.
    #[field(localised, max = 300)]
    description: Line,
    /// Picture for links from elsewhere.
    image: Reference<Asset>,
}
