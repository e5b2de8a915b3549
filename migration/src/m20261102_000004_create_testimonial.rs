//! The revisions of testimonials.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    quote {json} NOT NULL,
    author_name {text} NOT NULL,
    author_role {json} NOT NULL,
    organisation {text},
    photo {text},
    source_url {text},
    consent_given_on {date},
    consent_scope {text},
    consent_expires_on {date}
";

migration! {
    up: content_table::create("testimonial", COLUMNS) + &content_table::index("testimonial", &["author_name", "organisation"]),
    down: "DROP TABLE testimonial;",
}
