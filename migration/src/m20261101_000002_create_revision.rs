//! Who saved which revision.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE revision (
            entry_id {uuid} NOT NULL,
            number {int} NOT NULL,
            saved_at {instant} NOT NULL,
            saved_by {uuid},
            message {text},
            CONSTRAINT revision_pkey PRIMARY KEY (entry_id, number),
            CONSTRAINT revision_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES entry (id) ON DELETE CASCADE
        ){strict};
    ",
    down: "DROP TABLE revision;",
}
