//! With which API token something was done.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE event ADD COLUMN token_id {uuid};
        CREATE INDEX event_token_id_idx ON event (token_id, sequence) WHERE token_id IS NOT NULL;
    ",
    down: "
        DROP INDEX event_token_id_idx;
        ALTER TABLE event DROP COLUMN token_id;
    ",
}
