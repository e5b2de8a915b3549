//! What keeps revisions from being deleted or replaced.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE pin (
            entry_id {uuid} NOT NULL,
            revision {int} NOT NULL,
            holder_id {uuid} NOT NULL,
            kind {text} NOT NULL,
            CONSTRAINT pin_pkey PRIMARY KEY (entry_id, revision, holder_id),
            CONSTRAINT pin_entry_id_revision_fkey FOREIGN KEY (entry_id, revision)
                REFERENCES revision (entry_id, number) ON DELETE CASCADE
        ){strict};
        CREATE INDEX pin_holder_id_idx ON pin (holder_id);
    ",
    down: "DROP TABLE pin;",
}
