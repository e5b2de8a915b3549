//! Creating and changing: what is absent is left alone, what is null is cleared, and texts are written by locale.

use kindling::auth::Role;
use serde_json::json;

use crate::{
    database_state::all_rows,
    support::{account, editor, on_both_engines},
};

const MILESTONE: &str = "milestone { revision status locale date endDate title body fallbacks }";

on_both_engines! {
    async fn a_new_entry_is_a_draft_that_nobody_else_sees(app: TestApp) {
        let who = account(Role::Contributor);
        let input = json!({"key": "first", "content": {"date": "2008", "title": "First"}});
        let payload = app.done(&who, "createMilestone", input, "milestone { id key revision status title createdAt publishedAt }").await;
        let shown = &payload["milestone"];
        assert_eq!((&shown["revision"], &shown["status"], &shown["title"], &shown["key"]), (&json!(1), &json!("DRAFT"), &json!("First"), &json!("first")));
        assert!(shown["publishedAt"].is_null());
        let answer = app.query("{ milestones { totalCount } milestone(by: {key: \"first\"}) { id } }").await;
        assert_eq!(answer["data"], json!({"milestones": {"totalCount": 0}, "milestone": null}));
        let list = "{ milestones(view: {perspective: DRAFT}) { totalCount } }";
        assert_eq!(app.query_as(account(Role::Author), list, json!(null)).await["data"]["milestones"]["totalCount"], 0);
        assert_eq!(app.query_as(who, list, json!(null)).await["data"]["milestones"]["totalCount"], 1);
    }

    async fn what_is_absent_is_left_alone_and_what_is_null_is_cleared(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "endDate": "2009", "title": "First", "body": "Text"})).await;
        let input = json!({"id": id, "expectedRevision": 1, "content": {"endDate": null, "body": null}});
        let payload = app.done(&who, "updateMilestone", input, MILESTONE).await;
        let shown = &payload["milestone"];
        assert_eq!((&shown["date"], &shown["title"], &shown["revision"]), (&json!("2008"), &json!("First"), &json!(2)));
        assert!(shown["endDate"].is_null() && shown["body"].is_null(), "{shown}");
    }

    async fn texts_are_written_in_one_locale_or_in_several_at_once(app: TestApp) {
        let who = editor();
        let input = json!({
            "locale": "es",
            "content": {"date": "2008", "title": "Uno"},
            "translations": [{"locale": "en", "title": "One", "body": "Text"}],
        });
        let payload = app.done(&who, "createMilestone", input, "milestone { id locale title body fallbacks }").await;
        let shown = &payload["milestone"];
        assert_eq!((&shown["locale"], &shown["title"], &shown["fallbacks"]), (&json!("es"), &json!("Uno"), &json!(["body"])));
        let input = json!({"id": shown["id"], "expectedRevision": 1, "locale": "es", "content": {"title": null}});
        let payload = app.done(&who, "updateMilestone", input, MILESTONE).await;
        assert_eq!((&payload["milestone"]["locale"], &payload["milestone"]["title"]), (&json!("en"), &json!("One")));
    }

    async fn groups_are_written_and_cleared_as_a_whole(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "StorySection", json!({"anchor": "a", "callToAction": {"label": "Go", "url": "/go"}})).await;
        let fields = "storySection { callToAction { label url } }";
        let input = json!({
            "id": id, "expectedRevision": 1,
            "content": {"callToAction": {"url": "/on"}},
            "translations": [{"locale": "es", "callToAction": {"label": "Ir"}}],
        });
        let payload = app.done(&who, "updateStorySection", input, fields).await;
        assert_eq!(payload["storySection"]["callToAction"], json!({"label": "Go", "url": "/on"}));
        let input = json!({"id": id, "expectedRevision": 2, "content": {"callToAction": null}});
        let payload = app.done(&who, "updateStorySection", input, fields).await;
        assert!(payload["storySection"]["callToAction"].is_null(), "{payload}");
    }

    async fn all_that_is_wrong_is_told_at_once_and_changes_nothing(app: TestApp) {
        let who = editor();
        let before = all_rows(&app).await;
        let input = json!({
            "locale": "nowhere!",
            "content": {"endDate": "May", "title": "x".repeat(201), "image": "no id"},
            "translations": [{"locale": "fr", "title": "Un"}],
        });
        let told = app.refused(&who, "createMilestone", input).await;
        assert_eq!(told, ["REQUIRED date", "INVALID locale", "INVALID endDate", "INVALID image"]);
        let input = json!({"content": {"date": "2008", "endDate": "2007", "title": "x".repeat(201)}, "translations": [{"locale": "fr", "title": "Un"}]});
        let told = app.refused(&who, "createMilestone", input).await;
        assert_eq!(told, ["INVALID endDate", "INVALID title.en", "INVALID title.fr"]);
        assert_eq!(app.refused(&who, "createMilestone", json!({"content": {"date": null, "title": ""}})).await, ["REQUIRED date"]);
        let input = json!({"key": "a\u{0}b", "message": "a\u{0}b", "content": {"date": "2008"}});
        assert_eq!(app.refused(&who, "createMilestone", input).await, ["INVALID message"]);
        assert_eq!(all_rows(&app).await, before);
    }

    async fn who_may_not_write_is_told_so_at_the_top(app: TestApp) {
        let anonymous = kindling::auth::Principal::Anonymous;
        let input = json!({"content": {"date": "2008", "title": "No"}});
        let answer = app.try_mutate(&anonymous, "createMilestone", input, "__typename").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
        assert!(answer["data"].is_null());
    }
}
