//! The event log and the counter of its sequence.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE event (
            sequence {bigint} NOT NULL,
            occurred_at {instant} NOT NULL,
            actor_id {uuid},
            action {text} NOT NULL,
            entry_id {uuid},
            entry_type {text},
            revision {int},
            CONSTRAINT event_pkey PRIMARY KEY (sequence)
        ){strict};
        CREATE INDEX event_entry_id_idx ON event (entry_id, sequence);
        CREATE TABLE event_counter (
            id {int} NOT NULL,
            last_sequence {bigint} NOT NULL,
            CONSTRAINT event_counter_pkey PRIMARY KEY (id),
            CONSTRAINT event_counter_is_one_row CHECK (id = 1)
        ){strict};
        INSERT INTO event_counter (id, last_sequence) VALUES (1, 0);
    ",
    down: "
        DROP TABLE event_counter;
        DROP TABLE event;
    ",
}
