//! Publications: no two of an entry overlap, and their moments are in the order of the log, whatever the clock does.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::{entry_id::EntryId, event, publication};
use kindling::{
    auth::Principal,
    content::{types::Milestone, write::Change},
    error::{Error, Result},
};
use migration::Migrator;
use sea_orm::{ActiveValue::Set, ConnectionTrait, Database, DbBackend, EntityTrait, prelude::Uuid};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};

use crate::{
    database_state::{events, publications},
    support::{TestApp, content, on_both_engines},
};

/// The migration that keeps publications apart.
const APART: &str = "m20261127_010002_keep_publications_apart";

async fn unpublish(app: &TestApp, id: EntryId) -> Result<()> {
    let mut change = Change::begin(&app.app, Principal::System, None).await?;
    change.unpublish(&[id]).await?;
    change.seal().await
}

/// A new title for an entry, in public.
async fn publish_as(app: &TestApp, id: EntryId, revision: i32, title: &str) {
    let titled = content::with(
        content::milestone("2012-01-01"),
        json!({"title": {"en": title}}),
    );
    app.update::<Milestone>(id, revision, titled)
        .await
        .expect("a revision");
    app.publish(&[id]).await.expect("a publication");
}

/// The titles that were public at a moment.
async fn titles_as_of(app: &TestApp, moment: DateTime<Utc>) -> Vec<Value> {
    let moment = moment.to_rfc3339_opts(SecondsFormat::Micros, true);
    let query = format!("{{ milestones(view: {{asOf: \"{moment}\"}}) {{ nodes {{ title }} }} }}");
    let answer = app.query_as_editor(&query).await;
    let nodes = answer["data"]["milestones"]["nodes"].as_array();
    let nodes = nodes.unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().map(|node| node["title"].clone()).collect()
}

/// Whether the publications follow each other, and are in the order of the log.
async fn assert_in_order(app: &TestApp, id: EntryId) {
    let mut found = publications(app, id.uuid).await;
    found.sort_by_key(|one| one.revision);
    for pair in found.windows(2) {
        let follows = pair[0].ends_at.is_some_and(|end| end <= pair[1].starts_at);
        assert!(follows, "{found:?}");
        assert!(pair[0].starts_at < pair[1].starts_at, "{found:?}");
    }
    let moments: Vec<_> = events(app)
        .await
        .iter()
        .map(|one| one.occurred_at)
        .collect();
    assert!(moments.is_sorted(), "{moments:?}");
}

fn row(entry: EntryId, starts: i64, ends: Option<i64>) -> publication::ActiveModel {
    let moment = |hour| crate::support::start_of_time() + TimeDelta::hours(hour);
    publication::ActiveModel {
        id: Set(kindling::id::new()),
        entry_id: Set(entry.uuid),
        revision: Set(1),
        starts_at: Set(moment(starts)),
        ends_at: Set(ends.map(moment)),
        published_by: Set(None),
        batch: Set(kindling::id::new()),
        end_batch: Set(None),
    }
}

async fn insert(app: &TestApp, row: publication::ActiveModel) -> Result<()> {
    let tx = app.app.database.begin().await?;
    publication::Entity::insert(row)
        .exec_without_returning(&*tx)
        .await?;
    tx.commit().await
}

