//! What was published and withdrawn together: the batch that began a publication, and the one that ended it.
//!
//! Each change had moments of its own, so publications of before that began at one moment by one account are a batch. Which
//! change withdrew an entry without publishing another revision of it is not known any more.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE publication ADD COLUMN batch {uuid} NOT NULL DEFAULT {nil uuid};
        ALTER TABLE publication ADD COLUMN end_batch {uuid};
        UPDATE publication SET batch = together.batch
            FROM (
                SELECT id, first_value(id) OVER (PARTITION BY starts_at, published_by ORDER BY id) AS batch FROM publication
            ) AS together
            WHERE together.id = publication.id;
        UPDATE publication SET end_batch = next.batch
            FROM publication AS next
            WHERE next.entry_id = publication.entry_id AND next.starts_at = publication.ends_at AND next.id <> publication.id;
        {only postgres} ALTER TABLE publication ALTER COLUMN batch DROP DEFAULT;
        CREATE INDEX publication_batch_idx ON publication (batch);
        CREATE INDEX publication_end_batch_idx ON publication (end_batch) WHERE end_batch IS NOT NULL;
    ",
    down: "
        DROP INDEX publication_end_batch_idx;
        DROP INDEX publication_batch_idx;
        ALTER TABLE publication DROP COLUMN end_batch;
        ALTER TABLE publication DROP COLUMN batch;
    ",
}
