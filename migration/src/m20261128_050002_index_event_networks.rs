//! The events that have a network address, which is removed after a while, are found without a look at all events.

use crate::sql::migration;

migration! {
    up: "
        CREATE INDEX event_network_idx ON event (occurred_at) WHERE network IS NOT NULL;
    ",
    down: "
        DROP INDEX event_network_idx;
    ",
}
