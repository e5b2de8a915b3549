//! How each revision came about. Of before, autosaves and restored revisions are known.

use crate::sql::migration;

migration! {
    up: "
        ALTER TABLE revision ADD COLUMN origin {text} NOT NULL DEFAULT 'saved';
        UPDATE revision SET origin = 'autosaved' WHERE autosave_since IS NOT NULL;
        UPDATE revision SET origin = 'restored'
            FROM event
            WHERE event.action = 'entry.revision_restored'
                AND event.entry_id = revision.entry_id AND event.revision = revision.number;
    ",
    down: "
        ALTER TABLE revision DROP COLUMN origin;
    ",
}
