//! Sign-ins, accounts, tokens and settings get a log of their own. What the event log has of them moves there, and the event log,
//! which then consists of content alone, is numbered anew without gaps: its lineage is replaced, so that whoever remembers a
//! number begins anew.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE audit_event (
            sequence {bigint} NOT NULL,
            id {uuid} NOT NULL,
            occurred_at {instant} NOT NULL,
            actor_id {uuid},
            action {text} NOT NULL,
            account_id {uuid},
            target {text},
            network {text},
            CONSTRAINT audit_event_pkey PRIMARY KEY (sequence)
        ){strict};
        CREATE INDEX audit_event_account_id_idx ON audit_event (account_id, sequence);
        CREATE INDEX audit_event_actor_id_idx ON audit_event (actor_id, sequence);
        CREATE INDEX audit_event_network_idx ON audit_event (occurred_at) WHERE network IS NOT NULL;
        CREATE TABLE audit_counter (
            id {int} NOT NULL,
            last_sequence {bigint} NOT NULL,
            CONSTRAINT audit_counter_pkey PRIMARY KEY (id),
            CONSTRAINT audit_counter_is_one_row CHECK (id = 1)
        ){strict};
        INSERT INTO audit_event (sequence, id, occurred_at, actor_id, action, account_id, target, network)
            SELECT row_number() OVER (ORDER BY sequence), id, occurred_at, actor_id, action, account_id, target, network
            FROM event WHERE entry_id IS NULL;
        INSERT INTO audit_counter (id, last_sequence) SELECT 1, count(*) FROM audit_event;
        UPDATE event_counter SET lineage = {random uuid} WHERE EXISTS (SELECT 1 FROM audit_event);
        DELETE FROM event WHERE entry_id IS NULL;
        UPDATE event SET sequence = -numbered.number
            FROM (SELECT sequence, row_number() OVER (ORDER BY sequence) AS number FROM event) AS numbered
            WHERE numbered.sequence = event.sequence;
        UPDATE event SET sequence = -sequence;
        UPDATE event_counter SET last_sequence = (SELECT count(*) FROM event);
        UPDATE event_counter SET
            last_id = coalesce((SELECT id FROM event WHERE sequence = event_counter.last_sequence), {nil uuid}),
            previous_id = coalesce((SELECT id FROM event WHERE sequence = event_counter.last_sequence - 1), {nil uuid});
        DROP INDEX event_network_idx;
        ALTER TABLE event DROP COLUMN account_id;
        ALTER TABLE event DROP COLUMN target;
        ALTER TABLE event DROP COLUMN network;
    ",
    down: "
        ALTER TABLE event ADD COLUMN account_id {uuid};
        ALTER TABLE event ADD COLUMN target {text};
        ALTER TABLE event ADD COLUMN network {text};
        CREATE INDEX event_network_idx ON event (occurred_at) WHERE network IS NOT NULL;
        UPDATE event_counter SET lineage = {random uuid} WHERE EXISTS (SELECT 1 FROM audit_event);
        INSERT INTO event (sequence, id, occurred_at, actor_id, action, account_id, target, network)
            SELECT event_counter.last_sequence + audit_event.sequence, audit_event.id, occurred_at, actor_id, action,
                account_id, target, network
            FROM audit_event CROSS JOIN event_counter;
        UPDATE event_counter SET last_sequence = (SELECT count(*) FROM event);
        UPDATE event_counter SET
            last_id = coalesce((SELECT id FROM event WHERE sequence = event_counter.last_sequence), {nil uuid}),
            previous_id = coalesce((SELECT id FROM event WHERE sequence = event_counter.last_sequence - 1), {nil uuid});
        DROP TABLE audit_counter;
        DROP TABLE audit_event;
    ",
}
