//! Two editors at once: what they changed in different places is merged, and what clashes is told.

use serde_json::json;

use crate::{
    database_state::all_rows,
    support::{editor, on_both_engines},
};

on_both_engines! {
    async fn changes_of_different_fields_and_locales_merge(app: TestApp) {
        let (ana, ben) = (editor(), editor());
        let id = app.created(&ana, "Milestone", json!({"date": "2008", "title": "One", "body": "Text"})).await;
        let change = |content| json!({"id": id, "expectedRevision": 1, "content": content});
        app.done(&ana, "updateMilestone", change(json!({"date": "2009"})), "milestone { revision }").await;
        app.done(&ben, "updateMilestone", change(json!({"title": "First"})), "milestone { revision }").await;
        let spanish = json!({"id": id, "expectedRevision": 1, "locale": "es", "content": {"title": "Uno"}});
        let payload = app.done(&ben, "updateMilestone", spanish, "milestone { revision date title body }").await;
        assert_eq!(payload["milestone"], json!({"revision": 4, "date": "2009", "title": "Uno", "body": "Text"}));
        let query = format!("{{ node(id: \"{id}~draft\") {{ ... on Milestone {{ title }} }} }}");
        assert_eq!(app.query_as_editor(&query).await["data"]["node"]["title"], "First");
    }

    async fn what_both_changed_is_told_with_base_theirs_and_yours_and_nothing_is_written(app: TestApp) {
        let (ana, ben) = (editor(), editor());
        let id = app.created(&ana, "Page", json!({"slug": "one", "title": "One", "seo": {"title": "Base"}})).await;
        let change = |content| json!({"id": id, "expectedRevision": 1, "content": content});
        app.done(&ana, "updatePage", change(json!({"slug": "first", "seo": {"title": "Theirs"}})), "page { revision }").await;
        let before = all_rows(&app).await;
        let payload = app.mutate(&ben, "updatePage", change(json!({"slug": "first", "title": "Mine", "seo": {"title": "Yours"}})), "page { id }").await;
        assert!(payload["page"].is_null());
        let [error] = payload["userErrors"].as_array().expect("errors").as_slice() else { panic!("{payload}") };
        assert_eq!(error["__typename"], "ConflictError");
        assert_eq!((&error["code"], &error["path"]), (&json!("CONFLICT"), &json!(id)));
        assert_eq!((&error["expectedRevision"], &error["latestRevision"]), (&json!(1), &json!(2)));
        assert_eq!(error["fields"], json!([{"path": "seo.title.en", "base": "Base", "theirs": "Theirs", "yours": "Yours"}]));
        assert_eq!(all_rows(&app).await, before);
        // Based on what stands there now, it is no conflict.
        let again = json!({"id": id, "expectedRevision": 2, "content": {"seo": {"title": "Yours"}}});
        app.done(&ben, "updatePage", again, "page { revision }").await;
    }

    async fn a_revision_that_never_was_is_a_conflict_in_all_that_differs(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let before = all_rows(&app).await;
        let input = json!({"id": id, "expectedRevision": 7, "content": {"title": "Two", "date": "2008"}});
        let payload = app.mutate(&who, "updateMilestone", input, "milestone { id }").await;
        let fields = &payload["userErrors"][0]["fields"];
        assert_eq!(*fields, json!([{"path": "title.en", "base": null, "theirs": "One", "yours": "Two"}]));
        assert_eq!(all_rows(&app).await, before);
    }

    async fn a_step_in_the_life_of_an_entry_can_be_bound_to_what_was_seen(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let change = json!({"id": id, "expectedRevision": 1, "content": {"title": "Unseen"}});
        app.done(&who, "updateMilestone", change, "milestone { revision }").await;
        for mutation in ["publishEntries", "archiveEntries", "unpublishEntries", "discardDrafts"] {
            let input = json!({"entries": [{"id": id, "expectedRevision": 1}]});
            assert_eq!(app.refused(&who, mutation, input).await, ["CONFLICT ID"], "{mutation}");
        }
        let seen = json!({"entries": [{"id": id, "expectedRevision": 2}]});
        app.done(&who, "publishEntries", seen, "entries { status }").await;
    }
}
