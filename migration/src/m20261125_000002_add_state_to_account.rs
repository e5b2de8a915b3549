//! Since when an account has an owner, and since when it is suspended.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE account ADD COLUMN joined_at {instant};
        ALTER TABLE account ADD COLUMN suspended_at {instant};
        UPDATE account SET joined_at = created_at;
    ",
    down: "
        ALTER TABLE account DROP COLUMN joined_at;
        ALTER TABLE account DROP COLUMN suspended_at;
    ",
}
