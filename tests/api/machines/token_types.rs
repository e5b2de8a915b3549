//! API tokens of some types: what is of another type is not there for them.

use kindling::{
    auth::{Principal, Role},
    content::types::Asset,
};
use serde_json::{Value, json};

use crate::{
    database_state::all_rows,
    editing::entries,
    support::{TestApp, content, on_both_engines},
};

const ALL: [&str; 4] = ["DRAFTS", "HISTORY", "WRITE", "PUBLISH"];

/// A public section with a picture, on a public page, all by this account; their ids.
async fn site(app: &TestApp, who: &Principal) -> [String; 3] {
    let value = app.created(who, "Value", json!({"title": "Courage"})).await;
    let section = json!({"anchor": "values", "heading": "Values", "items": {"set": [value]}});
    let section = app.created(who, "StorySection", section).await;
    let page = json!({"slug": "home", "title": "Home", "sections": {"set": [section]}});
    let page = app.created(who, "Page", page).await;
    let ids = [page, section, value];
    let input = json!({"entries": entries(&ids.each_ref().map(String::as_str))});
    app.done(who, "publishEntries", input, "entries { id }")
        .await;
    ids
}

async fn data(app: &TestApp, who: &Principal, query: &str) -> Value {
    let answer = app.query_as(who.clone(), query, Value::Null).await;
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"].clone()
}

