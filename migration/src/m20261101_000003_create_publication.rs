//! When which revision was public.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE publication (
            id {uuid} NOT NULL,
            entry_id {uuid} NOT NULL,
            revision {int} NOT NULL,
            starts_at {instant} NOT NULL,
            ends_at {instant},
            published_by {uuid},
            CONSTRAINT publication_pkey PRIMARY KEY (id),
            CONSTRAINT publication_entry_id_revision_fkey FOREIGN KEY (entry_id, revision)
                REFERENCES revision (entry_id, number) ON DELETE CASCADE
        ){strict};
        CREATE UNIQUE INDEX publication_open_key ON publication (entry_id) WHERE ends_at IS NULL;
        CREATE INDEX publication_entry_id_revision_idx ON publication (entry_id, revision, starts_at);
    ",
    down: "DROP TABLE publication;",
}
