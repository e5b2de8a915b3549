//! What is looked for is compared folded: names of accounts get a folded form beside them. The server writes it, and that of contents,
//! for all rows when it next starts.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE account ADD COLUMN name_folded {text} NOT NULL DEFAULT '';
        CREATE TABLE search_fold (
            id {int} NOT NULL,
            probe {text} NOT NULL,
            CONSTRAINT search_fold_pkey PRIMARY KEY (id),
            CONSTRAINT search_fold_is_one_row CHECK (id = 1)
        ){strict};
    ",
    down: "
        ALTER TABLE account DROP COLUMN name_folded;
        DROP TABLE search_fold;
    ",
}
