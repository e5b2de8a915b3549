//! Codes for those who have lost their other factors, as their hashes.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE recovery_code (
            hash {text} NOT NULL,
            account_id {uuid} NOT NULL,
            CONSTRAINT recovery_code_pkey PRIMARY KEY (hash),
            CONSTRAINT recovery_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX recovery_code_account_id_idx ON recovery_code (account_id);
    ",
    down: "DROP TABLE recovery_code;",
}
