//! Publishing: what blocks it is told as a whole, what it needs goes with it, and a locale can go alone.

use serde_json::json;

use super::entries;
use crate::{
    database_state::all_rows,
    support::{content, editor, on_both_engines},
};
use kindling::content::types::Asset;

on_both_engines! {
    async fn everything_that_blocks_a_publication_is_told_and_nothing_changes(app: TestApp) {
        let who = editor();
        let page = |slug| json!({"slug": slug, "title": "Page"});
        let public = app.created(&who, "Page", page("taken")).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&public])}), "entries { status }").await;
        let same = app.created(&who, "Page", page("taken")).await;
        let untitled = app.created(&who, "Milestone", json!({"date": "2008"})).await;
        let picture = content::with(content::asset("a.webp"), json!({"alternativeText": {}}));
        let picture = app.draft::<Asset>("silent", picture).await.to_string();
        let hero = app.created(&who, "StorySection", json!({"anchor": "h", "layout": "HERO", "image": picture})).await;
        let bare = app.created(&who, "StorySection", json!({"layout": "HERO"})).await;
        let before = all_rows(&app).await;
        let ids = [same.as_str(), &untitled, &hero, &bare];
        let mut told = app.refused(&who, "publishEntries", json!({"entries": entries(&ids)})).await;
        told.sort();
        let expected = ["NOT_PUBLIC ID.image", "REQUIRED ID.anchor", "REQUIRED ID.image", "REQUIRED ID.title.en", "TAKEN ID.slug"];
        assert_eq!(told, expected);
        let query = "query($input: PublishEntriesInput!) { checkEntries(input: $input) { code path } }";
        let answer = app.query_as(who.clone(), query, json!({"input": {"entries": entries(&ids)}})).await;
        assert_eq!(answer["data"]["checkEntries"].as_array().map(Vec::len), Some(expected.len()), "{answer}");
        let told = app.refused(&who, "publishEntries", json!({"entries": entries(&[&picture])})).await;
        assert_eq!(told, ["REQUIRED ID.alternativeText.en"]);
        assert_eq!(all_rows(&app).await, before);
    }

    async fn what_an_entry_needs_becomes_public_with_it(app: TestApp) {
        let who = editor();
        let picture = app.draft::<Asset>("picture", content::asset("a.webp")).await.to_string();
        let value = app.created(&who, "Value", json!({"title": "Kind"})).await;
        let section = app.created(&who, "StorySection", json!({"anchor": "s", "layout": "HERO", "image": picture, "items": {"set": [value]}})).await;
        let page = app.created(&who, "Page", json!({"slug": "p", "title": "P", "sections": {"set": [section]}})).await;
        let told = app.refused(&who, "publishEntries", json!({"entries": entries(&[&page, &section])})).await;
        assert_eq!(told, ["NOT_PUBLIC ID.image"]);
        let input = json!({"entries": entries(&[&page]), "withDependencies": true});
        let payload = app.done(&who, "publishEntries", input, "entries { id status }").await;
        assert_eq!(payload["entries"].as_array().map(Vec::len), Some(4), "{payload}");
        let answer = app.query("{ page(by: {slug: \"p\"}) { sections { image { fileName } items { ... on Value { title } } } } }").await;
        assert_eq!(answer["data"]["page"]["sections"], json!([{"image": {"fileName": "a.webp"}, "items": [{"title": "Kind"}]}]));
    }

    async fn a_locale_can_become_public_alone(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let spanish = json!({"entries": entries(&[&id]), "locale": "es"});
        assert_eq!(app.refused(&who, "publishEntries", spanish.clone()).await, ["NOT_PUBLIC ID"]);
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let change = json!({
            "id": id, "expectedRevision": 1, "content": {"date": "2009", "title": "Draft"},
            "translations": [{"locale": "es", "title": "Uno"}],
        });
        app.done(&who, "updateMilestone", change, "milestone { id }").await;
        let payload = app.done(&who, "publishEntries", spanish.clone(), "entries { status revision }").await;
        assert_eq!(payload["entries"], json!([{"status": "CHANGED", "revision": 4}]));
        let read = |view: &str| format!("{{ node(id: \"{id}{view}\") {{ ... on Milestone {{ date title locale }} }} }}");
        let public = app.query(&read("~es")).await;
        assert_eq!(public["data"]["node"], json!({"date": "2008", "title": "Uno", "locale": "es"}));
        assert_eq!(app.query(&read("")).await["data"]["node"]["title"], "One");
        let draft = app.query_as_editor(&read("~draft")).await;
        assert_eq!(draft["data"]["node"], json!({"date": "2009", "title": "Draft", "locale": "en"}));
        let before = all_rows(&app).await;
        app.done(&who, "publishEntries", spanish, "entries { id }").await;
        assert_eq!(all_rows(&app).await, before, "there is nothing more to publish in it");
        let other = json!({"entries": entries(&[&id]), "locale": "fr"});
        assert_eq!(app.refused(&who, "publishEntries", other).await, ["INVALID locale"]);
    }
}
