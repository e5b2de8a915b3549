//! The tokens of setup links.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE setup_token (
            hash {text} NOT NULL,
            expires_at {instant} NOT NULL,
            CONSTRAINT setup_token_pkey PRIMARY KEY (hash)
        ){strict};
    ",
    down: "DROP TABLE setup_token;",
}
