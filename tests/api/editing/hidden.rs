//! What somebody may not know of: ids of entries in differences, conflicts and errors, and autosaves that were replaced.

use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use super::entries;
use crate::support::{TestApp, account, editor, on_both_engines};

/// An author's section that shows an editor's draft beside a draft of their own: author, section, own item, hidden item.
async fn section_with_a_secret(app: &TestApp) -> (Principal, String, String, String) {
    let author = account(Role::Author);
    let own = app.created(&author, "Value", json!({"title": "Own"})).await;
    let section = json!({"anchor": "s", "heading": "S", "items": {"set": [own]}});
    let section = app.created(&author, "StorySection", section).await;
    let hidden = app
        .created(&editor(), "Value", json!({"title": "Hidden"}))
        .await;
    let add = json!({"id": section, "expectedRevision": 1, "content": {"items": {"add": [{"id": hidden}]}}});
    app.done(&editor(), "updateStorySection", add, "storySection { id }")
        .await;
    (author, section, own, hidden)
}

async fn diff(app: &TestApp, who: &Principal, id: &str, from: i32, to: i32) -> Value {
    let query = format!(
        "{{ diff(id: \"{id}\", from: {from}, to: {to}) {{ changes {{ path before after }} }} }}"
    );
    app.query_as(who.clone(), &query, Value::Null).await
}

on_both_engines! {
    async fn differences_leave_out_entries_that_are_not_there_for_the_reader(app: TestApp) {
        let (author, section, own, hidden) = section_with_a_secret(&app).await;
        let second = app.created(&author, "Value", json!({"title": "Second"})).await;
        let add = json!({"id": section, "expectedRevision": 2, "content": {"items": {"add": [{"id": second}]}}});
        app.done(&author, "updateStorySection", add, "storySection { id }").await;
        let told = diff(&app, &author, &section, 1, 3).await;
        assert_eq!(told["data"]["diff"]["changes"], json!([{"path": "items", "before": [own], "after": [own, second]}]));
        assert_eq!(diff(&app, &author, &section, 1, 2).await["data"]["diff"]["changes"], json!([]));
        let all = diff(&app, &editor(), &section, 1, 2).await;
        assert_eq!(all["data"]["diff"]["changes"][0]["after"], json!([own, hidden]), "an editor knows of it");
    }

    async fn conflicts_leave_them_out_too(app: TestApp) {
        let (author, section, own, hidden) = section_with_a_secret(&app).await;
        let second = app.created(&author, "Value", json!({"title": "Second"})).await;
        let order = json!({"id": section, "expectedRevision": 2, "content": {"items": {"set": [hidden, own]}}});
        app.done(&editor(), "updateStorySection", order, "storySection { id }").await;
        let more = json!({"id": section, "expectedRevision": 3, "content": {"items": {"set": [own, second, hidden]}}});
        app.done(&editor(), "updateStorySection", more, "storySection { id }").await;
        let input = json!({"id": section, "expectedRevision": 3, "content": {"items": {"set": [second, own]}}});
        let fields = "userErrors { ... on ConflictError { fields { path base theirs yours } } }";
        let mutation = format!("mutation($input: UpdateStorySectionInput!) {{ updateStorySection(input: $input) {{ {fields} }} }}");
        let answer = app.query_as(author.clone(), &mutation, json!({"input": input})).await;
        let conflict = &answer["data"]["updateStorySection"]["userErrors"][0]["fields"];
        assert!(!answer.to_string().contains(&hidden), "{answer}");
        if !conflict.is_null() {
            assert_eq!(conflict[0]["path"], "items", "{answer}");
        }
    }

    async fn errors_name_no_entry_that_is_not_there_for_the_reader(app: TestApp) {
        let author = account(Role::Author);
        let section = app.created(&author, "StorySection", json!({"anchor": "s", "layout": "HERO", "heading": "S"})).await;
        let picture = app.draft::<kindling::content::types::Asset>("a", crate::support::content::asset("a.webp")).await.to_string();
        let put = json!({"id": section, "expectedRevision": 1, "content": {"image": picture}});
        app.done(&editor(), "updateStorySection", put, "storySection { id }").await;
        let input = json!({"entries": entries(&[&section])});
        let publish = "mutation($input: PublishEntriesInput!) { publishEntries(input: $input) { userErrors { code path message } } }";
        let check = "query($input: PublishEntriesInput!) { checkEntries(input: $input) { code path message } }";
        for document in [publish, check] {
            let answer = app.query_as(author.clone(), document, json!({"input": input})).await.to_string();
            assert!(answer.contains("NOT_PUBLIC") && !answer.contains(&picture), "{answer}");
            let answer = app.query_as(editor(), document, json!({"input": input})).await.to_string();
            assert!(answer.contains("NOT_PUBLIC") && answer.contains(&picture), "{answer}");
        }
    }

    async fn an_autosave_that_was_replaced_is_not_there(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        for (revision, title) in [(1, "a secret"), (2, "Two")] {
            let input = json!({"id": id, "expectedRevision": revision, "content": {"title": title}, "autosave": true});
            app.done(&who, "updateMilestone", input, "milestone { revision }").await;
        }
        for (from, to, path) in [(2, 3, "from"), (1, 2, "to")] {
            let answer = diff(&app, &who, &id, from, to).await;
            assert_eq!(answer["errors"][0]["extensions"]["problems"][0]["path"], path, "{answer}");
            assert!(!answer.to_string().contains("secret"), "{answer}");
        }
        let input = json!({"id": id, "revision": 2, "expectedRevision": 3});
        assert_eq!(app.refused(&who, "restoreRevision", input).await, ["NOT_FOUND revision"]);
        let input = json!({"id": id, "expectedRevision": 2, "content": {"title": "Mine"}});
        let mutation = "mutation($input: UpdateMilestoneInput!) { updateMilestone(input: $input) {
            userErrors { ... on ConflictError { fields { path base theirs yours } } }
        } }";
        let answer = app.query_as(who, mutation, json!({"input": input})).await;
        let fields = json!([{"path": "title.en", "base": null, "theirs": "Two", "yours": "Mine"}]);
        assert_eq!(answer["data"]["updateMilestone"]["userErrors"][0]["fields"], fields, "{answer}");
    }
}
