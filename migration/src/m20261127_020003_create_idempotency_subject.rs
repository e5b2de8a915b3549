//! What the answers that are kept for idempotency keys show, so that they can be purged when it is erased. What the answers
//! from before this table show is unknown: they are purged now.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE idempotency_subject (
            account_id {uuid} NOT NULL,
            key_hash {text} NOT NULL,
            subject_id {uuid} NOT NULL,
            CONSTRAINT idempotency_subject_pkey PRIMARY KEY (account_id, key_hash, subject_id),
            CONSTRAINT idempotency_subject_account_id_key_hash_fkey FOREIGN KEY (account_id, key_hash)
                REFERENCES idempotency (account_id, key_hash) ON DELETE CASCADE
        ){strict};
        CREATE INDEX idempotency_subject_subject_id_idx ON idempotency_subject (subject_id);
        UPDATE idempotency SET answer = NULL;
    ",
    down: "DROP TABLE idempotency_subject;",
}
