//! Files of erased assets, from the transaction of the erasure until they are removed from the media store.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE media_removal (
            storage_key {text} NOT NULL,
            requested_at {instant} NOT NULL,
            CONSTRAINT media_removal_pkey PRIMARY KEY (storage_key)
        ){strict};
        CREATE INDEX asset_storage_key_idx ON asset (storage_key);
    ",
    down: "
        DROP INDEX asset_storage_key_idx;
        DROP TABLE media_removal;
    ",
}
