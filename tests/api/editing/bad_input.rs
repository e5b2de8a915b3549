//! Bad input gets a clear error with a code and a path, and changes nothing.

use kindling::content::types::Asset;
use serde_json::{Value, json};

use super::entries;
use crate::{
    database_state::all_rows,
    support::{content, editor, on_both_engines},
};

/// Whether an answer says what is wrong, with a code of the documented list, and words or a path that name the place.
fn is_clear(answer: &Value, place: &str) -> bool {
    let errors = answer["errors"].as_array().into_iter().flatten();
    let payloads = answer["data"].as_object().into_iter().flatten();
    let user_errors = payloads
        .filter_map(|(_, payload)| payload["userErrors"].as_array())
        .flatten();
    let mut told = errors.chain(user_errors).peekable();
    told.peek().is_some()
        && told.all(|error| {
            let text = error.to_string();
            let is_limit = text.contains("LIMIT_EXCEEDED");
            !text.contains("INTERNAL")
                && (text.contains(place) || is_limit)
                && text.contains("\"code\"")
        })
}

on_both_engines! {
    async fn nothing_that_is_wrong_gets_through_and_the_place_is_named(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let picture = app.draft::<Asset>("a", content::asset("a.webp")).await.to_string();
        let section = app.created(&who, "StorySection", json!({"anchor": "a"})).await;
        let page = app.created(&who, "Page", json!({"slug": "p", "title": "P"})).await;
        let before = all_rows(&app).await;
        let huge = "x".repeat(10 << 20);
        let unknown = id.replace(&id[id.len() - 8..], "00000000");
        let many: Vec<Value> = (0..10_000).map(|at| json!(format!("value_{at:032x}"))).collect();
        let milestone = |content: Value| ("updateMilestone", json!({"id": id, "expectedRevision": 1, "content": content}));
        let sections = |change: Value| ("updatePage", json!({"id": page, "expectedRevision": 1, "content": {"sections": change}}));
        let cases: Vec<((&str, Value), &str)> = vec![
            (milestone(json!({"title": 5})), "title"),
            (milestone(json!({"title": ["One"]})), "title"),
            (milestone(json!({"title": {"en": "One"}})), "title"),
            (milestone(json!({"title": huge})), "title.en"),
            (milestone(json!({"title": "a\u{0}b"})), "title.en"),
            (milestone(json!({"title": "a\u{202e}b\u{7}"})), "title.en"),
            (milestone(json!({"date": 2008})), "date"),
            (milestone(json!({"date": "2008-13"})), "date"),
            (milestone(json!({"date": "2008-02-30"})), "date"),
            (milestone(json!({"date": "12008"})), "date"),
            (milestone(json!({"date": "-001"})), "date"),
            (milestone(json!({"date": "\u{0}"})), "date"),
            (milestone(json!({"date": null})), "date"),
            (milestone(json!({"image": id})), "image"),
            (milestone(json!({"image": unknown.replace("milestone", "asset")})), "image"),
            (milestone(json!({"image": picture.replace("asset", "milestone")})), "image"),
            (milestone(json!({"image": picture.to_uppercase()})), "image"),
            (milestone(json!({"image": 7})), "image"),
            (milestone(json!({"nothing": 1})), "nothing"),
            (sections(json!({"set": many})), "sections"),
            (sections(json!({"set": [id]})), "sections.0"),
            (sections(json!({"set": [page]})), "sections.0"),
            (sections(json!({"set": [section, section]})), "sections.1"),
            (sections(json!({"set": "x"})), "sections"),
            (("updateStorySection", json!({"id": section, "expectedRevision": 1, "content": {"items": {"set": [section]}}})), "items.0"),
            (("updateStorySection", json!({"id": section, "expectedRevision": 1, "content": {"layout": "SIDEWAYS"}})), "layout"),
            (("updateStorySection", json!({"id": section, "expectedRevision": 1, "content": {"callToAction": {"url": "javascript:alert(1)", "label": "x"}}})), "callToAction.url"),
            (("updateMilestone", json!({"id": unknown, "expectedRevision": 1})), "id"),
            (("updateMilestone", json!({"id": page, "expectedRevision": 1})), "id"),
            (("updateMilestone", json!({"id": "", "expectedRevision": 1})), "id"),
            (("updateMilestone", json!({"id": id, "expectedRevision": 9_999_999_999_i64})), "expectedRevision"),
            (("updateMilestone", json!({"id": id})), "expectedRevision"),
            (("updateMilestone", json!({"id": id, "expectedRevision": -1, "content": {"title": "Two"}})), "title.en"),
            (("createMilestone", json!({"key": huge, "content": {"date": "2008"}})), "key"),
            (("createMilestone", json!({"message": huge, "content": {"date": "2008"}})), "message"),
            (("createMilestone", json!({"locale": "en-", "content": {"date": "2008"}})), "locale"),
            (("createMilestone", json!({"content": {"date": "2008"}, "translations": [{"locale": 5}]})), "translations.0.locale"),
            (("createImpactStat", json!({"content": {"value": "1e400", "label": "x"}})), "value"),
            (("createImpactStat", json!({"content": {"value": 1e300, "label": "x"}})), "value"),
            (("createImpactStat", json!({"content": {"value": "9999999999999", "label": "x"}})), "value"),
            (("createImpactStat", json!({"content": {"label": "x"}})), "value"),
            (("createImpactStat", json!({"content": {"value": "1", "asOfOn": "10000-01-01"}})), "asOfOn"),
            (("createTeamMember", json!({"content": {"name": "A", "email": "nobody"}})), "email"),
            (("createTeamMember", json!({"content": {"name": "A", "links": [{"label": "x"}]}})), "url"),
            (("createTeamMember", json!({"content": {"name": "A", "links": [{"label": "x", "url": "//evil.example"}]}})), "links.0.url"),
            (("updateAsset", json!({"id": picture, "expectedRevision": 1, "content": {"focalPoint": {"x": 1e308, "y": 0}}})), "focalPoint.x"),
            (("publishEntries", json!({"entries": []})), "entries"),
            (("publishEntries", json!({"entries": [{"id": "x"}]})), "entries.0.id"),
            (("publishEntries", json!({"entries": [{"id": unknown}]})), "id"),
            (("publishEntries", json!({"entries": vec![json!({"id": id}); 10_000]})), "entries"),
            (("moveEntry", json!({"id": page})), "id"),
            (("moveEntry", json!({"id": id, "before": page})), "before"),
            (("moveEntry", json!({"id": id, "before": unknown})), "before"),
            (("restoreRevision", json!({"id": id, "revision": -5, "expectedRevision": 1})), "revision"),
            (("duplicateEntry", json!({"id": unknown})), "id"),
        ];
        for ((mutation, input), place) in cases {
            let shown: String = input.to_string().chars().take(200).collect();
            let answer = app.try_mutate(&who, mutation, input, "__typename").await;
            let told: String = answer.to_string().chars().take(2_000).collect();
            assert!(is_clear(&answer, place), "{mutation} {shown} at {place}: {told}");
        }
        assert_eq!(all_rows(&app).await, before);
    }

    async fn server_owned_fields_cannot_be_sent(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let before = all_rows(&app).await;
        for name in [
            "entryId", "entry_id", "revision", "latest", "published", "savedAt", "savedBy", "textRevisions", "createdBy", "createdAt",
            "updatedAt", "publishedAt", "publishedRevision", "latestRevision", "archivedAt", "position", "type", "status", "storageKey",
            "sha256", "bytes", "mediaType", "width", "__proto__",
        ] {
            for input in [
                json!({"id": id, "expectedRevision": 1, "content": {name: "1"}}),
                json!({"id": id, "expectedRevision": 1, name: "1"}),
                json!({"id": id, "expectedRevision": 1, "translations": [{"locale": "en", name: "1"}]}),
            ] {
                let answer = app.try_mutate(&who, "updateMilestone", input, "__typename").await;
                assert!(is_clear(&answer, name), "{name}: {answer}");
            }
        }
        assert_eq!(all_rows(&app).await, before);
        // An id of another mutation's kind of entry is as good as none.
        assert_eq!(app.refused(&who, "publishEntries", json!({"entries": entries(&["account_00000000000000000000000000000000"])})).await, ["INVALID entries.0.id"]);
    }
}
