//! What was answered to operations that came with a key.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE idempotency (
            account_id {uuid} NOT NULL,
            key_hash {text} NOT NULL,
            request_hash {text} NOT NULL,
            answer {text},
            created_at {instant} NOT NULL,
            CONSTRAINT idempotency_account_id_key_hash_key PRIMARY KEY (account_id, key_hash),
            CONSTRAINT idempotency_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX idempotency_created_at_idx ON idempotency (created_at);
    ",
    down: "DROP TABLE idempotency;",
}