on_both_engines! {
    async fn entries_of_other_types_are_in_no_answer(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let [page, section, value] = site(&app, &ann).await;
        let (secret, _) = app.token(&ann, &ALL, Some(&["PAGE", "VALUE"])).await;
        let machine = app.with(&secret).await;
        for view in ["PUBLISHED", "DRAFT"] {
            let query = format!("{{ page(by: {{id: \"{page}\"}}, view: {{perspective: {view}}}) {{ sections {{ id }} }}
                nodes(ids: [\"{page}\", \"{section}\", \"{value}\"], view: {{perspective: {view}}}) {{ id }}
                value: usedBy(id: \"{value}\", view: {{perspective: {view}}}) {{ totalCount nodes {{ field }} }}
                section: usedBy(id: \"{section}\", view: {{perspective: {view}}}) {{ totalCount }} }}");
            let expected = json!({
                "page": {"sections": []}, "nodes": [{"id": page}, null, {"id": value}],
                "value": {"totalCount": 0, "nodes": []}, "section": null
            });
            assert_eq!(data(&app, &machine, &query).await, expected, "{view}");
        }
        let work = data(&app, &machine, "{ entries { totalCount } of: entries(where: {type: [STORY_SECTION]}) { totalCount } said: entries(where: {text: \"values\"}) { totalCount } }").await;
        assert_eq!(work, json!({"entries": {"totalCount": 2}, "of": {"totalCount": 0}, "said": {"totalCount": 0}}));
        let looked = data(&app, &machine, &format!("{{ history(id: \"{section}\") {{ totalCount }} diff(id: \"{section}\", from: 1, to: 1) {{ to }} }}")).await;
        assert_eq!(looked, json!({"history": null, "diff": null}));
        for query in ["{ storySections { totalCount } }", "{ storySection(by: {key: \"x\"}) { id } }", "{ milestones(view: {perspective: DRAFT}) { totalCount } }"] {
            assert_eq!(app.code(&machine, query, json!({})).await, "FORBIDDEN", "{query}");
        }
    }

    async fn entries_of_other_types_are_neither_changed_nor_referred_to(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let [page, section, _] = site(&app, &ann).await;
        let (secret, _) = app.token(&ann, &ALL, Some(&["PAGE", "VALUE"])).await;
        let machine = app.with(&secret).await;
        let before = all_rows(&app).await;
        let target = json!({"entries": entries(&[&section])});
        for step in ["publishEntries", "unpublishEntries", "archiveEntries", "restoreEntries", "discardDrafts"] {
            let refused = app.refused(&machine, step, target.clone()).await;
            assert_eq!(refused, ["NOT_FOUND id"], "{step}");
        }
        assert_eq!(app.refused(&machine, "duplicateEntry", json!({"id": section})).await, ["NOT_FOUND id"]);
        let nobodys = kindling::id::entry(entity::entry::ContentType::StorySection).to_string();
        for id in [&section, &nobodys] {
            let input = json!({"id": page, "expectedRevision": 1, "content": {"sections": {"set": [id]}}});
            // What stands there already may stay.
            if id == &nobodys {
                assert_eq!(app.refused(&machine, "updatePage", input).await, ["NOT_FOUND sections"]);
            }
            let input = json!({"content": {"slug": "other", "sections": {"set": [id]}}});
            assert_eq!(app.refused(&machine, "createPage", input).await, ["NOT_FOUND sections"]);
        }
        let create = "mutation($input: CreateStorySectionInput!) { createStorySection(input: $input) { userErrors { code } } }";
        assert_eq!(app.code(&machine, create, json!({"content": {"anchor": "a"}})).await, "FORBIDDEN");
        assert_eq!(all_rows(&app).await, before);
        let seen = app.done(&machine, "updatePage", json!({"id": page, "expectedRevision": 1, "content": {"title": "New"}}), "page { sections { id } }").await;
        assert_eq!(seen["page"]["sections"], json!([]));
        let kept = data(&app, &ann, &format!("{{ page(by: {{id: \"{page}\"}}, view: {{perspective: DRAFT}}) {{ title sections {{ id }} }} }}")).await;
        assert_eq!(kept["page"], json!({"title": "New", "sections": [{"id": section}]}), "what it does not see stays");
    }

    async fn who_refers_to_what_goes_from_another_type_is_not_named(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let [_, section, value] = site(&app, &ann).await;
        let picture = app.draft::<Asset>("a", content::asset("a.webp")).await.to_string();
        let hero = json!({"anchor": "hero", "layout": "HERO", "image": picture});
        let hero = app.created(&ann, "StorySection", hero).await;
        app.done(&ann, "publishEntries", json!({"entries": entries(&[&picture, &hero])}), "entries { id }").await;
        let (secret, _) = app.token(&ann, &ALL, Some(&["VALUE", "ASSET"])).await;
        let machine = app.with(&secret).await;
        for step in ["unpublishEntries", "archiveEntries"] {
            let input = json!({"entries": entries(&[&picture])});
            let payload = app.mutate(&machine, step, input, "hiddenIn { field }").await;
            assert_eq!(payload["userErrors"][0]["code"], "INVALID", "{step}: that somebody needs it is told");
            assert!(!payload.to_string().contains(&hero), "{step}: who does is not: {payload}");
            let input = json!({"entries": entries(&[&value])});
            let payload = app.done(&machine, step, input, "hiddenIn { field }").await;
            assert_eq!(payload["hiddenIn"], json!([]), "{step}: {section} is not told");
        }
    }

    async fn publishing_with_dependencies_stays_among_the_types(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let section = app.created(&ann, "StorySection", json!({"anchor": "a", "heading": "A"})).await;
        let page = app.created(&ann, "Page", json!({"slug": "p", "title": "P", "sections": {"set": [section]}})).await;
        let (secret, _) = app.token(&ann, &ALL, Some(&["PAGE"])).await;
        let machine = app.with(&secret).await;
        let input = json!({"entries": entries(&[&page]), "withDependencies": true});
        let answer = app.done(&machine, "publishEntries", input, "entries { id }").await;
        assert_eq!(answer["entries"], json!([{"id": page}]));
        let public = data(&app, &ann, &format!("{{ node(id: \"{section}\") {{ id }} page(by: {{id: \"{page}\"}}) {{ id }} }}")).await;
        assert_eq!(public, json!({"node": null, "page": {"id": page}}));
    }
}
