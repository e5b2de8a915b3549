//! Fills a database with many milestones, below the write pipeline, which would take hours for half a million revisions.

use kindling::app::App;
use sea_orm::{ConnectionTrait, DbBackend};

use super::Outcome;

const REVISIONS: usize = 5;
const PUBLISHED: usize = 3;
/// Memory for pages of SQLite while a database is filled.
const FILLING_KIB: u32 = 1024 * 1024;
/// What tells these entries from others that are there already.
const OURS: &str = "\"key\" LIKE 'milestone-%'";

/// Fills the database with that many milestones of five revisions each, the third of them public.
pub(crate) async fn fill(app: &App, entries: u32) -> Outcome<()> {
    let tx = app.database.begin().await?;
    let postgres = tx.get_database_backend() == DbBackend::Postgres;
    let (series, id, instant, day, yes, no) = if postgres {
        (
            format!("SELECT n FROM generate_series(1, {entries}) AS n"),
            "(lpad(to_hex(1577836800000 + n::bigint * 60000), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid",
            "timestamptz '2020-01-01' + n * interval '1 minute'",
            "to_char(date '1700-01-01' + (n * 7919 % 100000)::int, 'YYYY-MM-DD')",
            "true",
            "false",
        )
    } else {
        (
            format!(
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {entries}) SELECT n FROM s"
            ),
            "unhex(printf('%012x70008000%012x', 1577836800000 + n * 60000, n))",
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1577836800 + n * 60, 'unixepoch')",
            "date('1700-01-01', '+' || (n * 7919 % 100000) || ' days')",
            "1",
            "0",
        )
    };
    let number = if postgres {
        "lpad(to_hex(n::bigint * 32768), 12, '0') || '8'"
    } else {
        "printf('%012x8', n * 32768)"
    };
    let statements = [
        format!(
            "INSERT INTO entry (id, type, \"key\", position, latest_revision, published_revision, published_at, created_at)
             SELECT {id}, 'milestone', 'milestone-' || n, {number}, {REVISIONS}, {PUBLISHED}, {instant}, {instant} FROM ({series}) AS numbers"
        ),
        format!("CREATE TEMPORARY TABLE revisions AS {}", revisions()),
        format!("INSERT INTO revision (entry_id, number, saved_at) SELECT id, r, created_at FROM entry CROSS JOIN revisions WHERE {OURS}"),
        format!(
            "INSERT INTO milestone (entry_id, revision, latest, published, saved_at, text_revisions, date, end_date, title, body)
             SELECT id, r, CASE WHEN r = {REVISIONS} THEN {yes} ELSE {no} END, CASE WHEN r = {PUBLISHED} THEN {yes} ELSE {no} END,
                created_at, '{{\"en\": 1}}', {day}, CASE WHEN n % 2 = 0 THEN {day} END,
                '{{\"en\": \"Something happened\"}}', '{{}}'
             FROM (SELECT id, created_at, {count} AS n FROM entry WHERE {OURS}) AS numbered CROSS JOIN revisions",
            count = if postgres { "substr(\"key\", 11)::int" } else { "CAST(substr(\"key\", 11) AS INTEGER)" }
        ),
        format!(
            "INSERT INTO entry_count (type, listed, public) VALUES ('milestone', {entries}, {entries})
             ON CONFLICT (type) DO UPDATE SET listed = entry_count.listed + excluded.listed, public = entry_count.public + excluded.public"
        ),
    ];
    if !postgres {
        // Indexes that do not fit into what a server needs would be read anew for each row.
        tx.execute_unprepared(&format!("PRAGMA cache_size = -{FILLING_KIB}"))
            .await?;
    }
    for statement in statements {
        tx.execute_unprepared(&statement).await?;
    }
    if !postgres {
        tx.execute_unprepared("PRAGMA cache_size = -2000").await?;
    }
    if postgres {
        // It does so by itself, a minute after a table has grown.
        tx.execute_unprepared("ANALYZE").await?;
    }
    Ok(tx.commit().await?)
}

fn revisions() -> String {
    let rows = (1..=REVISIONS).map(|revision| format!("SELECT {revision} AS r"));
    rows.collect::<Vec<_>>().join(" UNION ALL ")
}
