//! Sessions know their device, and their tokens form a family. Sessions of before end.

use crate::sql::migration;

migration! {
    up: "
        DROP TABLE refresh_token;
        DROP TABLE session;
        CREATE TABLE session (
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            created_at {instant} NOT NULL,
            password_at {instant} NOT NULL,
            last_seen_at {instant} NOT NULL,
            expires_at {instant} NOT NULL,
            ended_at {instant},
            device {text} NOT NULL,
            network {text} NOT NULL,
            CONSTRAINT session_pkey PRIMARY KEY (id),
            CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX session_account_id_idx ON session (account_id);
        CREATE INDEX session_expires_at_idx ON session (expires_at);
        CREATE TABLE refresh_token (
            hash {text} NOT NULL,
            id {uuid} NOT NULL,
            session_id {uuid} NOT NULL,
            parent_id {uuid},
            expires_at {instant} NOT NULL,
            access_used_at {instant},
            used_at {instant},
            CONSTRAINT refresh_token_pkey PRIMARY KEY (hash),
            CONSTRAINT refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
        ){strict};
        CREATE UNIQUE INDEX refresh_token_id_key ON refresh_token (id);
        CREATE INDEX refresh_token_session_id_idx ON refresh_token (session_id);
        CREATE INDEX refresh_token_parent_id_idx ON refresh_token (parent_id);
    ",
    down: "
        DROP TABLE refresh_token;
        DROP TABLE session;
        CREATE TABLE session (
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            created_at {instant} NOT NULL,
            password_at {instant} NOT NULL,
            ended_at {instant},
            CONSTRAINT session_pkey PRIMARY KEY (id),
            CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX session_account_id_idx ON session (account_id);
        CREATE TABLE refresh_token (
            hash {text} NOT NULL,
            session_id {uuid} NOT NULL,
            expires_at {instant} NOT NULL,
            used_at {instant},
            CONSTRAINT refresh_token_pkey PRIMARY KEY (hash),
            CONSTRAINT refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX refresh_token_session_id_idx ON refresh_token (session_id);
    ",
}
