//! The revisions of story sections.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    anchor {text} NOT NULL,
    layout {text} NOT NULL,
    eyebrow {json} NOT NULL,
    heading {json} NOT NULL,
    body {json} NOT NULL,
    image {text},
    call_to_action_label {json} NOT NULL,
    call_to_action_url {text},
    items {json} NOT NULL
";

migration! {
    up: content_table::create("story_section", COLUMNS) + &content_table::index("story_section", &["anchor", "layout"]),
    down: "DROP TABLE story_section;",
}
