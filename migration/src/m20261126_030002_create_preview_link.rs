//! Preview links: the token itself is signed and kept nowhere.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE preview_link (
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            entry_id {uuid} NOT NULL,
            entry_type {text} NOT NULL,
            locale {text},
            created_at {instant} NOT NULL,
            expires_at {instant} NOT NULL,
            revoked_at {instant},
            CONSTRAINT preview_link_pkey PRIMARY KEY (id),
            CONSTRAINT preview_link_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
            CONSTRAINT preview_link_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES entry (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX preview_link_account_id_idx ON preview_link (account_id, id);
        CREATE INDEX preview_link_entry_id_idx ON preview_link (entry_id);
    ",
    down: "DROP TABLE preview_link;",
}
