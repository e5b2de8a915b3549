//! Publications and their batches, and taking back what became public together.

use kindling::auth::{Principal, Role};
use migration::Migrator;
use sea_orm::Database;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};

use super::entries;
use crate::{
    database_state::all_rows,
    fitting,
    support::{TestApp, account, editor, on_both_engines},
};

const BATCHES: &str = "m20261128_070001_add_batch_to_publication";

/// The publications of an entry, the newest first.
async fn publications(app: &TestApp, id: &str) -> Vec<Value> {
    let fields = "revision from until publishedBy { id } batch endBatch";
    let query = format!("{{ publications(id: \"{id}\") {{ totalCount nodes {{ {fields} }} }} }}");
    let answer = app.query_as_editor(&query).await;
    let nodes = answer["data"]["publications"]["nodes"].as_array();
    let nodes = nodes.unwrap_or_else(|| panic!("{answer}")).clone();
    assert_eq!(answer["data"]["publications"]["totalCount"], nodes.len());
    nodes
}

/// The title that the public sees; null if there is no such entry for it.
async fn public_title(app: &TestApp, id: &str) -> Value {
    let query = format!("{{ value(by: {{id: \"{id}\"}}) {{ title }} }}");
    app.query(&query).await["data"]["value"]["title"].clone()
}

async fn save(app: &TestApp, who: &Principal, id: &str, revision: i32, title: &str) {
    let change = json!({"id": id, "expectedRevision": revision, "content": {"title": title}});
    app.done(who, "updateValue", change, "value { id }").await;
    app.app.clock.advance(chrono::TimeDelta::minutes(1));
}

async fn publish(app: &TestApp, who: &Principal, ids: &[&str]) {
    app.done(
        who,
        "publishEntries",
        json!({"entries": entries(ids)}),
        "entries { id }",
    )
    .await;
    app.app.clock.advance(chrono::TimeDelta::minutes(1));
}

