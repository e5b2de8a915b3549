//! What stands twice in one input, or looks the same as something else, is refused: nothing wins silently.

use serde_json::json;

use super::entries;
use crate::support::{TestApp, editor, on_both_engines};

/// The key of the entry that a key finds.
async fn found(app: &TestApp, key: &str) -> serde_json::Value {
    let query =
        "query($key: String!) { one: milestone(by: {key: $key}, view: {perspective: DRAFT}) { key }
        list: milestones(where: {key: {eq: $key}}, view: {perspective: DRAFT}) { totalCount } }";
    let answer = app.query_as(editor(), query, json!({ "key": key })).await;
    json!([
        answer["data"]["one"]["key"],
        answer["data"]["list"]["totalCount"]
    ])
}

on_both_engines! {
    async fn a_locale_has_one_translation(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let es = |title: &str| json!({"locale": "es", "title": title});
        let before = crate::database_state::all_rows(&app).await;
        for (content, translations, path) in [
            (json!({}), json!([es("Uno"), es("Otro")]), "translations.1.locale"),
            (json!({"title": "One"}), json!([es("Uno"), {"locale": "en", "body": "Again"}]), "translations.1.locale"),
            (json!({"title": "One"}), json!([{"locale": "en", "title": "Two"}]), "translations.0.locale"),
        ] {
            let input = json!({"content": {"date": "2008"}, "translations": translations});
            let input = crate::support::content::merged(input, json!({"content": crate::support::content::merged(json!({"date": "2008"}), content.clone())}));
            assert_eq!(app.refused(&who, "createMilestone", input).await, [format!("INVALID {path}")]);
            let input = json!({"id": id, "expectedRevision": 1, "content": content, "translations": translations});
            assert_eq!(app.refused(&who, "updateMilestone", input).await, [format!("INVALID {path}")]);
        }
        assert_eq!(crate::database_state::all_rows(&app).await, before);
        let input = json!({"id": id, "expectedRevision": 1, "content": {"date": "2009"}, "translations": [es("Uno"), {"locale": "en", "title": "Two"}]});
        app.done(&who, "updateMilestone", input, "milestone { id }").await;
    }

    async fn an_entry_stands_once_in_what_is_to_be_changed(app: TestApp) {
        let who = editor();
        let value = app.created(&who, "Value", json!({"title": "Kind"})).await;
        let section = app.created(&who, "StorySection", json!({"anchor": "s"})).await;
        for (list, path) in [
            (json!({"set": [value, value]}), "items.1"),
            (json!({"add": [{"id": value}, {"id": value}]}), "items.add.1.id"),
            (json!({"move": [{"id": value}, {"id": value}]}), "items.move.1.id"),
            (json!({"remove": [value, value]}), "items.remove.1"),
        ] {
            let input = json!({"id": section, "expectedRevision": 1, "content": {"items": list}});
            assert_eq!(app.refused(&who, "updateStorySection", input).await, [format!("INVALID {path}")]);
        }
        let twice = json!({"entries": entries(&[&value, &section, &value])});
        for mutation in ["publishEntries", "unpublishEntries", "archiveEntries", "discardDrafts", "restoreEntries"] {
            assert_eq!(app.refused(&who, mutation, twice.clone()).await, ["INVALID entries.2.id"], "{mutation}");
        }
    }

    async fn keys_that_look_the_same_are_the_same(app: TestApp) {
        let who = editor();
        let create = |key: &str| json!({"key": key, "content": {"date": "2008", "title": "One"}});
        app.done(&who, "createMilestone", create("cafe\u{301}"), "milestone { id }").await;
        for key in ["cafe\u{301}", "caf\u{e9}"] {
            assert_eq!(app.refused(&who, "createMilestone", create(key)).await, ["TAKEN key"], "{key:?}");
            assert_eq!(found(&app, key).await, json!(["caf\u{e9}", 1]));
        }
        app.done(&who, "createMilestone", create(" a "), "milestone { id }").await;
        assert_eq!(app.refused(&who, "createMilestone", create("a\u{a0}")).await, ["TAKEN key"], "white space at the ends");
        for key in ["a\u{200b}", "\u{feff}a", "a\u{ad}b", "a\u{202e}b", "a\u{a0}b", "a\u{2060}b", "a\tb", "a\u{3164}b", "\u{200d}"] {
            assert_eq!(app.refused(&who, "createMilestone", create(key)).await, ["INVALID key"], "{key:?}");
        }
        for key in ["a b", "\u{65e5}\u{672c}", "\u{1f525}"] {
            app.done(&who, "createMilestone", create(key), "milestone { id }").await;
        }
    }

    async fn addresses_and_names_of_tokens_that_look_the_same_are_the_same(app: TestApp) {
        use kindling::auth::Role;
        let admin = app.newcomer("ren\u{e9}@example.org", Role::Admin).await;
        let session = app.sign_in("rene\u{301}@example.org").await;
        assert_eq!(session["account"]["email"], "ren\u{e9}@example.org");
        assert!(app.try_account("rene\u{301}@example.org", Role::Editor).await.is_err());
        for address in ["ren\u{e9}\u{200b}@example.org", "\u{ad}ann@example.org", "ann@exam\u{200d}ple.org"] {
            assert!(app.try_account(address, Role::Editor).await.is_err(), "{address:?}");
        }
        let create = async |name: &str| {
            let input = json!({"name": name, "scopes": []});
            app.change(&admin, "createApiToken", "apiToken { name }", input).await
        };
        assert_eq!(create(" cafe\u{301} ").await["apiToken"]["name"], "caf\u{e9}");
        assert_eq!(create("ci\u{200b}").await["userErrors"][0]["path"], "name");
    }
}
