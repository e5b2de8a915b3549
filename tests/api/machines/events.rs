//! The event log, as machines and editors see it: the events of content, and nothing else.

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use crate::{
    editing::entries,
    support::{TestApp, account, on_both_engines},
};

/// The actions of the events of an entry, the first one first, after making sure that the log shows only events of content.
async fn actions(app: &TestApp, who: &Principal, entry: &str) -> Vec<String> {
    let query =
        "{ events(first: 100) { nodes { action entryId cacheTags actor { id } apiTokenId } } }";
    let answer = app.query_as(who.clone(), query, Value::Null).await;
    assert!(answer["errors"].is_null(), "{answer}");
    let events = answer["data"]["events"]["nodes"]
        .as_array()
        .expect("events");
    let other = events.iter().find(|event| event["entryId"].is_null());
    assert_eq!(other, None);
    let events = events
        .iter()
        .rev()
        .filter(|event| event["entryId"] == entry);
    events
        .map(|event| event["action"].as_str().expect("an action").to_owned())
        .collect()
}

on_both_engines! {
    async fn machines_follow_what_changes_in_public_and_with_drafts_all_content(app: TestApp) {
        let [ann, eve] = [app.somebody("ann", Role::Admin).await, app.somebody("eve", Role::Editor).await];
        let id = app.created(&eve, "Value", json!({"title": "One"})).await;
        let target = || json!({"entries": entries(&[&id])});
        let other = app.created(&ann, "Value", json!({"title": "Two"})).await;
        let later = || app.app.clock.advance(TimeDelta::seconds(1));
        let moved = async |side: &str| app.done(&eve, "moveEntry", json!({"id": id, side: other}), "entry { id }").await;
        moved("after").await;
        later();
        app.done(&eve, "publishEntries", target(), "entries { id }").await;
        later();
        moved("before").await;
        later();
        app.done(&eve, "unpublishEntries", target(), "entries { id }").await;
        later();
        moved("after").await;
        let in_public = ["entry.published", "entry.moved", "entry.unpublished"];
        let all = ["entry.created", "entry.moved", "entry.published", "entry.moved", "entry.unpublished", "entry.moved"];
        assert_eq!(actions(&app, &eve, &id).await, all);
        for (scopes, types, expected) in [
            (vec!["EVENTS"], None, &in_public[..]),
            (vec!["EVENTS"], Some(["VALUE"].as_slice()), &in_public[..]),
            (vec!["EVENTS"], Some(["PAGE"].as_slice()), &[]),
            (vec!["EVENTS", "DRAFTS"], None, &all[..]),
            (vec!["HISTORY", "DRAFTS"], None, &all[..]),
            (vec!["HISTORY", "DRAFTS"], Some(["PAGE"].as_slice()), &[]),
        ] {
            let (secret, _) = app.token(&ann, &scopes, types).await;
            let machine = app.with(&secret).await;
            assert_eq!(actions(&app, &machine, &id).await, expected, "{scopes:?} {types:?}");
        }
    }

    async fn who_did_it_is_told_to_nobody_who_may_not_read_drafts(app: TestApp) {
        let ann = app.somebody("ann", Role::Admin).await;
        let id = app.created(&ann, "Value", json!({"title": "One"})).await;
        app.done(&ann, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let query = "{ events(first: 1) { nodes { action cacheTags purgeAgainAfterSeconds actor { name } apiTokenId } } }";
        for (scopes, is_told) in [(["EVENTS"].as_slice(), false), (["EVENTS", "DRAFTS"].as_slice(), true)] {
            let (secret, _) = app.token(&ann, scopes, None).await;
            let machine = app.with(&secret).await;
            let answer = app.query_as(machine.clone(), query, Value::Null).await;
            let event = &answer["data"]["events"]["nodes"][0];
            assert_eq!((&event["action"], &event["purgeAgainAfterSeconds"]), (&json!("entry.published"), &json!(10)), "{answer}");
            assert_eq!(event["cacheTags"], json!([id, "value", "content"]));
            assert_eq!(event["actor"].is_object(), is_told, "{answer}");
            for filter in ["actor", "apiToken"] {
                let query = format!("{{ events(where: {{{filter}: []}}) {{ totalCount }} }}");
                let answer = app.query_as(machine.clone(), &query, Value::Null).await;
                assert_eq!(answer["errors"].is_null(), is_told, "{filter}: {answer}");
            }
        }
    }

    async fn nobody_else_reads_events(app: TestApp) {
        let ann = app.somebody("ann", Role::Admin).await;
        let query = "{ events { totalCount } }";
        for scopes in [[].as_slice(), &["DRAFTS"], &["HISTORY"], &["DRAFTS", "WRITE", "PUBLISH"]] {
            let (secret, _) = app.token(&ann, scopes, None).await;
            let machine = app.with(&secret).await;
            assert_eq!(app.code(&machine, query, json!({})).await, "FORBIDDEN", "{scopes:?}");
        }
        for role in [Role::Contributor, Role::Author] {
            assert_eq!(app.code(&account(role), query, json!({})).await, "FORBIDDEN", "{role:?}");
        }
    }
}
