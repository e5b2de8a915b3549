//! The keys that sign access tokens.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE signing_key (
            id {text} NOT NULL,
            private_key {text} NOT NULL,
            created_at {instant} NOT NULL,
            CONSTRAINT signing_key_pkey PRIMARY KEY (id)
        ){strict};
    ",
    down: "DROP TABLE signing_key;",
}
