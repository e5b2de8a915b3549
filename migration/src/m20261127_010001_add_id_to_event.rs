//! A random id for each event and for each state of the trusted documents, by which a database that went back in time is told from
//! the one before.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE event ADD COLUMN id {uuid} NOT NULL DEFAULT {nil uuid};
        UPDATE event SET id = {random uuid};
        ALTER TABLE event_counter ADD COLUMN last_id {uuid} NOT NULL DEFAULT {nil uuid};
        ALTER TABLE event_counter ADD COLUMN previous_id {uuid} NOT NULL DEFAULT {nil uuid};
        ALTER TABLE event_counter ADD COLUMN lineage {uuid} NOT NULL DEFAULT {nil uuid};
        UPDATE event_counter SET lineage = {random uuid}, last_id = coalesce(
            (SELECT id FROM event WHERE sequence = event_counter.last_sequence), {nil uuid}
        );
        ALTER TABLE trusted_document_counter ADD COLUMN version {uuid} NOT NULL DEFAULT {nil uuid};
        UPDATE trusted_document_counter SET version = {random uuid};
    ",
    down: "
        ALTER TABLE trusted_document_counter DROP COLUMN version;
        ALTER TABLE event_counter DROP COLUMN lineage;
        ALTER TABLE event_counter DROP COLUMN previous_id;
        ALTER TABLE event_counter DROP COLUMN last_id;
        ALTER TABLE event DROP COLUMN id;
    ",
}
