//! Where each entry is used.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE reference (
            owner_id {uuid} NOT NULL,
            revision {int} NOT NULL,
            field {text} NOT NULL,
            target_id {uuid} NOT NULL,
            CONSTRAINT reference_pkey PRIMARY KEY (owner_id, revision, field, target_id),
            CONSTRAINT reference_owner_id_revision_fkey FOREIGN KEY (owner_id, revision)
                REFERENCES revision (entry_id, number) ON DELETE CASCADE,
            CONSTRAINT reference_target_id_fkey FOREIGN KEY (target_id) REFERENCES entry (id)
        ){strict};
        CREATE INDEX reference_target_id_idx ON reference (target_id, owner_id);
    ",
    down: "DROP TABLE reference;",
}
