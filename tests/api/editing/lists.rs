//! Ordered references: replaced as a whole, or changed item by item.

use serde_json::{Value, json};

use crate::support::{TestApp, editor, on_both_engines};

/// A page with four sections; their ids.
async fn page(app: &TestApp) -> (String, Vec<String>) {
    let who = editor();
    let mut sections = Vec::new();
    for anchor in ["a", "b", "c", "d"] {
        sections.push(
            app.created(&who, "StorySection", json!({ "anchor": anchor }))
                .await,
        );
    }
    let content = json!({"slug": "p", "title": "P", "sections": {"set": sections}});
    (app.created(&who, "Page", content).await, sections)
}

async fn after(app: &TestApp, page: &str, revision: i32, change: Value) -> String {
    let input = json!({"id": page, "expectedRevision": revision, "content": {"sections": change}});
    let payload = app
        .done(
            &editor(),
            "updatePage",
            input,
            "page { sections { anchor } }",
        )
        .await;
    let sections = payload["page"]["sections"].as_array().expect("sections");
    sections
        .iter()
        .map(|section| section["anchor"].as_str().expect("an anchor"))
        .collect()
}

on_both_engines! {
    async fn items_are_added_removed_and_moved_next_to_others(app: TestApp) {
        let (page, ids) = page(&app).await;
        let [a, b, c, d] = [&ids[0], &ids[1], &ids[2], &ids[3]];
        assert_eq!(after(&app, &page, 1, json!({"remove": [b]})).await, "acd");
        assert_eq!(after(&app, &page, 2, json!({"add": [{"id": b, "before": a}]})).await, "bacd");
        assert_eq!(after(&app, &page, 3, json!({"move": [{"id": b, "after": c}]})).await, "acbd");
        assert_eq!(after(&app, &page, 4, json!({"move": [{"id": a}], "remove": [d]})).await, "cba");
        assert_eq!(after(&app, &page, 5, json!({"add": [{"id": d, "after": b}, {"id": a}]})).await, "cbda");
        assert_eq!(after(&app, &page, 6, json!({"set": [d, c]})).await, "dc");
        assert_eq!(after(&app, &page, 7, json!(null)).await, "");
    }

    async fn two_editors_who_each_add_one_both_keep_theirs(app: TestApp) {
        let (page, ids) = page(&app).await;
        assert_eq!(after(&app, &page, 1, json!({"set": [ids[0]]})).await, "a");
        assert_eq!(after(&app, &page, 2, json!({"add": [{"id": ids[1]}]})).await, "ab");
        assert_eq!(after(&app, &page, 2, json!({"add": [{"id": ids[2]}]})).await, "abc");
        assert_eq!(after(&app, &page, 2, json!({"set": [ids[3], ids[0]]})).await, "dabc");
    }

    async fn what_makes_no_sense_is_told_with_its_place(app: TestApp) {
        let (page, ids) = page(&app).await;
        let refused = async |change: Value| {
            let input = json!({"id": page, "expectedRevision": 1, "content": {"sections": change}});
            app.refused(&editor(), "updatePage", input).await
        };
        assert_eq!(refused(json!({"set": [ids[0]], "add": []})).await, ["INVALID sections.set"]);
        assert_eq!(refused(json!({"set": ["nothing"]})).await, ["INVALID sections.set.0"]);
        assert_eq!(refused(json!({"add": [{"id": ids[0], "before": "x", "after": ids[1]}]})).await, ["INVALID sections.add.0.after", "INVALID sections.add.0.before"]);
        assert_eq!(refused(json!({"add": [{"id": page}]})).await, ["INVALID sections.4"]);
        assert_eq!(refused(json!({"set": [ids[0], ids[0]]})).await, ["INVALID sections.1"]);
    }
}
