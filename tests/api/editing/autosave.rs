//! Autosave: revisions that a program saves by itself replace each other.

use chrono::TimeDelta;
use entity::{entry_id::EntryId, milestone, pin::PinKind, revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, prelude::Expr};
use serde_json::{Value, json};

use crate::support::{TestApp, editor, on_both_engines};
use kindling::auth::Principal;

async fn save(app: &TestApp, who: &Principal, id: &str, revision: i64, title: &str) -> i64 {
    let input = json!({"id": id, "expectedRevision": revision, "content": {"title": title}, "autosave": true});
    let payload = app
        .done(who, "updateMilestone", input, "milestone { revision }")
        .await;
    payload["milestone"]["revision"].as_i64().expect("a number")
}

/// The revisions of an entry that the database holds: the same in both tables.
async fn stored(app: &TestApp, id: &str) -> Vec<i32> {
    let id: EntryId = id.parse().expect("an id");
    let revisions = revision::Entity::find()
        .filter(revision::Column::EntryId.eq(id.uuid))
        .order_by_asc(revision::Column::Number);
    let revisions = app.app.database.rows(revisions).await.expect("revisions");
    let contents = milestone::Entity::find()
        .filter(milestone::Column::EntryId.eq(id.uuid))
        .order_by_asc(milestone::Column::Revision);
    let contents = app.app.database.rows(contents).await.expect("contents");
    let numbers: Vec<i32> = revisions.into_iter().map(|row| row.number).collect();
    assert!(
        contents
            .iter()
            .map(|row| row.revision)
            .eq(numbers.iter().copied())
    );
    numbers
}

async fn numbers(app: &TestApp, id: &str) -> Value {
    let query = format!("{{ history(id: \"{id}\") {{ nodes {{ number }} }} }}");
    let answer = app.query_as_editor(&query).await;
    let nodes = answer["data"]["history"]["nodes"].as_array();
    json!(
        nodes
            .expect("revisions")
            .iter()
            .map(|node| &node["number"])
            .collect::<Vec<_>>()
    )
}

