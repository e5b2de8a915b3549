//! Passkeys: their public keys, and what their owners call them.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE passkey (
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            credential_id {text} NOT NULL,
            credential {text} NOT NULL,
            name {text} NOT NULL,
            created_at {instant} NOT NULL,
            last_used_at {instant},
            CONSTRAINT passkey_pkey PRIMARY KEY (id),
            CONSTRAINT passkey_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE UNIQUE INDEX passkey_credential_id_key ON passkey (credential_id);
        CREATE INDEX passkey_account_id_idx ON passkey (account_id);
    ",
    down: "DROP TABLE passkey;",
}
