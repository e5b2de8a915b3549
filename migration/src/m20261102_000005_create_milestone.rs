//! The revisions of milestones.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    date {text} NOT NULL,
    end_date {text},
    title {json} NOT NULL,
    body {json} NOT NULL,
    image {text}
";

migration! {
    up: content_table::create("milestone", COLUMNS) + &content_table::index("milestone", &["date", "end_date"]),
    down: "DROP TABLE milestone;",
}