on_both_engines! {
    async fn overlapping_publications_of_an_entry_cannot_be_stored(app: TestApp) {
        let one = app.draft::<Milestone>("one", content::milestone("2012-01-01")).await;
        let other = app.draft::<Milestone>("other", content::milestone("2012-01-01")).await;
        insert(&app, row(one, 10, Some(20))).await.expect("the first");
        insert(&app, row(one, 30, None)).await.expect("an open one");
        for (starts, ends) in [(5, Some(11)), (12, Some(15)), (19, Some(25)), (5, Some(25)), (25, Some(31)), (40, Some(50)), (22, Some(21))] {
            let refused = insert(&app, row(one, starts, ends)).await;
            assert!(matches!(refused, Err(Error::Internal(_))), "{starts} {ends:?}: {refused:?}");
        }
        insert(&app, row(one, 20, Some(30))).await.expect("one between them");
        insert(&app, row(other, 5, Some(25))).await.expect("one of another entry");
        let sql = "UPDATE publication SET ends_at = NULL WHERE ends_at = (SELECT min(ends_at) FROM publication)";
        let tx = app.app.database.begin().await.expect("a transaction");
        assert!(tx.execute_unprepared(sql).await.is_err());
    }

    async fn moments_follow_the_log_when_the_clock_steps(app: TestApp) {
        let id = app.public::<Milestone>("one", content::milestone("2012-01-01")).await;
        let clock = app.app.clock.clone();
        clock.advance(TimeDelta::hours(2));
        unpublish(&app, id).await.expect("an end");
        // An hour back: the second publication began before the first one ended.
        clock.advance(TimeDelta::hours(-1));
        publish_as(&app, id, 1, "Second").await;
        publish_as(&app, id, 2, "Third").await;
        clock.advance(TimeDelta::hours(3));
        unpublish(&app, id).await.expect("an end");
        publish_as(&app, id, 3, "Fourth").await;
        assert_in_order(&app, id).await;
        clock.advance(TimeDelta::seconds(1));
        let found = publications(&app, id.uuid).await;
        assert_eq!(found.len(), 4);
        for (publication, title) in found.iter().zip([None, Some("Second"), Some("Third"), Some("Fourth")]) {
            let shown = titles_as_of(&app, publication.starts_at).await;
            assert_eq!(shown.len(), 1, "{found:?}");
            assert!(title.is_none_or(|title| shown[0] == title), "{shown:?}: {found:?}");
        }
    }

    async fn moments_of_a_clock_that_was_ahead_are_not_shown_and_give_way(app: TestApp) {
        let clock = app.app.clock.clone();
        let id = app.public::<Milestone>("one", content::milestone("2012-01-01")).await;
        clock.advance(TimeDelta::days(365));
        publish_as(&app, id, 1, "Ahead").await;
        unpublish(&app, id).await.expect("an end");
        publish_as(&app, id, 2, "Ahead again").await;
        let other = app.public::<Milestone>("other", content::milestone("2012-01-01")).await;
        clock.advance(TimeDelta::days(-364));
        let published = async || {
            let query = "{ milestones(first: 10) { nodes { publishedAt } } events(first: 100) { nodes { occurredAt } } }";
            let answer = app.query_as(crate::support::account(kindling::auth::Role::Admin), query, Value::Null).await;
            let of = |list: &str, field: &str| -> Vec<DateTime<Utc>> {
                let nodes = answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
                nodes.iter().map(|node| node[field].as_str().and_then(|at| at.parse().ok()).expect("a moment")).collect()
            };
            [of("milestones", "publishedAt"), of("events", "occurredAt")].concat()
        };
        let shown = published().await;
        assert!(shown.len() > 6 && shown.iter().all(|at| *at <= clock.now()), "{shown:?}");
        // The next publication follows them, now and not a year from now.
        publish_as(&app, other, 1, "Now").await;
        clock.advance(TimeDelta::seconds(1));
        for id in [id, other] {
            assert_in_order(&app, id).await;
            let found = publications(&app, id.uuid).await;
            let is_past = |at: Option<DateTime<Utc>>| at.is_none_or(|at| at < clock.now());
            assert!(found.iter().all(|one| is_past(Some(one.starts_at)) && is_past(one.ends_at)), "{found:?}");
        }
        assert!(events(&app).await.iter().all(|one: &event::Model| one.occurred_at < clock.now()));
        let mut titles = titles_as_of(&app, clock.now()).await;
        titles.sort_by_key(Value::to_string);
        assert_eq!(titles, ["Ahead again", "Now"]);
    }

    async fn a_clock_that_is_wrong_by_decades_moves_nothing(app: TestApp) {
        let clock = app.app.clock.clone();
        let id = app.public::<Milestone>("one", content::milestone("2012-01-01")).await;
        let before = publications(&app, id.uuid).await;
        clock.advance(TimeDelta::days(-20_000));
        publish_as(&app, id, 1, "In the seventies").await;
        let after = publications(&app, id.uuid).await;
        assert_eq!(after[0].starts_at, before[0].starts_at);
        assert_in_order(&app, id).await;
    }

    async fn publications_that_overlap_already_are_put_right_by_the_upgrade(app: TestApp) {
        let id = app.public::<Milestone>("one", content::milestone("2012-01-01")).await;
        publish_as(&app, id, 1, "Second").await;
        publish_as(&app, id, 2, "Third").await;
        let connection = Database::connect(app.app.config.database_url.expose()).await.expect("a connection");
        let all = Migrator::migrations();
        let later = all.iter().rev().position(|one| one.name() == APART).expect("the migration");
        Migrator::down(&connection, Some(u32::try_from(later + 1).expect("few"))).await.expect("down");
        let at = |hour: i64| (crate::support::start_of_time() + TimeDelta::hours(hour)).to_rfc3339();
        for (revision, starts, ends) in [(1, at(0), Some(at(20))), (2, at(5), Some(at(10))), (3, at(15), None)] {
            let ends = ends.map_or_else(|| "NULL".to_owned(), |ends| format!("'{ends}'"));
            let id = match connection.get_database_backend() {
                DbBackend::Sqlite => format!("x'{}'", id.uuid.simple()),
                _ => format!("'{}'", id.uuid),
            };
            let sql = format!("UPDATE publication SET starts_at = '{starts}', ends_at = {ends} WHERE entry_id = {id} AND revision = {revision}");
            assert_eq!(connection.execute_unprepared(&sql).await.expect("an update").rows_affected(), 1);
            let sql = format!("UPDATE entry SET published_at = '{starts}' WHERE id = {id}");
            connection.execute_unprepared(&sql).await.expect("an update");
        }
        Migrator::up(&connection, None).await.expect("up");
        connection.close().await.expect("an end");
        let hours = |moment: DateTime<Utc>| (moment - crate::support::start_of_time()).num_hours();
        let mut found = publications(&app, id.uuid).await;
        found.sort_by_key(|one| one.revision);
        let found: Vec<_> = found.iter().map(|one| (hours(one.starts_at), one.ends_at.map(hours))).collect();
        assert_eq!(found, [(0, Some(20)), (20, Some(20)), (20, None)]);
        let select = entity::entry::Entity::find_by_id(id.uuid);
        let entry: Option<entity::entry::Model> = app.app.database.row(select).await.expect("a row");
        assert_eq!(entry.and_then(|entry| entry.published_at).map(hours), Some(20));
        // What comes next follows the ends that were ahead of the clock.
        app.app.clock.advance(TimeDelta::hours(21));
        publish_as(&app, id, 3, "Fourth").await;
        assert_in_order_after(&app, id.uuid, 20).await;
    }
}

