//! Whether the tables of a site fit together. Nothing here is ever unpublished, discarded or saved by itself.

use entity::{entry_id::EntryId, event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, Statement,
};

const TABLES: [&str; 8] = [
    "asset",
    "impact_stat",
    "milestone",
    "page",
    "story_section",
    "team_member",
    "testimonial",
    "value",
];

/// What must count nothing.
const RULES: [(&str, &str); 9] = [
    (
        "entries whose revisions are not 1, 2, 3 … latest",
        "SELECT count(*) FROM entry e WHERE e.latest_revision <> (SELECT count(*) FROM revision r WHERE r.entry_id = e.id)
            OR e.latest_revision <> (SELECT max(r.number) FROM revision r WHERE r.entry_id = e.id)",
    ),
    (
        "entries whose open publication is not of their public revision",
        "SELECT count(*) FROM entry e WHERE coalesce(e.published_revision, 0) <> coalesce(
            (SELECT sum(p.revision) FROM publication p WHERE p.entry_id = e.id AND p.ends_at IS NULL), 0)",
    ),
    (
        "publications that nothing follows",
        "SELECT count(*) FROM publication p WHERE p.ends_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM publication n WHERE n.entry_id = p.entry_id AND n.starts_at = p.ends_at)",
    ),
    (
        "publications that the log does not tell",
        "SELECT count(*) FROM (SELECT entry_id, revision FROM publication
            EXCEPT SELECT entry_id, revision FROM event WHERE action = 'entry.published') missing",
    ),
    (
        "publications that only the log tells",
        "SELECT count(*) FROM (SELECT entry_id, revision FROM event WHERE action = 'entry.published'
            EXCEPT SELECT entry_id, revision FROM publication) missing",
    ),
    (
        "revisions that the log does not tell",
        "SELECT count(*) FROM (SELECT entry_id, number FROM revision
            EXCEPT SELECT entry_id, revision FROM event WHERE action IN ('entry.created', 'entry.updated')) missing",
    ),
    (
        "revisions that only the log tells",
        "SELECT count(*) FROM (SELECT entry_id, revision FROM event WHERE action IN ('entry.created', 'entry.updated')
            EXCEPT SELECT entry_id, number FROM revision) missing",
    ),
    (
        "gaps in the log",
        "SELECT count(*) FROM event_counter WHERE last_sequence <> (SELECT count(*) FROM event)
            OR last_sequence <> (SELECT max(sequence) FROM event) OR 1 <> (SELECT min(sequence) FROM event)",
    ),
    (
        "references of neither the latest nor the public revision",
        "SELECT count(*) FROM reference r WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = r.owner_id
            AND r.revision IN (e.latest_revision, e.published_revision))",
    ),
];

/// What does not fit together; nothing if all does.
pub(crate) async fn contradictions(database: &DatabaseConnection) -> Vec<String> {
    let mut rules: Vec<(String, String)> = RULES
        .iter()
        .map(|(what, sql)| ((*what).to_owned(), (*sql).to_owned()))
        .collect();
    rules.extend(TABLES.iter().map(|table| {
        let what = format!("entries whose flags do not fit the rows of {table}");
        (what, flags(table))
    }));
    let mut wrong = Vec::new();
    for (what, sql) in rules {
        let found = number(database, &sql).await;
        if found != 0 {
            wrong.push(format!("{found} {what}"));
        }
    }
    if database.get_database_backend() == DbBackend::Sqlite {
        let broken = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
        if number(database, broken).await != 0 {
            wrong.push("the file is broken".to_owned());
        }
    }
    wrong
}

fn flags(table: &str) -> String {
    let rows = |condition: &str| {
        format!("(SELECT count(*) FROM \"{table}\" c WHERE c.entry_id = e.id AND {condition})")
    };
    let (all, latest, public) = (
        rows("c.revision <= e.latest_revision"),
        rows("c.latest"),
        rows("c.published"),
    );
    let the_latest = rows("c.latest AND c.revision = e.latest_revision");
    let the_public = rows("c.published AND c.revision = e.published_revision");
    format!(
        "SELECT count(*) FROM entry e WHERE e.type = '{table}' AND ({all} <> e.latest_revision OR {latest} <> 1
            OR {the_latest} <> 1 OR {public} <> {the_public}
            OR {public} <> CASE WHEN e.published_revision IS NULL THEN 0 ELSE 1 END)"
    )
}

/// The number that a statement selects.
pub(crate) async fn number(database: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await;
    let row = row.unwrap_or_else(|error| panic!("{sql}: {error}"));
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// The revisions of an entry, in the order in which the log tells of them.
pub(crate) async fn told(database: &DatabaseConnection, entry: EntryId) -> Vec<i32> {
    let events = event::Entity::find()
        .filter(event::Column::EntryId.eq(entry.uuid))
        .order_by_asc(event::Column::Sequence)
        .all(database)
        .await
        .expect("events");
    events.iter().filter_map(|event| event.revision).collect()
}
