//! Who can sign in.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE account (
            id {uuid} NOT NULL,
            email {text} NOT NULL,
            name {text} NOT NULL,
            role {text} NOT NULL,
            password_hash {text} NOT NULL,
            created_at {instant} NOT NULL,
            CONSTRAINT account_pkey PRIMARY KEY (id)
        ){strict};
        CREATE UNIQUE INDEX account_email_key ON account (email);
    ",
    down: "DROP TABLE account;",
}
