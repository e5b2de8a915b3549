//! Documents that operators trust, by the clients that send them; and the number of times that they changed.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE trusted_document (
            client {text} NOT NULL,
            version {text} NOT NULL,
            id {text} NOT NULL,
            digest {text} NOT NULL,
            name {text} NOT NULL,
            text {text} NOT NULL,
            published_at {instant} NOT NULL,
            CONSTRAINT trusted_document_client_version_id_key PRIMARY KEY (client, version, id)
        ){strict};
        CREATE INDEX trusted_document_id_idx ON trusted_document (id);
        CREATE INDEX trusted_document_digest_idx ON trusted_document (digest);
        CREATE TABLE trusted_document_counter (
            id {int} NOT NULL,
            changes {bigint} NOT NULL,
            CONSTRAINT trusted_document_counter_pkey PRIMARY KEY (id),
            CONSTRAINT trusted_document_counter_is_one_row CHECK (id = 1)
        ){strict};
        INSERT INTO trusted_document_counter (id, changes) VALUES (1, 0);
    ",
    down: "
        DROP TABLE trusted_document_counter;
        DROP TABLE trusted_document;
    ",
}