async fn assert_in_order_after(app: &TestApp, id: Uuid, hour: i64) {
    let found = publications(app, id).await;
    let last = found.last().expect("a publication");
    let earliest = crate::support::start_of_time() + TimeDelta::hours(hour);
    assert!(
        last.ends_at.is_none() && last.starts_at > earliest,
        "{found:?}"
    );
}

#[tokio::test]
async fn a_publication_that_waited_begins_after_the_one_before_has_ended() {
    let Some(app) = TestApp::on_postgres().await else {
        return;
    };
    let id = app
        .public::<Milestone>("one", content::milestone("2012-01-01"))
        .await;
    let draft = content::with(
        content::milestone("2012-01-01"),
        json!({"title": {"en": "Second"}}),
    );
    app.update::<Milestone>(id, 1, draft)
        .await
        .expect("a draft");
    let mut waited = Change::begin(&app.app, Principal::System, None)
        .await
        .expect("a change");
    app.app.clock.advance(TimeDelta::hours(1));
    unpublish(&app, id).await.expect("an end");
    waited.publish(&[id]).await.expect("a publication");
    waited.seal().await.expect("a commit");
    assert_in_order(&app, id).await;
    app.app.clock.advance(TimeDelta::seconds(1));
    for publication in publications(&app, id.uuid).await {
        let shown = titles_as_of(&app, publication.starts_at).await;
        assert_eq!(shown.len(), 1);
    }
}
