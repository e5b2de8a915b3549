//! The autosaves that were replaced, which the worker deletes a day later, are found without a look at all revisions.

use crate::sql::migration;

migration! {
    up: "
        CREATE INDEX revision_replaced_at_idx ON revision (replaced_at) WHERE replaced_at IS NOT NULL;
    ",
    down: "
        DROP INDEX revision_replaced_at_idx;
    ",
}
