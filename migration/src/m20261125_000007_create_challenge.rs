//! What somebody has begun and not come to the end of: signing in with a second factor, a ceremony, a way over a provider.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE challenge (
            hash {text} NOT NULL,
            purpose {text} NOT NULL,
            account_id {uuid},
            state {text},
            expires_at {instant} NOT NULL,
            CONSTRAINT challenge_pkey PRIMARY KEY (hash),
            CONSTRAINT challenge_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX challenge_expires_at_idx ON challenge (expires_at);
    ",
    down: "DROP TABLE challenge;",
}
