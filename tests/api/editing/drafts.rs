//! Going back, copying and moving.

use serde_json::json;

use super::entries;
use crate::{
    database_state::{all_rows, events},
    support::{account, content, editor, on_both_engines},
};
use kindling::auth::Role;

on_both_engines! {
    async fn a_discarded_draft_is_gone_but_for_the_history(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "Public"})).await;
        let targets = json!({"entries": entries(&[&id])});
        assert_eq!(app.refused(&who, "discardDrafts", targets.clone()).await, ["INVALID ID"]);
        app.done(&who, "publishEntries", targets.clone(), "entries { id }").await;
        let change = |revision: i32, title: &str| json!({"id": id, "expectedRevision": revision, "content": {"title": title}});
        app.done(&who, "updateMilestone", change(1, "Draft"), "milestone { id }").await;
        let payload = app.done(&who, "discardDrafts", targets.clone(), "entries { status revision ... on Milestone { title } }").await;
        assert_eq!(payload["entries"], json!([{"status": "PUBLISHED", "revision": 1, "title": "Public"}]));
        // Whoever had the draft is told where it is gone, and merged with elsewhere. A number is never given twice.
        assert_eq!(app.refused(&who, "updateMilestone", change(2, "Draft again")).await, ["CONFLICT ID"]);
        let elsewhere = json!({"id": id, "expectedRevision": 2, "content": {"body": "Text"}});
        let payload = app.done(&who, "updateMilestone", elsewhere, "milestone { revision title body status }").await;
        assert_eq!(payload["milestone"], json!({"revision": 3, "title": "Public", "body": "Text", "status": "CHANGED"}));
        app.done(&who, "discardDrafts", targets.clone(), "entries { id }").await;
        let before = all_rows(&app).await;
        app.done(&who, "discardDrafts", targets, "entries { id }").await;
        assert_eq!(all_rows(&app).await, before, "there is nothing more to discard");
    }

    async fn an_earlier_revision_comes_back_as_a_new_one(app: TestApp) {
        let who = editor();
        let picture = app.draft::<kindling::content::types::Asset>("a", content::asset("a.webp")).await.to_string();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One", "image": picture})).await;
        let change = json!({"id": id, "expectedRevision": 1, "content": {"title": "Two", "image": null}});
        app.done(&who, "updateMilestone", change, "milestone { id }").await;
        let restore = |revision: i32, expected: i32| json!({"id": id, "revision": revision, "expectedRevision": expected, "message": "Back"});
        assert_eq!(app.refused(&who, "restoreRevision", restore(9, 2)).await, ["NOT_FOUND revision"]);
        assert_eq!(app.refused(&who, "restoreRevision", restore(1, 1)).await, ["CONFLICT ID"]);
        let payload = app.done(&who, "restoreRevision", restore(1, 2), "entry { revision ... on Milestone { title image { id } } }").await;
        assert_eq!(payload["entry"], json!({"revision": 3, "title": "One", "image": {"id": picture}}));
        // What exists no more is left out.
        for mutation in ["archiveEntries", "eraseEntries"] {
            let input = json!({"entries": entries(&[&picture]), "force": true});
            app.done(&account(Role::Admin), mutation, input, "__typename").await;
        }
        let payload = app.done(&who, "restoreRevision", restore(1, 4), "entry { ... on Milestone { title image { id } } }").await;
        assert_eq!(payload["entry"], json!({"title": "One", "image": null}));
    }

    async fn a_copy_is_a_draft_of_its_own(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Page", json!({"slug": "p", "title": "P"})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let change = json!({"id": id, "expectedRevision": 1, "content": {"title": "Draft"}});
        app.done(&who, "updatePage", change, "page { id }").await;
        let copied = async |who| {
            let payload = app.done(who, "duplicateEntry", json!({"id": id}), "entry { id status key ... on Page { slug title } }").await;
            payload["entry"].clone()
        };
        let copy = copied(&who).await;
        assert_eq!((&copy["status"], &copy["title"], &copy["key"]), (&json!("DRAFT"), &json!("Draft"), &json!(null)));
        assert_ne!(copy["id"], json!(id));
        let copy = copied(&account(Role::Author)).await;
        assert_eq!(copy["title"], "P", "whoever may not read the draft copies what is public");
    }

    async fn entries_are_moved_before_and_after_others(app: TestApp) {
        let who = editor();
        let mut ids = Vec::new();
        for title in ["a", "b", "c"] {
            ids.push(app.created(&who, "Value", json!({"title": title})).await);
        }
        let listed = async || {
            let answer = app.query_as_editor("{ values(view: {perspective: DRAFT}) { nodes { title } } }").await;
            let nodes = answer["data"]["values"]["nodes"].as_array().expect("values").clone();
            nodes.iter().map(|node| node["title"].as_str().expect("a title")).collect::<String>()
        };
        for (input, expected) in [
            (json!({"id": ids[2], "before": ids[0]}), "cab"),
            (json!({"id": ids[2], "after": ids[0]}), "acb"),
            (json!({"id": ids[0], "after": ids[1]}), "cba"),
            (json!({"id": ids[2]}), "bac"),
        ] {
            app.done(&who, "moveEntry", input.clone(), "entry { id }").await;
            assert_eq!(listed().await, expected, "{input}");
        }
        let both = json!({"id": ids[0], "before": ids[1], "after": ids[2]});
        assert_eq!(app.refused(&who, "moveEntry", both).await, ["INVALID after"]);
        let itself = json!({"id": ids[0], "before": ids[0]});
        assert_eq!(app.refused(&who, "moveEntry", itself).await, ["INVALID before"]);
        assert_eq!(events(&app).await.iter().filter(|event| event.action == "entry.moved").count(), 4);
    }
}
