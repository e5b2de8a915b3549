//! How many entries of each type there are, so that no list has to be walked to tell.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE entry_count (
            type {text} NOT NULL,
            listed {bigint} NOT NULL,
            public {bigint} NOT NULL,
            CONSTRAINT entry_count_pkey PRIMARY KEY (type)
        ){strict};
        INSERT INTO entry_count (type, listed, public)
            SELECT type, COUNT(*) - COUNT(archived_at), COUNT(published_revision) FROM entry GROUP BY type;
    ",
    down: "
        DROP TABLE entry_count;
    ",
}