on_both_engines! {
    async fn what_was_published_together_is_taken_back_together(app: TestApp) {
        let who = editor();
        let (old, new) = (
            app.created(&who, "Value", json!({"title": "Old"})).await,
            app.created(&who, "Value", json!({"title": "New"})).await,
        );
        publish(&app, &who, &[&old]).await;
        save(&app, &who, &old, 1, "Changed").await;
        publish(&app, &who, &[&old, &new]).await;
        let [second, first] = publications(&app, &old).await.try_into().expect("two");
        assert_eq!((&second["revision"], &second["until"], &second["endBatch"]), (&json!(2), &Value::Null, &Value::Null));
        assert_eq!((&first["revision"], &first["until"], &first["endBatch"]), (&json!(1), &second["from"], &second["batch"]));
        assert_eq!(publications(&app, &new).await[0]["batch"], second["batch"]);
        assert!(second["publishedBy"]["id"].is_string());

        let batch = json!({"batch": second["batch"]});
        let taken = app.done(&who, "takeBack", batch.clone(), "entries { status revision }").await;
        let mut statuses: Vec<String> = taken["entries"].as_array().expect("entries").iter().map(ToString::to_string).collect();
        statuses.sort();
        let expected = [json!({"status": "UNPUBLISHED", "revision": 1}), json!({"status": "CHANGED", "revision": 2})];
        assert_eq!(statuses, expected.map(|entry| entry.to_string()));
        assert_eq!((public_title(&app, &old).await, public_title(&app, &new).await), (json!("Old"), Value::Null));
        let found = publications(&app, &old).await;
        assert_eq!(found.len(), 3, "a new publication, and nothing is forgotten");
        assert_eq!(found[0]["revision"], 1);
        // Taking back is a batch as well.
        app.app.clock.advance(chrono::TimeDelta::minutes(1));
        assert_eq!(app.refused(&who, "takeBack", batch).await, ["INVALID ID", "INVALID ID"]);
        app.done(&who, "takeBack", json!({"batch": found[0]["batch"]}), "entries { id }").await;
        assert_eq!((public_title(&app, &old).await, public_title(&app, &new).await), (json!("Changed"), json!("New")));
        assert_eq!(fitting::contradictions(&app).await, [""; 0]);
    }

    async fn what_was_unpublished_together_comes_back_together(app: TestApp) {
        let who = editor();
        let (one, other) = (
            app.created(&who, "Value", json!({"title": "One"})).await,
            app.created(&who, "Value", json!({"title": "Other"})).await,
        );
        publish(&app, &who, &[&one, &other]).await;
        save(&app, &who, &one, 1, "Draft").await;
        app.done(&who, "unpublishEntries", json!({"entries": entries(&[&one, &other])}), "entries { id }").await;
        let batch = publications(&app, &one).await[0]["endBatch"].clone();
        app.done(&who, "takeBack", json!({ "batch": batch }), "entries { id }").await;
        assert_eq!((public_title(&app, &one).await, public_title(&app, &other).await), (json!("One"), json!("Other")));
        assert_eq!(fitting::contradictions(&app).await, [""; 0]);
    }

    async fn entries_become_public_as_they_were_at_a_moment(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Value", json!({"title": "One"})).await;
        let never = app.created(&who, "Value", json!({"title": "Never"})).await;
        publish(&app, &who, &[&id]).await;
        let then = app.app.clock.now().to_rfc3339();
        for (revision, title) in [(1, "Two"), (2, "Three")] {
            save(&app, &who, &id, revision, title).await;
            publish(&app, &who, &[&id]).await;
        }
        publish(&app, &who, &[&never]).await;
        let input = json!({"entries": entries(&[&id, &never]), "until": then});
        app.done(&who, "takeBack", input, "entries { id }").await;
        assert_eq!((public_title(&app, &id).await, public_title(&app, &never).await), (json!("One"), Value::Null));
        assert_eq!(fitting::contradictions(&app).await, [""; 0]);
    }

    async fn what_cannot_be_taken_back_is_told_and_changes_nothing(app: TestApp) {
        let who = editor();
        let archived = app.created(&who, "Value", json!({"title": "One"})).await;
        let again = app.created(&who, "Value", json!({"title": "Other"})).await;
        publish(&app, &who, &[&archived, &again]).await;
        let until = app.app.clock.now().to_rfc3339();
        let batch = publications(&app, &again).await[0]["batch"].clone();
        save(&app, &who, &again, 1, "Newer").await;
        publish(&app, &who, &[&again]).await;
        app.done(&who, "archiveEntries", json!({"entries": entries(&[&archived])}), "entries { id }").await;
        let before = all_rows(&app).await;
        let ahead = (app.app.clock.now() + chrono::TimeDelta::hours(1)).to_rfc3339();
        let moment = json!({"entries": entries(&[&archived]), "until": until});
        let stale = json!({"entries": [{"id": again, "expectedRevision": 1}], "until": until});
        for (input, expected) in [
            (json!({ "batch": batch }), vec!["INVALID ID", "INVALID ID"]),
            (moment, vec!["INVALID ID"]),
            (stale, vec!["CONFLICT ID"]),
            (json!({"batch": batch, "until": until}), vec!["INVALID batch"]),
            (json!({"entries": entries(&[&again])}), vec!["INVALID until"]),
            (json!({"entries": entries(&[&again]), "until": ahead}), vec!["INVALID until"]),
            (json!({"batch": "batch_1"}), vec!["INVALID batch"]),
            (json!({"batch": format!("batch_{}", kindling::id::new().simple())}), vec!["NOT_FOUND batch"]),
            (json!({}), vec!["INVALID"]),
        ] {
            assert_eq!(app.refused(&who, "takeBack", input.clone()).await, expected, "{input}");
        }
        assert_eq!(all_rows(&app).await, before);
    }

    async fn a_batch_of_others_is_taken_back_by_those_who_may_publish_all_of_it(app: TestApp) {
        let (author, other) = (account(Role::Author), account(Role::Author));
        let own = app.created(&author, "Value", json!({"title": "Own"})).await;
        publish(&app, &author, &[&own]).await;
        let batch = publications(&app, &own).await[0]["batch"].clone();
        let refused = app.try_mutate(&other, "takeBack", json!({ "batch": batch }), "__typename").await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
        // Unpublished, it is a draft of somebody else: the batch does not exist.
        app.done(&author, "unpublishEntries", json!({"entries": entries(&[&own])}), "entries { id }").await;
        assert_eq!(app.refused(&other, "takeBack", json!({ "batch": batch })).await, ["NOT_FOUND batch"]);
        let query = format!("{{ publications(id: \"{own}\") {{ totalCount }} }}");
        let hidden = app.query_as(other, &query, Value::Null).await;
        assert_eq!(hidden["data"], json!({"publications": null}), "{hidden}");
    }

    async fn publications_of_before_the_upgrade_have_batches(app: TestApp) {
        let who = editor();
        let ids = [
            app.created(&who, "Value", json!({"title": "One"})).await,
            app.created(&who, "Value", json!({"title": "Other"})).await,
        ];
        publish(&app, &who, &[&ids[0], &ids[1]]).await;
        save(&app, &who, &ids[0], 1, "Two").await;
        publish(&app, &who, &[&ids[0]]).await;
        let before = publications(&app, &ids[0]).await;
        let connection = Database::connect(app.app.config.database_url.expose()).await.expect("a connection");
        let all = Migrator::migrations();
        let later = all.iter().rev().position(|one| one.name() == BATCHES).expect("the migration");
        Migrator::down(&connection, Some(u32::try_from(later + 1).expect("few"))).await.expect("down");
        Migrator::up(&connection, None).await.expect("up");
        connection.close().await.expect("an end");
        let [second, first] = publications(&app, &ids[0]).await.try_into().expect("two");
        assert_eq!((&second["from"], &first["until"]), (&before[0]["from"], &before[1]["until"]));
        assert_eq!(first["batch"], publications(&app, &ids[1]).await[0]["batch"], "what began together");
        assert_ne!(first["batch"], second["batch"]);
        assert_eq!(first["endBatch"], second["batch"]);
        app.done(&who, "takeBack", json!({"batch": second["batch"]}), "entries { id }").await;
        assert_eq!(public_title(&app, &ids[0]).await, "One");
        assert_eq!(fitting::contradictions(&app).await, [""; 0]);
    }
}
