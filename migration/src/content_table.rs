//! The part that the tables of all content types have in common.
//!
//! Changing this text would change migrations that have run: a new need gets a new function.

/// A table whose rows are immutable revisions, with its two flags and the indexes that follow them.
pub(crate) fn create(table: &str, columns: &str) -> String {
    format!(
        "CREATE TABLE {table} (
            entry_id {{uuid}} NOT NULL,
            revision {{int}} NOT NULL,
            latest {{bool}} NOT NULL,
            published {{bool}} NOT NULL,
            saved_at {{instant}} NOT NULL,
            text_revisions {{json}} NOT NULL,
            {columns},
            CONSTRAINT {table}_pkey PRIMARY KEY (entry_id, revision),
            CONSTRAINT {table}_entry_id_revision_fkey FOREIGN KEY (entry_id, revision)
                REFERENCES revision (entry_id, number) ON DELETE CASCADE
        ){{strict}};
        CREATE UNIQUE INDEX {table}_latest_key ON {table} (entry_id) WHERE latest;
        CREATE UNIQUE INDEX {table}_published_key ON {table} (entry_id) WHERE published;
        {}",
        index(table, &["saved_at"])
    )
}

/// Indexes for filter and order by each of the columns, among the public and among the latest rows.
pub(crate) fn index(table: &str, columns: &[&str]) -> String {
    let index = |column: &str, flag: &str| {
        format!(
            "CREATE INDEX {table}_{column}_{flag}_idx ON {table} (\"{column}\" {{nulls first}}, entry_id) WHERE {flag};\n"
        )
    };
    columns
        .iter()
        .flat_map(|column| ["published", "latest"].map(|flag| index(column, flag)))
        .collect()
}
