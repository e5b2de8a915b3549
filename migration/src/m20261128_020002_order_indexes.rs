//! Indexes in the orders in which editors look at entries, and at where they are used.

use crate::sql::migration;

migration! {
    up: "
        DROP INDEX entry_updated_at_idx;
        DROP INDEX entry_created_by_idx;
        DROP INDEX reference_target_id_idx;
        CREATE INDEX entry_updated_at_idx ON entry (updated_at {nulls first}, id);
        CREATE INDEX entry_created_at_all_idx ON entry (created_at {nulls first}, id);
        CREATE INDEX entry_created_by_idx ON entry (created_by, updated_at {nulls first}, id);
        CREATE INDEX reference_target_id_idx ON reference (target_id, owner_id, field);
    ",
    down: "
        DROP INDEX reference_target_id_idx;
        DROP INDEX entry_created_by_idx;
        DROP INDEX entry_created_at_all_idx;
        DROP INDEX entry_updated_at_idx;
        CREATE INDEX entry_updated_at_idx ON entry (updated_at, id);
        CREATE INDEX entry_created_by_idx ON entry (created_by, updated_at, id);
        CREATE INDEX reference_target_id_idx ON reference (target_id, owner_id);
    ",
}
