//! Events of accounts.

use crate::sql::migration;

migration! {
    up: "ALTER TABLE event ADD COLUMN account_id {uuid};",
    down: "ALTER TABLE event DROP COLUMN account_id;",
}
