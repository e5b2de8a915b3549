//! Looking back: revisions, differences, and where entries are used.

use kindling::{
    auth::{Principal, Role},
    content::types::Asset,
};
use serde_json::json;

use super::entries;
use crate::support::{account, content, editor, on_both_engines};

on_both_engines! {
    async fn the_history_tells_what_changed_why_and_which_is_public(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Page", json!({"slug": "p", "title": "One"})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let change = json!({"id": id, "expectedRevision": 1, "message": "Shorter", "content": {"title": "Two", "seo": {"title": "S"}}});
        app.done(&who, "updatePage", change, "page { id }").await;
        let query = format!("{{ history(id: \"{id}\") {{ totalCount nodes {{ number message changedFields isLatest isPublished }} }} }}");
        let answer = app.query_as_editor(&query).await;
        assert_eq!(answer["data"]["history"], json!({"totalCount": 2, "nodes": [
            {"number": 2, "message": "Shorter", "changedFields": ["title.en", "seo.title.en"], "isLatest": true, "isPublished": false},
            {"number": 1, "message": null, "changedFields": ["slug", "title.en"], "isLatest": false, "isPublished": true},
        ]}));
        let query = format!("{{ diff(id: \"{id}\", from: 2, to: 1) {{ from to changes {{ path before after }} }} }}");
        let answer = app.query_as_editor(&query).await;
        assert_eq!(answer["data"]["diff"]["changes"], json!([
            {"path": "title.en", "before": "Two", "after": "One"}, {"path": "seo.title.en", "before": "S", "after": null},
        ]));
        let answer = app.query_as_editor(&format!("{{ diff(id: \"{id}\", from: 1, to: 3) {{ to }} }}")).await;
        assert_eq!(content::problem(&answer).1, "to");
    }

    async fn a_revision_tells_how_it_came_about(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Value", json!({"title": "One"})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let save = async |expected: i32, content: serde_json::Value, translations: serde_json::Value, autosave: bool| {
            let input = json!({"id": id, "expectedRevision": expected, "content": content, "translations": translations, "autosave": autosave});
            app.done(&who, "updateValue", input, "value { id }").await;
        };
        save(1, json!({"title": "Two"}), json!([]), false).await;
        save(1, json!({}), json!([{"locale": "es", "title": "Dos"}]), false).await;
        save(3, json!({"description": "By itself"}), json!([]), true).await;
        app.done(&who, "restoreRevision", json!({"id": id, "revision": 3, "expectedRevision": 4}), "entry { id }").await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id]), "locale": "es"}), "entries { id }").await;
        let query = format!("{{ history(id: \"{id}\") {{ nodes {{ origin }} }} }}");
        let told = app.query_as_editor(&query).await["data"]["history"]["nodes"].clone();
        let origins = ["LOCALE_PUBLISHED", "LOCALE_PUBLISHED", "RESTORED", "AUTOSAVED", "MERGED", "SAVED", "SAVED"];
        assert_eq!(told, json!(origins.map(|origin| json!({ "origin": origin }))));
        let copied = app.done(&who, "duplicateEntry", json!({ "id": id }), "entry { entryId }").await;
        let query = format!("{{ history(id: {}) {{ nodes {{ origin }} }} }}", copied["entry"]["entryId"]);
        let told = app.query_as_editor(&query).await["data"]["history"]["nodes"].clone();
        assert_eq!(told, json!([{"origin": "COPIED"}]));
    }

    async fn a_history_is_read_page_by_page(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Value", json!({"title": "0"})).await;
        for revision in 1..=4 {
            let change = json!({"id": id, "expectedRevision": revision, "content": {"title": revision.to_string()}});
            app.done(&who, "updateValue", change, "value { id }").await;
        }
        let page = async |arguments: String| {
            let query = format!("{{ history(id: \"{id}\", {arguments}) {{ nodes {{ number }} pageInfo {{ endCursor hasNextPage }} }} }}");
            let history = app.query_as_editor(&query).await["data"]["history"].clone();
            let numbers: Vec<i64> = history["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["number"].as_i64()).collect();
            (numbers, history["pageInfo"].clone())
        };
        let (numbers, info) = page("first: 2".to_owned()).await;
        assert_eq!((numbers, &info["hasNextPage"]), (vec![5, 4], &json!(true)));
        let (numbers, _) = page(format!("first: 5, after: {}", info["endCursor"])).await;
        assert_eq!(numbers, [3, 2, 1]);
        let (numbers, _) = page("last: 2".to_owned()).await;
        assert_eq!(numbers, [2, 1]);
    }

    async fn history_is_for_those_who_may_read_drafts(app: TestApp) {
        let id = app.created(&editor(), "Value", json!({"title": "Draft"})).await;
        let public = app.created(&editor(), "Value", json!({"title": "Public"})).await;
        app.done(&editor(), "publishEntries", json!({"entries": entries(&[&public])}), "entries { id }").await;
        for (who, of_draft, of_public) in [
            (Principal::Anonymous, "UNAUTHENTICATED", "UNAUTHENTICATED"),
            (account(Role::Contributor), "", "FORBIDDEN"),
            (account(Role::Author), "", "FORBIDDEN"),
            (editor(), "", ""),
        ] {
            for (id, expected) in [(&id, of_draft), (&public, of_public)] {
                for query in [format!("{{ a: history(id: \"{id}\") {{ totalCount }} }}"), format!("{{ a: diff(id: \"{id}\", from: 1, to: 1) {{ to }} }}")] {
                    let answer = app.query_as(who.clone(), &query, json!(null)).await;
                    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
                    assert_eq!(code, expected, "{who:?} {query}: {answer}");
                    let all = matches!(who, Principal::Account { role: Role::Editor, .. });
                    assert_eq!(answer["data"]["a"].is_object(), all, "{who:?} {query}: {answer}");
                }
            }
        }
    }

    async fn where_an_entry_is_used_follows_the_view(app: TestApp) {
        let who = editor();
        let picture = app.draft::<Asset>("a", content::asset("a.webp")).await.to_string();
        let draft = app.created(&who, "Milestone", json!({"date": "2008", "title": "Draft", "image": picture})).await;
        let public = app.created(&who, "Page", json!({"slug": "p", "title": "Page", "seo": {"image": picture}})).await;
        let query = |view: &str| format!("{{ usedBy(id: \"{picture}\", view: {{{view}}}) {{ totalCount nodes {{ field entry {{ id }} }} }} }}");
        assert_eq!(app.query(&query("")).await["data"], json!({"usedBy": null}), "the picture is a draft");
        app.done(&who, "publishEntries", json!({"entries": entries(&[&picture, &public])}), "entries { id }").await;
        let answer = app.query(&query("")).await;
        assert_eq!(answer["data"]["usedBy"], json!({"totalCount": 1, "nodes": [{"field": "seo.image", "entry": {"id": public}}]}));
        let answer = app.query_as_editor(&query("perspective: DRAFT")).await;
        let mut used: Vec<_> = answer["data"]["usedBy"]["nodes"].as_array().expect("nodes").iter().map(|node| node["entry"]["id"].clone()).collect();
        used.sort_by_key(ToString::to_string);
        assert_eq!(used, [json!(draft), json!(public)]);
        let of_author = app.query_as(account(Role::Author), &query("perspective: DRAFT"), json!(null)).await;
        assert_eq!(of_author["data"]["usedBy"]["totalCount"], 1, "others' drafts are not counted");
        let past = app.query_as_editor(&query("asOf: \"2026-01-01T00:00:00Z\"")).await;
        assert_eq!(content::problem(&past).1, "view.asOf");
    }

    async fn the_log_can_be_filtered(app: TestApp) {
        let id = app.created(&editor(), "Value", json!({"title": "One"})).await;
        app.created(&editor(), "Value", json!({"title": "Two"})).await;
        app.done(&editor(), "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let query = "query($where: EventFilter) { events(where: $where) { totalCount nodes { sequence action entryId revision } } }";
        for who in [Principal::Anonymous, account(Role::Author)] {
            assert!(app.query_as(who, query, json!({})).await["data"].is_null());
        }
        let read = async |filter| app.query_as(account(Role::Admin), query, json!({"where": filter})).await["data"]["events"].clone();
        let all = read(json!(null)).await;
        assert_eq!(all["nodes"][0], json!({"sequence": 3, "action": "entry.published", "entryId": id, "revision": 1}));
        assert_eq!(all["totalCount"], 3);
        assert_eq!(read(json!({"entry": id})).await["totalCount"], 2);
        assert_eq!(read(json!({"action": ["entry.created"]})).await["totalCount"], 2);
        assert_eq!(read(json!({"occurredAt": {"gt": "2027-01-01T00:00:00Z"}})).await["totalCount"], 0);
    }
}
