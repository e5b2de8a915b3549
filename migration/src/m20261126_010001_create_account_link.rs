//! Links that are sent to the owners of accounts: to accept an invitation, to set a new password, to change the address.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE account_link (
            hash {text} NOT NULL,
            account_id {uuid} NOT NULL,
            purpose {text} NOT NULL,
            email {text},
            created_at {instant} NOT NULL,
            expires_at {instant} NOT NULL,
            CONSTRAINT account_link_pkey PRIMARY KEY (hash),
            CONSTRAINT account_link_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE UNIQUE INDEX account_link_account_id_purpose_key ON account_link (account_id, purpose);
        CREATE INDEX account_link_expires_at_idx ON account_link (expires_at);
    ",
    down: "DROP TABLE account_link;",
}
