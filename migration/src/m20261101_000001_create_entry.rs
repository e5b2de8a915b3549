//! The table of entries, whatever their type.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE entry (
            id {uuid} NOT NULL,
            type {text} NOT NULL,
            \"key\" {text},
            position {text} NOT NULL,
            latest_revision {int} NOT NULL,
            published_revision {int},
            published_at {instant},
            created_at {instant} NOT NULL,
            created_by {uuid},
            archived_at {instant},
            CONSTRAINT entry_pkey PRIMARY KEY (id),
            CONSTRAINT entry_archived_is_not_public CHECK (archived_at IS NULL OR published_revision IS NULL)
        ){strict};
        CREATE UNIQUE INDEX entry_type_key_key ON entry (type, \"key\");
        CREATE INDEX entry_position_published_idx ON entry (type, position {nulls first}, id) WHERE published_revision IS NOT NULL;
        CREATE INDEX entry_position_idx ON entry (type, position {nulls first}, id) WHERE archived_at IS NULL;
        CREATE INDEX entry_key_published_idx ON entry (type, \"key\" {nulls first}, id) WHERE published_revision IS NOT NULL;
        CREATE INDEX entry_key_idx ON entry (type, \"key\" {nulls first}, id) WHERE archived_at IS NULL;
        CREATE INDEX entry_created_at_published_idx ON entry (type, created_at {nulls first}, id) WHERE published_revision IS NOT NULL;
        CREATE INDEX entry_created_at_idx ON entry (type, created_at {nulls first}, id) WHERE archived_at IS NULL;
    ",
    down: "DROP TABLE entry;",
}
