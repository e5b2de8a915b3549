//! What stands in the database, behind the API's back: to see that nothing has changed, and that what has, fits together.

use std::collections::BTreeMap;

use entity::{
    account, account_link, api_token, asset, audit_counter, audit_event, entry, event,
    event_counter, impact_stat, job, milestone, page, password, preview_link, publication,
    reference, revision, search_text, story_section, team_member, testimonial, value,
};
use kindling::app::App;
use sea_orm::{
    ConnectionTrait, EntityTrait, IdenStatic, Iterable, QueryResult, Statement, prelude::Uuid,
};

use crate::support::{
    TestApp,
    principals::{MADE_UP, MAKER},
};

/// All rows of all tables.
pub(crate) async fn all_rows(app: &TestApp) -> Vec<String> {
    rows_of(&app.app).await
}

/// The same, of an application that is not of the harness. The engine writes them as texts, as it does that much faster than a
/// debug build reads them.
pub(crate) async fn rows_of(app: &App) -> Vec<String> {
    let tx = app.database.begin().await.expect("a transaction");
    let is_embedded = app.database.is_embedded();
    let mut statements = Vec::new();
    macro_rules! add {
        ($($table:ident)+) => {$(
            statements.push(texts_of::<$table::Entity>(is_embedded));
        )+};
    }
    add! { entry revision publication reference search_text event event_counter account api_token preview_link }
    add! { account_link audit_event audit_counter job password }
    add! { asset impact_stat milestone page story_section team_member testimonial value }
    let statement = statements.join(" UNION ALL ");
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), statement));
    let rows = rows.await.expect("rows").into_iter();
    let text = |row: QueryResult| row.try_get::<String>("", "row_text").expect("a text");
    let made_up = [
        MADE_UP.to_owned(),
        MAKER.to_string(),
        MAKER.simple().to_string().to_uppercase(),
    ];
    let is_made_up = |row: &String| made_up.iter().any(|mark| row.contains(mark));
    let mut rows: Vec<String> = rows.map(text).filter(|row| !is_made_up(row)).collect();
    rows.sort();
    rows
}

/// The statement that gives each row of a table as one text.
fn texts_of<E: EntityTrait>(is_embedded: bool) -> String {
    let table = E::default().table_name();
    if !is_embedded {
        return format!("SELECT '{table}' || t::text AS row_text FROM \"{table}\" AS t");
    }
    let columns = E::Column::iter().map(|column| format!("quote(\"{}\")", column.as_str()));
    let columns: Vec<String> = columns.collect();
    format!(
        "SELECT '{table}|' || {} AS row_text FROM \"{table}\"",
        columns.join(" || '|' || ")
    )
}

/// The log, in its order.
pub(crate) async fn events(app: &TestApp) -> Vec<event::Model> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let mut events = event::Entity::find().all(&tx).await.expect("events");
    events.sort_by_key(|event| event.sequence);
    events
}

/// The audit log, in its order.
pub(crate) async fn audit_events(app: &TestApp) -> Vec<audit_event::Model> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let mut events = audit_event::Entity::find().all(&tx).await.expect("events");
    events.sort_by_key(|event| event.sequence);
    events
}

/// When which revision of an entry was public.
pub(crate) async fn publications(app: &TestApp, entry: Uuid) -> Vec<publication::Model> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let mut found = publication::Entity::find()
        .all(&tx)
        .await
        .expect("publications");
    found.retain(|publication| publication.entry_id == entry);
    found.sort_by_key(|publication| (publication.starts_at, publication.revision));
    found
}

/// What refers to what: owner, revision, field and target.
pub(crate) async fn references(app: &TestApp) -> Vec<(Uuid, i32, String, Uuid)> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let found = reference::Entity::find()
        .all(&tx)
        .await
        .expect("references");
    let mut found: Vec<_> = found
        .into_iter()
        .map(|row| (row.owner_id, row.revision, row.field, row.target_id))
        .collect();
    found.sort();
    found
}

/// A row of a content table: its revision, whether it is the latest and the public one, and what it refers to.
type Saved = (i32, bool, bool, Option<Uuid>);

/// What does not fit together in the entries of the two types, milestones and their pictures; nothing if all does.
#[expect(clippy::too_many_lines, reason = "one list of what must fit")]
pub(crate) async fn contradictions(app: &TestApp) -> Vec<String> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let mut rows: BTreeMap<Uuid, Vec<Saved>> = BTreeMap::new();
    for row in milestone::Entity::find()
        .all(&tx)
        .await
        .expect("milestones")
    {
        rows.entry(row.entry_id).or_default().push((
            row.revision,
            row.latest,
            row.published,
            row.image.map(|id| id.uuid),
        ));
    }
    for row in asset::Entity::find().all(&tx).await.expect("assets") {
        rows.entry(row.entry_id)
            .or_default()
            .push((row.revision, row.latest, row.published, None));
    }
    let entries = entry::Entity::find().all(&tx).await.expect("entries");
    let revisions = revision::Entity::find().all(&tx).await.expect("revisions");
    let counter = event_counter::Entity::find()
        .all(&tx)
        .await
        .expect("a counter");
    drop(tx);
    let (events, references) = (events(app).await, references(app).await);

    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    check(
        rows.len() == entries.len(),
        format!("{} entries have content, of {}", rows.len(), entries.len()),
    );
    let mut expected_references = Vec::new();
    for entry in entries {
        let mut rows = rows.remove(&entry.id).unwrap_or_default();
        rows.sort();
        let with = |flag: fn(&Saved) -> bool| -> Vec<i32> {
            rows.iter()
                .filter(|row| flag(row))
                .map(|row| row.0)
                .collect()
        };
        let all: Vec<i32> = (1..=entry.latest_revision).collect();
        check(with(|_| true) == all, format!("rows {rows:?} of {entry:?}"));
        check(
            with(|row| row.1) == [entry.latest_revision],
            format!("latest rows {rows:?} of {entry:?}"),
        );
        let public: Vec<i32> = entry.published_revision.into_iter().collect();
        check(
            with(|row| row.2) == public,
            format!("public rows {rows:?} of {entry:?}"),
        );
        let saved = revisions
            .iter()
            .filter(|revision| revision.entry_id == entry.id)
            .count();
        check(
            saved == all.len(),
            format!("{saved} revisions of {entry:?}"),
        );

        let publications = publications(app, entry.id).await;
        let open: Vec<i32> = publications
            .iter()
            .filter(|one| one.ends_at.is_none())
            .map(|one| one.revision)
            .collect();
        check(
            open == public,
            format!("open publications {publications:?} of {entry:?}"),
        );
        let follow = publications
            .windows(2)
            .all(|pair| pair[0].ends_at == Some(pair[1].starts_at));
        check(
            follow,
            format!("publications {publications:?} of {entry:?}"),
        );

        let kept = rows.iter().filter(|row| row.1 || row.2);
        expected_references
            .extend(kept.filter_map(|row| Some((entry.id, row.0, "image".to_owned(), row.3?))));
    }
    expected_references.sort();
    check(
        references == expected_references,
        format!("references {references:?}, not {expected_references:?}"),
    );
    let sequence: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    let gapless: Vec<i64> = (1..=counter[0].last_sequence).collect();
    check(
        sequence == gapless,
        format!("events {sequence:?}, counter {counter:?}"),
    );
    wrong
}
