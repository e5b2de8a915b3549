//! The revisions of pages.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    slug {text} NOT NULL,
    title {json} NOT NULL,
    tagline {json} NOT NULL,
    summary {json} NOT NULL,
    hero_image {text},
    seo_title {json} NOT NULL,
    seo_description {json} NOT NULL,
    seo_image {text},
    sections {json} NOT NULL
";

migration! {
    up: content_table::create("page", COLUMNS)
        + &content_table::index("page", &["slug"])
        + "CREATE UNIQUE INDEX page_slug_key ON page (slug) WHERE published;
           CREATE INDEX page_slug_idx ON page (slug);",
    down: "DROP TABLE page;",
}
