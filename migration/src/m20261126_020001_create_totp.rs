//! Secrets of authenticator apps, sealed, and the last step of time that each was used in.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE totp (
            account_id {uuid} NOT NULL,
            secret {text} NOT NULL,
            confirmed_at {instant},
            last_step {bigint} NOT NULL,
            CONSTRAINT totp_pkey PRIMARY KEY (account_id),
            CONSTRAINT totp_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
    ",
    down: "DROP TABLE totp;",
}
