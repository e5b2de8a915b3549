//! The queue of background jobs. Mail and requests for new passwords, which had tables of their own, are jobs.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE job (
            id {uuid} NOT NULL,
            name {text} NOT NULL,
            key {text},
            payload {text} NOT NULL,
            created_at {instant} NOT NULL,
            due_at {instant} NOT NULL,
            attempts {int} NOT NULL,
            lease {uuid},
            beat {bigint} NOT NULL,
            failed_at {instant},
            error {text},
            CONSTRAINT job_pkey PRIMARY KEY (id)
        ){strict};
        CREATE UNIQUE INDEX job_key_key ON job (name, key) WHERE key IS NOT NULL;
        CREATE INDEX job_due_at_idx ON job (name, due_at) WHERE lease IS NULL AND failed_at IS NULL;
        CREATE INDEX job_lease_idx ON job (lease) WHERE lease IS NOT NULL;
        CREATE INDEX job_failed_at_idx ON job (failed_at) WHERE failed_at IS NOT NULL;
        INSERT INTO job (id, name, payload, created_at, due_at, attempts, beat)
            SELECT id, 'mail', '{\"message\":\"' || message || '\"}', created_at, due_at, tries, 0 FROM mail;
        INSERT INTO job (id, name, payload, created_at, due_at, attempts, beat)
            SELECT id, 'password_reset', '{\"address\":\"' || address || '\",\"network\":\"' || network || '\"}',
                created_at, created_at, 0, 0
            FROM reset_request;
        DROP TABLE mail;
        DROP TABLE reset_request;
    ",
    down: "
        CREATE TABLE mail (
            id {uuid} NOT NULL,
            message {text} NOT NULL,
            due_at {instant} NOT NULL,
            tries {int} NOT NULL,
            created_at {instant} NOT NULL,
            CONSTRAINT mail_pkey PRIMARY KEY (id)
        ){strict};
        CREATE INDEX mail_due_at_idx ON mail (due_at);
        CREATE TABLE reset_request (
            id {uuid} NOT NULL,
            address {text} NOT NULL,
            network {text} NOT NULL,
            created_at {instant} NOT NULL,
            CONSTRAINT reset_request_pkey PRIMARY KEY (id)
        ){strict};
        {only sqlite} INSERT INTO mail (id, message, due_at, tries, created_at)
            SELECT id, json_extract(payload, '$.message'), due_at, attempts, created_at FROM job WHERE name = 'mail';
        {only postgres} INSERT INTO mail (id, message, due_at, tries, created_at)
            SELECT id, payload::jsonb ->> 'message', due_at, attempts, created_at FROM job WHERE name = 'mail';
        {only sqlite} INSERT INTO reset_request (id, address, network, created_at)
            SELECT id, json_extract(payload, '$.address'), json_extract(payload, '$.network'), created_at
            FROM job WHERE name = 'password_reset';
        {only postgres} INSERT INTO reset_request (id, address, network, created_at)
            SELECT id, payload::jsonb ->> 'address', payload::jsonb ->> 'network', created_at
            FROM job WHERE name = 'password_reset';
        DROP TABLE job;
    ",
}
