//! Keys for machines: of each, only hashes are kept.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE api_token (
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            name {text} NOT NULL,
            hash {text} NOT NULL,
            previous_hash {text},
            previous_expires_at {instant},
            scopes {json} NOT NULL,
            types {json},
            created_at {instant} NOT NULL,
            expires_at {instant},
            last_used_at {instant},
            revoked_at {instant},
            CONSTRAINT api_token_pkey PRIMARY KEY (id),
            CONSTRAINT api_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE UNIQUE INDEX api_token_hash_key ON api_token (hash);
        CREATE UNIQUE INDEX api_token_previous_hash_key ON api_token (previous_hash);
        CREATE INDEX api_token_account_id_idx ON api_token (account_id, id);
    ",
    down: "DROP TABLE api_token;",
}
