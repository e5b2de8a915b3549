//! What an event happened to, if it was neither an entry nor an account, and from which network.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE event ADD COLUMN target {text};
        ALTER TABLE event ADD COLUMN network {text};
    ",
    down: "
        ALTER TABLE event DROP COLUMN target;
        ALTER TABLE event DROP COLUMN network;
    ",
}
