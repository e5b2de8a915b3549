//! No two publications of an entry overlap, and moments of publication are in the order of the log.
//!
//! Publications that overlap already are put right: a publication of a later revision begins when the earlier one ends. An
//! exclusion constraint on PostgreSQL compares ranges of entry ids, because comparing the ids themselves takes an extension
//! that the role may not be able to create.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE event_counter ADD COLUMN last_at {instant} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
        ALTER TABLE event_counter ADD COLUMN last_publication_at {instant} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
        UPDATE publication
            SET starts_at = mended.earliest,
                ends_at = CASE WHEN publication.ends_at < mended.earliest THEN mended.earliest ELSE publication.ends_at END
            FROM (
                SELECT id, max(ends_at) OVER (
                    PARTITION BY entry_id ORDER BY revision, ends_at IS NULL, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS earliest FROM publication
            ) AS mended
            WHERE mended.id = publication.id AND mended.earliest > publication.starts_at;
        UPDATE entry
            SET published_at = (
                SELECT starts_at FROM publication WHERE publication.entry_id = entry.id AND publication.ends_at IS NULL
            )
            WHERE published_at < (
                SELECT starts_at FROM publication WHERE publication.entry_id = entry.id AND publication.ends_at IS NULL
            );
        UPDATE event_counter SET
            last_at = coalesce((SELECT max(occurred_at) FROM event), last_at),
            last_publication_at = coalesce(
                (SELECT max(coalesce(ends_at, starts_at)) FROM publication), last_publication_at
            );
        {only postgres} CREATE TYPE uuid_range AS RANGE (subtype = uuid);
        {only postgres} ALTER TABLE publication
            ADD CONSTRAINT publication_ends_after_start CHECK (ends_at >= starts_at),
            ADD CONSTRAINT publication_overlap_excl EXCLUDE USING gist (
                uuid_range(entry_id, entry_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
            );
        {only sqlite} CREATE TRIGGER publication_insert_apart BEFORE INSERT ON publication
            WHEN NEW.ends_at < NEW.starts_at OR EXISTS (
                SELECT 1 FROM publication AS other WHERE other.entry_id = NEW.entry_id AND other.id <> NEW.id
                    AND other.starts_at < coalesce(NEW.ends_at, '~') AND coalesce(other.ends_at, '~') > NEW.starts_at
            )
            BEGIN SELECT RAISE(ABORT, 'publications of an entry overlap'); END;
        {only sqlite} CREATE TRIGGER publication_update_apart BEFORE UPDATE OF entry_id, starts_at, ends_at ON publication
            WHEN NEW.ends_at < NEW.starts_at OR EXISTS (
                SELECT 1 FROM publication AS other WHERE other.entry_id = NEW.entry_id AND other.id <> NEW.id
                    AND other.starts_at < coalesce(NEW.ends_at, '~') AND coalesce(other.ends_at, '~') > NEW.starts_at
            )
            BEGIN SELECT RAISE(ABORT, 'publications of an entry overlap'); END;
    ",
    down: "
        {only sqlite} DROP TRIGGER publication_update_apart;
        {only sqlite} DROP TRIGGER publication_insert_apart;
        {only postgres} ALTER TABLE publication
            DROP CONSTRAINT publication_overlap_excl,
            DROP CONSTRAINT publication_ends_after_start;
        {only postgres} DROP TYPE uuid_range;
        ALTER TABLE event_counter DROP COLUMN last_publication_at;
        ALTER TABLE event_counter DROP COLUMN last_at;
    ",
}
