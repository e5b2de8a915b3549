//! Secrets that must be read again are sealed with a key from outside of the database; signing keys are such. Those of
//! before lay open, and go.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE vault (
            id {int} NOT NULL,
            sample {text} NOT NULL,
            CONSTRAINT vault_pkey PRIMARY KEY (id)
        ){strict};
        DROP TABLE signing_key;
        CREATE TABLE signing_key (
            id {text} NOT NULL,
            private_key {text} NOT NULL,
            created_at {instant} NOT NULL,
            active_at {instant} NOT NULL,
            retires_at {instant},
            CONSTRAINT signing_key_pkey PRIMARY KEY (id)
        ){strict};
    ",
    down: "
        DROP TABLE signing_key;
        CREATE TABLE signing_key (
            id {text} NOT NULL,
            private_key {text} NOT NULL,
            created_at {instant} NOT NULL,
            CONSTRAINT signing_key_pkey PRIMARY KEY (id)
        ){strict};
        DROP TABLE vault;
    ",
}
