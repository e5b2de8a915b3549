//! The revisions of values.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    title {json} NOT NULL,
    description {json} NOT NULL,
    icon {text}
";

migration! {
    up: content_table::create("value", COLUMNS),
    down: "DROP TABLE value;",
}