on_both_engines! {
    async fn saves_of_one_account_within_five_minutes_replace_each_other(app: TestApp) {
        let (ana, ben) = (editor(), editor());
        let id = app.created(&ana, "Milestone", json!({"date": "2008", "title": "One"})).await;
        app.app.clock.advance(TimeDelta::minutes(6));
        assert_eq!(save(&app, &ana, &id, 1, "a").await, 2);
        app.app.clock.advance(TimeDelta::minutes(4));
        assert_eq!(save(&app, &ana, &id, 2, "ab").await, 3);
        assert_eq!(numbers(&app, &id).await, json!([3, 1]));
        assert_eq!(save(&app, &ana, &id, 3, "ab").await, 3, "what says nothing new is no revision");
        assert_eq!(save(&app, &ben, &id, 3, "abc").await, 4, "another account's is kept");
        assert_eq!(numbers(&app, &id).await, json!([4, 3, 1]));
        app.app.clock.advance(TimeDelta::minutes(6));
        assert_eq!(save(&app, &ben, &id, 4, "abcd").await, 5, "an old one is kept");
        assert_eq!(numbers(&app, &id).await, json!([5, 4, 3, 1]));
    }

    async fn what_is_pinned_is_neither_replaced_nor_deleted(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let (entry, holder): (EntryId, _) = (id.parse().expect("an id"), kindling::id::new());
        let pin = async |revision: Option<i32>| {
            let mut change = app.change_by(&Principal::System).await;
            match revision {
                Some(revision) => change.pin(entry, revision, PinKind::Release, holder).await.expect("a pin"),
                None => change.unpin(holder).await.expect("no pin"),
            }
            change.seal().await.expect("a commit");
        };
        assert_eq!(save(&app, &who, &id, 1, "a").await, 2);
        pin(Some(2)).await;
        assert_eq!(save(&app, &who, &id, 2, "ab").await, 3);
        assert_eq!(numbers(&app, &id).await, json!([3, 2, 1]), "it is kept");
        assert_eq!(save(&app, &who, &id, 3, "abc").await, 4);
        pin(Some(3)).await;
        app.app.clock.advance(TimeDelta::days(2));
        assert_eq!(kindling::content::autosave::purge(&app.app).await.expect("an end"), 0);
        assert_eq!(stored(&app, &id).await, [1, 2, 3, 4]);
        pin(None).await;
        assert_eq!(kindling::content::autosave::purge(&app.app).await.expect("an end"), 1);
        assert_eq!(stored(&app, &id).await, [1, 2, 4]);
    }

    async fn whoever_saw_a_replaced_revision_is_merged_with(app: TestApp) {
        let (ana, ben) = (editor(), editor());
        let id = app.created(&ana, "Milestone", json!({"date": "2008", "title": "One"})).await;
        assert_eq!(save(&app, &ana, &id, 1, "a").await, 2);
        assert_eq!(save(&app, &ana, &id, 2, "ab").await, 3);
        let input = json!({"id": id, "expectedRevision": 2, "content": {"body": "Ben's"}});
        let payload = app.done(&ben, "updateMilestone", input, "milestone { title body }").await;
        assert_eq!(payload["milestone"], json!({"title": "ab", "body": "Ben's"}));
        let query = format!("{{ history(id: \"{id}\") {{ nodes {{ number changedFields }} }} }}");
        let told = app.query_as_editor(&query).await["data"]["history"]["nodes"].clone();
        assert_eq!(told[1], json!({"number": 3, "changedFields": ["title.en"]}), "what the whole series changed");
        app.app.clock.advance(TimeDelta::hours(23));
        app.work().await;
        let open = json!({"id": id, "expectedRevision": 2, "content": {"date": "2009"}});
        let payload = app.done(&ben, "updateMilestone", open, "milestone { title date }").await;
        assert_eq!(payload["milestone"], json!({"title": "ab", "date": "2009"}), "a form may stay open for a day");
        app.app.clock.advance(TimeDelta::hours(2));
        app.work().await;
        let late = json!({"id": id, "expectedRevision": 2, "content": {"body": "Late"}});
        assert_eq!(app.refused(&ana, "updateMilestone", late).await, ["CONFLICT ID"], "forgotten after a day");
    }

    async fn replaced_autosaves_are_deleted_a_day_later_and_nothing_else(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let other = app.created(&who, "Milestone", json!({"date": "2009", "title": "Other"})).await;
        for revision in 1..=60 {
            save(&app, &who, &id, revision, &format!("One {revision}")).await;
        }
        app.done(&who, "publishEntries", json!({"entries": [{"id": id}]}), "entries { id }").await;
        save(&app, &who, &id, 61, "Draft").await;
        save(&app, &who, &id, 62, "Draft 2").await;
        save(&app, &who, &other, 1, "Other 2").await;
        assert_eq!(stored(&app, &id).await.len(), 63);
        app.app.clock.advance(TimeDelta::hours(24));
        app.work().await;
        assert_eq!(stored(&app, &id).await.len(), 63, "a form may be open for a day");
        app.app.clock.advance(TimeDelta::seconds(1));
        app.work().await;
        assert_eq!(stored(&app, &id).await, [1, 61, 63], "the first, the public and the latest one");
        assert_eq!(stored(&app, &other).await, [1, 2]);
        let query = format!("{{ milestone(by: {{id: \"{id}\"}}) {{ title }} }}");
        assert_eq!(app.query(&query).await["data"]["milestone"]["title"], "One 60");
        assert_eq!(save(&app, &who, &id, 63, "Draft 3").await, 64, "no number is given again");
    }

    async fn nothing_that_anything_names_is_deleted_even_if_it_is_marked_as_replaced(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        for revision in 1..=3 {
            save(&app, &who, &id, revision, &format!("One {revision}")).await;
            app.done(&who, "publishEntries", json!({"entries": [{"id": id}]}), "entries { id }").await;
        }
        save(&app, &who, &id, 4, "Draft").await;
        let tx = app.app.database.begin().await.expect("a transaction");
        let long_ago = app.app.clock.now() - TimeDelta::days(9);
        let mark = revision::Entity::update_many().col_expr(revision::Column::ReplacedAt, Expr::value(long_ago));
        mark.exec(&tx).await.expect("marks");
        tx.commit().await.expect("a commit");
        app.work().await;
        assert_eq!(stored(&app, &id).await, [1, 2, 3, 4, 5]);
    }

    async fn autosaves_that_a_clock_replaced_that_was_ahead_are_kept_for_a_day(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        app.app.clock.advance(TimeDelta::days(365));
        save(&app, &who, &id, 1, "a").await;
        save(&app, &who, &id, 2, "ab").await;
        app.app.clock.advance(-TimeDelta::days(365));
        app.work().await;
        app.app.clock.advance(TimeDelta::hours(23));
        app.work().await;
        assert_eq!(stored(&app, &id).await, [1, 2, 3]);
        app.app.clock.advance(TimeDelta::hours(2));
        app.work().await;
        assert_eq!(stored(&app, &id).await, [1, 3]);
    }

    async fn what_was_saved_on_purpose_is_never_replaced(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let input = json!({"id": id, "expectedRevision": 1, "content": {"title": "Two"}});
        app.done(&who, "updateMilestone", input, "milestone { id }").await;
        assert_eq!(save(&app, &who, &id, 2, "Three").await, 3);
        assert_eq!(save(&app, &who, &id, 3, "Four").await, 4);
        assert_eq!(numbers(&app, &id).await, json!([4, 2, 1]));
    }

    async fn a_series_ends_after_five_minutes_however_often_it_is_saved(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        for minute in 0..12_i64 {
            save(&app, &who, &id, minute + 1, &minute.to_string()).await;
            app.app.clock.advance(TimeDelta::minutes(1));
        }
        assert_eq!(numbers(&app, &id).await, json!([13, 7, 1].map(|number| number)));
    }

    async fn what_was_public_is_never_replaced(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        app.done(&who, "publishEntries", json!({"entries": [{"id": id}]}), "entries { id }").await;
        assert_eq!(save(&app, &who, &id, 1, "Two").await, 2);
        assert_eq!(save(&app, &who, &id, 2, "Three").await, 3);
        assert_eq!(numbers(&app, &id).await, json!([3, 1]));
        app.done(&who, "publishEntries", json!({"entries": [{"id": id}]}), "entries { id }").await;
        app.done(&who, "unpublishEntries", json!({"entries": [{"id": id}]}), "entries { id }").await;
        assert_eq!(save(&app, &who, &id, 3, "Four").await, 4);
        assert_eq!(numbers(&app, &id).await, json!([4, 3, 1]));
    }
}
