//! The identity of the site, by which a media store is bound to its database. The server writes the row at its first start.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE site (
            id {int} NOT NULL,
            site_id {uuid} NOT NULL,
            media_bound_at {instant},
            CONSTRAINT site_pkey PRIMARY KEY (id),
            CONSTRAINT site_is_one_row CHECK (id = 1)
        ){strict};
    ",
    down: "DROP TABLE site;",
}
