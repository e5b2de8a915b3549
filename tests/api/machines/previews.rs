//! Preview links: what they open, for how long, and nothing else.

use chrono::TimeDelta;
use entity::entry::ContentType;
use kindling::{
    auth::Role,
    crypto::{Secret, jwt::Claims},
    error::Error,
};
use serde_json::{Value, json};

use super::{CREATE_LINK, REVOKE_LINK};
use crate::{
    database_state::{all_rows, audit_events},
    editing::entries,
    support::{TestApp, on_both_engines},
};

const DRAFTS: &str = "view: {perspective: DRAFT}";

/// The titles of these values, in drafts.
async fn titles(app: &TestApp, token: &Value, ids: &[&String]) -> Value {
    let who = app.with(token).await;
    let query = format!(
        "query($ids: [ID!]!) {{ nodes(ids: $ids, {DRAFTS}) {{ ... on Value {{ title }} ... on StorySection {{ heading }} }} }}"
    );
    let answer = app.query_as(who, &query, json!({ "ids": ids })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    let nodes = answer["data"]["nodes"].as_array().expect("nodes").iter();
    let title = |node: &Value| node.get("title").or(node.get("heading")).cloned();
    nodes.map(|node| title(node).unwrap_or_default()).collect()
}

on_both_engines! {
    async fn a_link_shows_the_draft_and_all_that_it_shows(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let value = app.created(&ann, "Value", json!({"title": "Courage"})).await;
        let other = app.created(&ann, "Value", json!({"title": "Hidden"})).await;
        let section = json!({"anchor": "values", "heading": "Values", "items": {"set": [value]}});
        let section = app.created(&ann, "StorySection", section).await;
        let page = app.created(&ann, "Page", json!({"slug": "home", "title": "Home", "sections": {"set": [section]}})).await;
        let (token, id) = app.link(&ann, &page, None).await;
        let who = app.with(&token).await;
        let query = format!("{{ page(by: {{slug: \"home\"}}, {DRAFTS}) {{ title status sections {{ heading items {{ ... on Value {{ title }} }} }} }}
            hidden: node(id: \"{other}~draft\") {{ id }}
            values({DRAFTS}) {{ totalCount nodes {{ title }} }} pages {{ totalCount }}
            usedBy(id: \"{value}\", {DRAFTS}) {{ nodes {{ field }} }} viewer {{ id }} currentToken {{ id }} }}");
        let answer = app.query_as(who.clone(), &query, Value::Null).await;
        assert_eq!(answer["data"], json!({
            "page": {"title": "Home", "status": "DRAFT", "sections": [{"heading": "Values", "items": [{"title": "Courage"}]}]},
            "hidden": null, "values": {"totalCount": 1, "nodes": [{"title": "Courage"}]}, "pages": {"totalCount": 0},
            "usedBy": {"nodes": [{"field": "items"}]}, "viewer": null, "currentToken": null
        }), "{answer}");
        // What the entry shows is looked up at each request, but not its past.
        let change = json!({"id": section, "expectedRevision": 1, "content": {"items": {"set": [other]}}});
        app.done(&ann, "updateStorySection", change, "storySection { id }").await;
        assert_eq!(titles(&app, &token, &[&value, &other, &section]).await, json!([null, "Hidden", "Values"]));
        for (query, what) in [
            (format!("{{ history(id: \"{page}\") {{ totalCount }} }}"), "history"),
            (format!("{{ diff(id: \"{page}\", from: 1, to: 1) {{ to }} }}"), "diff"),
            ("{ entries { totalCount } }".to_owned(), "entries"),
            ("{ events { totalCount } }".to_owned(), "events"),
            ("{ auditEvents { totalCount } }".to_owned(), "auditEvents"),
            ("{ pages(view: {asOf: \"2026-05-01T12:00:00Z\"}) { totalCount } }".to_owned(), "asOf"),
            ("{ previewLinks { totalCount } }".to_owned(), "previewLinks"),
            ("mutation { signOut { endedAt } }".to_owned(), "signOut"),
        ] {
            assert_eq!(app.code(&who, &query, json!({})).await, "FORBIDDEN", "{what}");
        }
        assert_eq!(app.code(&who, CREATE_LINK, json!({"entry": page})).await, "FORBIDDEN");
        assert_eq!(app.code(&who, REVOKE_LINK, json!({"id": id})).await, "FORBIDDEN");
        let log = audit_events(&app).await;
        let made = log.iter().find(|event| event.action == "preview_link.created").expect("an event");
        assert_eq!((made.target.as_deref(), made.actor_id), (id.as_str(), ann.account_id()));
        let told = format!("{log:?}");
        assert!(!told.contains(token.as_str().expect("a token")));
    }

    async fn what_goes_around_in_a_circle_is_shown_once_and_the_trash_is_not(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let member = app.created(&ann, "TeamMember", json!({"name": "Ada", "email": "ada@example.org"})).await;
        let section = app.created(&ann, "StorySection", json!({"anchor": "team", "heading": "Team", "items": {"set": [member]}})).await;
        let (token, _) = app.link(&ann, &section, None).await;
        let who = app.with(&token).await;
        let query = format!("{{ teamMember(by: {{id: \"{member}\"}}, {DRAFTS}) {{ name email }} }}");
        let answer = app.query_as(who, &query, Value::Null).await;
        assert_eq!(answer["data"]["teamMember"], json!({"name": "Ada", "email": null}), "no internal fields");
        app.done(&ann, "archiveEntries", json!({"entries": entries(&[&section])}), "entries { id }").await;
        assert_eq!(titles(&app, &token, &[&section, &member]).await, json!([null, null]));
        let payload = app.payload(&ann, CREATE_LINK, json!({"entry": section})).await;
        assert_eq!(payload["userErrors"][0]["code"], "INVALID");
    }

    async fn a_link_shows_nothing_that_its_maker_may_not_read(app: TestApp) {
        let (cid, ann) = (app.somebody("cid", Role::Contributor).await, app.somebody("ann", Role::Editor).await);
        let own = app.created(&cid, "Value", json!({"title": "Own"})).await;
        let others = app.created(&ann, "Value", json!({"title": "Others"})).await;
        let section = app.created(&cid, "StorySection", json!({"anchor": "a", "heading": "A", "items": {"set": [own]}})).await;
        let put = json!({"id": section, "expectedRevision": 1, "content": {"items": {"set": [own, others]}}});
        app.done(&ann, "updateStorySection", put, "storySection { id }").await;
        let ids = [&section, &own, &others];
        let (of_cid, _) = app.link(&cid, &section, None).await;
        let (of_ann, _) = app.link(&ann, &section, None).await;
        assert_eq!(titles(&app, &of_cid, &ids).await, json!(["A", "Own", null]));
        assert_eq!(titles(&app, &of_ann, &ids).await, json!(["A", "Own", "Others"]));
        let nobodys = kindling::id::entry(ContentType::Value).to_string();
        for id in [&others, &nobodys] {
            let payload = app.payload(&cid, CREATE_LINK, json!({"entry": id})).await;
            assert_eq!((&payload["userErrors"][0]["code"], &payload["token"]), (&json!("NOT_FOUND"), &Value::Null));
        }
        app.publish(&[others.parse().expect("an id")]).await.expect("public");
        assert_eq!(app.code(&cid, CREATE_LINK, json!({"entry": others})).await, "FORBIDDEN");
        // Ann may read drafts of others no more, and did not create the section.
        app.set_account(&ann, Some(Role::Author), false).await;
        assert!(matches!(app.bearer(&of_ann).await, Err(Error::Unauthenticated)));
        assert!(app.bearer(&of_cid).await.is_ok());
        app.set_account(&cid, None, true).await;
        assert!(app.bearer(&of_cid).await.is_err());
    }

    async fn a_link_ends_with_its_time_or_when_it_is_taken_back(app: TestApp) {
        let (ann, bob) = (app.somebody("ann", Role::Author).await, app.somebody("bob", Role::Editor).await);
        let value = app.created(&ann, "Value", json!({"title": "Own"})).await;
        let make = async |seconds: Option<i32>| app.payload(&ann, CREATE_LINK, json!({"entry": value, "expiresInSeconds": seconds})).await;
        let before = all_rows(&app).await;
        for seconds in [0, 59, 86_401, -1] {
            assert_eq!(make(Some(seconds)).await["userErrors"][0]["path"], "expiresInSeconds", "{seconds}");
        }
        for (locale, path) in [(json!("xx-YY"), "locale"), (json!(1), "locale"), (json!("de"), "locale")] {
            let payload = app.payload(&ann, CREATE_LINK, json!({"entry": value, "locale": locale})).await;
            assert_eq!(payload["userErrors"][0]["path"], path, "{locale}");
        }
        assert_eq!(all_rows(&app).await, before);
        let (usual, longest) = (make(None).await, make(Some(86_400)).await);
        assert_eq!(usual["previewLink"]["expiresAt"], "2026-05-01T13:00:00Z");
        assert_eq!(longest["previewLink"]["expiresAt"], "2026-05-02T12:00:00Z");
        let id = json!({"id": longest["previewLink"]["id"]});
        let payload = app.payload(&bob, REVOKE_LINK, id.clone()).await;
        assert_eq!(payload["userErrors"], json!([{"code": "NOT_FOUND", "path": "id"}]));
        let list = "{ previewLinks { totalCount } }";
        assert_eq!(app.query_as(bob, list, Value::Null).await["data"]["previewLinks"]["totalCount"], 0);
        assert_eq!(app.query_as(ann.clone(), list, Value::Null).await["data"]["previewLinks"]["totalCount"], 2);
        app.app.clock.advance(TimeDelta::minutes(59));
        app.with(&usual["token"]).await;
        app.app.clock.advance(TimeDelta::minutes(1));
        assert!(app.bearer(&usual["token"]).await.is_err());
        app.with(&longest["token"]).await;
        app.payload(&ann, REVOKE_LINK, id.clone()).await;
        assert!(app.bearer(&longest["token"]).await.is_err());
        let again = app.payload(&ann, REVOKE_LINK, id).await;
        assert_eq!(again["previewLink"]["revokedAt"], "2026-05-01T13:00:00Z");
        assert_eq!(audit_events(&app).await.iter().filter(|event| event.action == "preview_link.revoked").count(), 1);
    }

    async fn no_kind_of_token_passes_for_another(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let value = app.created(&ann, "Value", json!({"title": "Own"})).await;
        let (token, _) = app.link(&ann, &value, None).await;
        let keys = &app.app.crypto.keys;
        let now = app.app.clock.now();
        let secret = Secret::new(token.as_str().expect("a token"));
        assert!(keys.verify_preview(&secret, now).await.expect("keys").is_some());
        assert!(keys.verify(&secret, now).await.expect("keys").is_none(), "no access token");
        let id = kindling::id::new();
        let claims = Claims { account: id, session: id, token: id, issued_at: now, expires_at: now + TimeDelta::minutes(5) };
        let access = keys.sign(&claims, now).await.expect("a token");
        assert!(keys.verify_preview(&access, now).await.expect("keys").is_none(), "no preview token");
    }
}
