//! Unpublishing, archiving, restoring and erasing: who needs an entry is told, and taken care of where that is wanted.

use chrono::TimeDelta;
use kindling::{auth::Role, content::types::Asset};
use serde_json::json;

use super::entries;
use crate::{
    database_state::{all_rows, events},
    support::{TestApp, account, content, editor, on_both_engines},
};

/// A public hero section with its picture, and a public milestone with the same one.
async fn needed(app: &TestApp) -> [String; 3] {
    let who = editor();
    let picture = app.draft::<Asset>("a", content::asset("a.webp")).await;
    let picture = picture.to_string();
    let hero = json!({"anchor": "h", "layout": "HERO", "image": picture});
    let hero = app.created(&who, "StorySection", hero).await;
    let milestone = json!({"date": "2008", "title": "One", "image": picture});
    let milestone = app.created(&who, "Milestone", milestone).await;
    let input = json!({"entries": entries(&[&picture, &hero, &milestone])});
    app.done(&who, "publishEntries", input, "entries { id }")
        .await;
    [picture, hero, milestone]
}

on_both_engines! {
    async fn what_others_require_stays_and_they_are_named(app: TestApp) {
        let [picture, hero, milestone] = needed(&app).await;
        let before = all_rows(&app).await;
        for mutation in ["unpublishEntries", "archiveEntries"] {
            let payload = app.mutate(&editor(), mutation, json!({"entries": entries(&[&picture])}), "entries { id } hiddenIn { field }").await;
            assert_eq!((&payload["entries"], &payload["hiddenIn"]), (&json!([]), &json!([])));
            let errors = payload["userErrors"].as_array().expect("errors");
            let required = errors.iter().map(|error| (&error["ownerId"], &error["isRequired"], &error["field"]));
            assert_eq!(required.collect::<Vec<_>>(), [(&json!(hero), &json!(true), &json!("image"))]);
            let input = json!({"entries": entries(&[&picture]), "force": true});
            assert_eq!(app.refused(&editor(), mutation, input).await, ["REFERENCED ID"], "force clears no required reference");
        }
        assert_eq!(all_rows(&app).await, before);
        // All of them together need nobody.
        let input = json!({"entries": entries(&[&picture, &hero, &milestone])});
        let payload = app.done(&editor(), "unpublishEntries", input, "entries { status }").await;
        assert!(payload["entries"].as_array().expect("entries").iter().all(|entry| entry["status"] == "UNPUBLISHED"), "{payload}");
    }

    async fn what_goes_keeps_its_places_and_is_shown_there_again(app: TestApp) {
        let who = editor();
        let mut items = Vec::new();
        for title in ["A", "B", "C"] {
            items.push(app.created(&who, "Value", json!({"title": title})).await);
        }
        let section = json!({"anchor": "s", "heading": "H", "items": {"set": items}});
        let section = app.created(&who, "StorySection", section).await;
        let page = json!({"slug": "p", "title": "P", "sections": {"set": [section]}});
        let page = app.created(&who, "Page", page).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&page]), "withDependencies": true}), "entries { id }").await;
        let shown = async |perspective: &str| {
            let query = format!("{{ page(by: {{slug: \"p\"}}, view: {{perspective: {perspective}}}) {{ revision sections {{ revision items {{ ... on Value {{ title }} }} }} }} }}");
            let answer = app.query_as_editor(&query).await;
            let page = answer["data"]["page"].clone();
            assert_eq!((&page["revision"], &page["sections"][0]["revision"]), (&json!(1), &json!(1)), "{answer}");
            let items = page["sections"][0]["items"].as_array().expect("items");
            items.iter().map(|item| item["title"].as_str().expect("a title")).collect::<Vec<_>>().join("")
        };
        let one = || json!({"entries": entries(&[&items[1]])});
        let hidden_in = json!([{"field": "items", "entry": {"id": section, "anchor": "s"}}]);
        for (mutation, in_draft) in [("unpublishEntries", "ABC"), ("archiveEntries", "AC")] {
            let payload = app.done(&who, mutation, one(), "hiddenIn { field entry { id ... on StorySection { anchor } } }").await;
            assert_eq!(payload["hiddenIn"], hidden_in, "{mutation}");
            assert_eq!((shown("PUBLISHED").await, shown("DRAFT").await), ("AC".to_owned(), in_draft.to_owned()), "{mutation}");
            app.done(&who, "restoreEntries", one(), "entries { id }").await;
            app.done(&who, "publishEntries", one(), "entries { id }").await;
            assert_eq!((shown("PUBLISHED").await, shown("DRAFT").await), ("ABC".to_owned(), "ABC".to_owned()), "{mutation}");
        }
    }

    async fn what_is_erased_is_taken_out_with_force_where_it_is_not_required(app: TestApp) {
        let [picture, hero, milestone] = needed(&app).await;
        let admin = account(Role::Admin);
        app.done(&admin, "archiveEntries", json!({"entries": entries(&[&hero])}), "entries { id }").await;
        app.done(&admin, "eraseEntries", json!({"entries": entries(&[&hero])}), "erasedIds").await;
        let gone = |force: bool| json!({"entries": entries(&[&picture]), "force": force});
        app.done(&admin, "archiveEntries", gone(false), "entries { id }").await;
        let before = all_rows(&app).await;
        assert_eq!(app.refused(&admin, "eraseEntries", gone(false)).await, ["REFERENCED ID"]);
        assert_eq!(all_rows(&app).await, before);
        app.done(&admin, "eraseEntries", gone(true), "erasedIds").await;
        let query = format!("{{ node(id: \"{milestone}\") {{ ... on Milestone {{ revision status title image {{ id }} }} }} }}");
        let answer = app.query_as_editor(&query).await;
        assert_eq!(answer["data"]["node"], json!({"revision": 2, "status": "PUBLISHED", "title": "One", "image": null}));
    }

    async fn what_is_erased_never_comes_back_by_going_back(app: TestApp) {
        let (who, admin) = (editor(), account(Role::Admin));
        let [one, two] = [app.created(&who, "Value", json!({"title": "One"})).await, app.created(&who, "Value", json!({"title": "Two"})).await];
        let section = app.created(&who, "StorySection", json!({"anchor": "s", "items": {"set": [one, two]}})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&section])}), "entries { id }").await;
        let change = |revision: i32, content| json!({"id": section, "expectedRevision": revision, "content": content});
        app.done(&who, "updateStorySection", change(1, json!({"items": {"remove": [one]}})), "storySection { id }").await;
        let gone = json!({"entries": entries(&[&one]), "force": true});
        app.done(&admin, "archiveEntries", gone.clone(), "entries { id }").await;
        app.done(&admin, "eraseEntries", gone, "erasedIds").await;
        app.done(&who, "discardDrafts", json!({"entries": entries(&[&section])}), "entries { id }").await;
        app.done(&who, "updateStorySection", change(1, json!({"heading": "Still mine"})), "storySection { items { __typename } }").await;
        app.done(&who, "discardDrafts", json!({"entries": entries(&[&section])}), "entries { id }").await;
        let other = json!({"entries": entries(&[&two]), "force": true});
        app.done(&admin, "archiveEntries", other.clone(), "entries { id }").await;
        app.done(&admin, "eraseEntries", other, "erasedIds").await;
    }

    async fn force_clears_no_required_reference_of_a_draft(app: TestApp) {
        let picture = app.draft::<Asset>("a", content::asset("a.webp")).await.to_string();
        let hero = json!({"anchor": "h", "layout": "HERO", "image": picture});
        app.created(&editor(), "StorySection", hero).await;
        let input = json!({"entries": entries(&[&picture]), "force": true});
        assert_eq!(app.refused(&editor(), "archiveEntries", input).await, ["REFERENCED ID"]);
    }

    async fn an_author_neither_learns_of_nor_is_held_up_by_the_drafts_of_others(app: TestApp) {
        let author = account(Role::Author);
        let value = app.created(&author, "Value", json!({"title": "Mine"})).await;
        let of_other = app.created(&editor(), "StorySection", json!({"anchor": "s", "items": {"set": [value]}})).await;
        let input = json!({"entries": entries(&[&value])});
        for (who, knows) in [(editor(), true), (author, false)] {
            let told = app.done(&who, "archiveEntries", input.clone(), "hiddenIn { entry { id } }").await;
            let expected = if knows { json!([{"entry": {"id": of_other}}]) } else { json!([]) };
            assert_eq!(told["hiddenIn"], expected);
            app.done(&who, "restoreEntries", input.clone(), "entries { status }").await;
        }
    }

    async fn an_archived_entry_is_out_of_sight_and_comes_back(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let targets = json!({"entries": entries(&[&id])});
        app.done(&who, "publishEntries", targets.clone(), "entries { id }").await;
        app.done(&who, "archiveEntries", targets.clone(), "entries { id }").await;
        let query = format!("{{ public: node(id: \"{id}\") {{ id }} draft: node(id: \"{id}~draft\") {{ id }} }}");
        assert_eq!(app.query_as_editor(&query).await["data"], json!({"public": null, "draft": null}));
        let change = json!({"id": id, "expectedRevision": 1, "content": {"title": "Two"}});
        assert_eq!(app.refused(&who, "updateMilestone", change).await, ["INVALID id"]);
        assert_eq!(app.refused(&who, "publishEntries", targets.clone()).await, ["INVALID ID"]);
        let payload = app.done(&who, "restoreEntries", targets.clone(), "entries { status }").await;
        assert_eq!(payload["entries"], json!([{"status": "UNPUBLISHED"}]));
        app.done(&who, "publishEntries", targets, "entries { id }").await;
    }

    async fn an_erased_entry_is_gone_for_ever(app: TestApp) {
        let [picture, hero, milestone] = needed(&app).await;
        let admin = account(Role::Admin);
        let all = json!({"entries": entries(&[&picture, &hero, &milestone]), "force": true});
        assert_eq!(app.refused(&admin, "eraseEntries", all.clone()).await, ["INVALID ID"], "only what lies in the trash");
        app.done(&admin, "archiveEntries", all.clone(), "entries { id }").await;
        for role in [Role::Contributor, Role::Author, Role::Editor] {
            let answer = app.try_mutate(&account(role), "eraseEntries", all.clone(), "erasedIds").await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        }
        app.app.clock.advance(TimeDelta::minutes(6));
        let answer = app.try_mutate(&admin, "eraseEntries", all.clone(), "erasedIds").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "PASSWORD_REQUIRED", "{answer}");
        app.app.clock.advance(TimeDelta::minutes(-6));
        let payload = app.done(&admin, "eraseEntries", all, "erasedIds").await;
        assert_eq!(payload["erasedIds"], json!([picture, hero, milestone]));
        let rows = all_rows(&app).await;
        assert!(rows.iter().all(|row| row.starts_with("event") || row.starts_with("audit_counter")), "{rows:#?}");
        assert_eq!(events(&app).await.iter().filter(|event| event.action == "entry.erased").count(), 3);
        let answer = app.query_as(admin, &format!("{{ history(id: \"{picture}\") {{ totalCount }} }}"), json!(null)).await;
        assert_eq!(answer["data"], json!({"history": null}));
    }
}
