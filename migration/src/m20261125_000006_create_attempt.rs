//! Attempts at secrets, counted per account and per network.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE attempt (
            bucket {text} NOT NULL,
            count {int} NOT NULL,
            last_at {instant} NOT NULL,
            next_at {instant} NOT NULL,
            CONSTRAINT attempt_pkey PRIMARY KEY (bucket)
        ){strict};
        CREATE INDEX attempt_last_at_idx ON attempt (last_at);
    ",
    down: "DROP TABLE attempt;",
}
