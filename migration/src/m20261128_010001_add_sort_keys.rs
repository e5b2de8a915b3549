//! Names sort as people expect: by keys that the server writes beside them, for all rows when it next starts.

use crate::{content_table, sql::migration};

/// Table, name of the new column, and whether the name can be missing.
const COLUMNS: [(&str, &str, bool); 5] = [
    ("asset", "file_name_sort", false),
    ("team_member", "name_sort", false),
    ("team_member", "group_sort", true),
    ("testimonial", "author_name_sort", false),
    ("testimonial", "organisation_sort", true),
];

fn up() -> String {
    let columns = COLUMNS.iter().map(|(table, column, nullable)| {
        let default = if *nullable {
            ""
        } else {
            " NOT NULL DEFAULT ''"
        };
        let index = content_table::index(table, &[column]);
        format!("ALTER TABLE {table} ADD COLUMN {column} {{text}}{default};\n{index}")
    });
    let collation = "
        CREATE TABLE sort_key (
            id {int} NOT NULL,
            probe {text} NOT NULL,
            CONSTRAINT sort_key_pkey PRIMARY KEY (id),
            CONSTRAINT sort_key_is_one_row CHECK (id = 1)
        ){strict};
    ";
    columns.collect::<String>() + collation
}

fn down() -> String {
    let columns = COLUMNS.iter().map(|(table, column, _)| {
        format!(
            "DROP INDEX {table}_{column}_published_idx;
            DROP INDEX {table}_{column}_latest_idx;
            ALTER TABLE {table} DROP COLUMN {column};\n"
        )
    });
    columns.collect::<String>() + "DROP TABLE sort_key;"
}

migration! {
    up: up(),
    down: down(),
}
