//! The revisions of impact stats.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    value {bigint} NOT NULL,
    prefix {json} NOT NULL,
    suffix {json} NOT NULL,
    label {json} NOT NULL,
    description {json} NOT NULL,
    icon {text},
    period {json} NOT NULL,
    as_of_on {date},
    source_name {text},
    source_url {text},
    stale_after_on {date}
";

migration! {
    up: content_table::create("impact_stat", COLUMNS) + &content_table::index("impact_stat", &["value", "as_of_on", "stale_after_on"]),
    down: "DROP TABLE impact_stat;",
}
