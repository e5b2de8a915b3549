//! Mail that is yet to be sent, and addresses that somebody wants a new password for.

use crate::sql::migration;

migration! {
    up: "
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
    ",
    down: "
        DROP TABLE reset_request;
        DROP TABLE mail;
    ",
}
