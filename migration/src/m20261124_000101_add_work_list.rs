//! What the editors' work list is ordered and searched by, what each revision changed, and which were saved by themselves.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE entry ADD COLUMN updated_at {instant} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
        UPDATE entry SET updated_at = (
            SELECT max(saved_at) FROM revision WHERE revision.entry_id = entry.id
        );
        CREATE INDEX entry_updated_at_idx ON entry (updated_at, id);
        CREATE INDEX entry_created_by_idx ON entry (created_by, updated_at, id);
        ALTER TABLE revision ADD COLUMN changed_fields {json} NOT NULL DEFAULT '[]';
        ALTER TABLE revision ADD COLUMN autosave_since {instant};
        ALTER TABLE revision ADD COLUMN replaced_at {instant};
        CREATE TABLE search_text (
            entry_id {uuid} NOT NULL,
            text {text} NOT NULL,
            CONSTRAINT search_text_pkey PRIMARY KEY (entry_id),
            CONSTRAINT search_text_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES entry (id) ON DELETE CASCADE
        ){strict};
    ",
    down: "
        DROP TABLE search_text;
        ALTER TABLE revision DROP COLUMN replaced_at;
        ALTER TABLE revision DROP COLUMN autosave_since;
        ALTER TABLE revision DROP COLUMN changed_fields;
        DROP INDEX entry_created_by_idx;
        DROP INDEX entry_updated_at_idx;
        ALTER TABLE entry DROP COLUMN updated_at;
    ",
}
