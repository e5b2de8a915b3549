//! The revisions of team members.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    name {text} NOT NULL,
    pronouns {text},
    role {json} NOT NULL,
    \"group\" {text},
    biography {json} NOT NULL,
    photo {text},
    email {text},
    links {json} NOT NULL,
    joined_on {date},
    left_on {date}
";

migration! {
    up: content_table::create("team_member", COLUMNS) + &content_table::index("team_member", &["name", "group", "joined_on", "left_on"]),
    down: "DROP TABLE team_member;",
}
