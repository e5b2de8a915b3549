//! What a view shows to whom: drafts, and the past. Its locales stand in `locales.rs`.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::entry_id::EntryId;
use kindling::{
    auth::{Principal, Role},
    content::types::{Milestone, StorySection, Value},
};
use serde_json::json;

use crate::support::{
    TestApp, account,
    content::{self, keys, problem},
    editor, on_both_engines,
};

/// A draft of somebody.
async fn draft_of(app: &TestApp, creator: &Principal, key: &str) -> EntryId {
    let mut change = app.change_by(creator).await;
    let id = change
        .create::<Value>(Some(key), content::value("First"))
        .await
        .expect("a draft");
    change.seal().await.expect("a commit");
    id
}

/// A new public revision of a value that stands at `revision`, an hour later; gives the moment.
async fn republished(app: &TestApp, id: EntryId, revision: i32, title: &str) -> DateTime<Utc> {
    app.app.clock.advance(TimeDelta::hours(1));
    app.update::<Value>(id, revision, content::value(title))
        .await
        .expect("a revision");
    app.publish(&[id]).await.expect("a publication");
    app.app.clock.now()
}

const DRAFTS: &str =
    "{ values(view: {perspective: DRAFT}) { nodes { key title revision status } totalCount } }";
const PAST: &str = r#"query($moment: DateTime!) { value(by: {key: "value"}, view: {asOf: $moment}) { title publishedAt } }"#;

on_both_engines! {
    async fn drafts_are_not_for_those_who_are_not_signed_in(app: TestApp) {
        let id = app.draft::<Value>("draft", content::value("Draft")).await;
        for query in [
            DRAFTS.to_owned(),
            r#"{ value(by: {key: "draft"}, view: {perspective: DRAFT}) { key } }"#.to_owned(),
            r#"{ page(by: {slug: "none"}, view: {perspective: DRAFT}) { key } }"#.to_owned(),
            format!("{{ value(by: {{id: \"{id}\"}}, view: {{perspective: DRAFT}}) {{ key }} }}"),
            format!("{{ node(id: \"{id}~draft\") {{ id }} }}"),
            "{ nodes(ids: [], view: {perspective: DRAFT}) { id } }".to_owned(),
        ] {
            let answer = app.query(&query).await;
            assert_eq!(problem(&answer), ("UNAUTHENTICATED", "", "sign in to do this"), "{query}");
        }
    }

    async fn a_view_is_checked_even_for_an_id_of_another_type(app: TestApp) {
        let id = app.draft::<Value>("draft", content::value("Draft")).await;
        let query = format!("{{ page(by: {{id: \"{id}\"}}, view: {{perspective: DRAFT}}) {{ key }} }}");
        assert_eq!(problem(&app.query(&query).await), ("UNAUTHENTICATED", "", "sign in to do this"));
        let many = ["\"en\""; 11].join(", ");
        let query = format!("{{ page(by: {{id: \"{id}\"}}, view: {{locales: [{many}]}}) {{ key }} }}");
        let answer = app.query(&query).await;
        assert_eq!(problem(&answer).1, "view.locales");
    }

    async fn contributors_see_their_own_drafts_and_what_is_public_of_others(app: TestApp) {
        let (ana, ben) = (account(Role::Contributor), account(Role::Contributor));
        draft_of(&app, &ana, "own-draft").await;
        draft_of(&app, &ben, "others-draft").await;
        for (creator, key) in [(&ana, "own-changed"), (&ben, "others-changed")] {
            let id = draft_of(&app, creator, key).await;
            app.publish(&[id]).await.expect("a publication");
            app.update::<Value>(id, 1, content::value("Second")).await.expect("a revision");
        }
        let id = app.public::<Value>("systems-changed", content::value("First")).await;
        app.update::<Value>(id, 1, content::value("Second")).await.expect("a revision");
        app.draft::<Value>("systems-draft", content::value("First")).await;

        let first = |key, status| json!({"key": key, "title": "First", "revision": 1, "status": status});
        let second = |key, status| json!({"key": key, "title": "Second", "revision": 2, "status": status});
        let all = json!([
            first("own-draft", "DRAFT"), first("others-draft", "DRAFT"), second("own-changed", "CHANGED"),
            second("others-changed", "CHANGED"), second("systems-changed", "CHANGED"), first("systems-draft", "DRAFT"),
        ]);
        let anas = json!([
            first("own-draft", "DRAFT"), second("own-changed", "CHANGED"),
            first("others-changed", "PUBLISHED"), first("systems-changed", "PUBLISHED"),
        ]);
        let Principal::Account { id, session, .. } = ana else { panic!("no account") };
        let promoted = Principal::Account { id, session, role: Role::Author };
        for (principal, nodes) in [
            (ana, &anas), (promoted, &anas), (editor(), &all), (account(Role::Admin), &all),
        ] {
            let answer = app.query_as(principal.clone(), DRAFTS, json!({})).await;
            let list = &answer["data"]["values"];
            assert_eq!(list["nodes"], *nodes, "{principal:?}");
            assert_eq!(list["totalCount"], nodes.as_array().expect("a list").len(), "{principal:?}");
        }
    }

    async fn the_public_view_shows_no_draft_to_anybody(app: TestApp) {
        let id = app.public::<Value>("value", content::value("Public")).await;
        app.update::<Value>(id, 1, content::value("Draft")).await.expect("a revision");
        app.draft::<Value>("draft", content::value("Draft")).await;
        for principal in [Principal::Anonymous, account(Role::Contributor), editor()] {
            let answer = app.query_as(principal.clone(), "{ values { nodes { key title revision } } }", json!({})).await;
            let expected = json!([{"key": "value", "title": "Public", "revision": 1}]);
            assert_eq!(answer["data"]["values"]["nodes"], expected, "{principal:?}");
        }
    }

    async fn a_past_moment_shows_what_was_public_then(app: TestApp) {
        let before = app.app.clock.now();
        app.app.clock.advance(TimeDelta::hours(1));
        let id = app.public::<Value>("value", content::value("First")).await;
        let first = app.app.clock.now();
        let second = republished(&app, id, 1, "Second").await;
        let third = republished(&app, id, 2, "Third").await;
        app.update::<Value>(id, 3, content::value("Draft")).await.expect("a revision");
        app.app.clock.advance(TimeDelta::hours(1));
        let shown = |title: &str, since: DateTime<Utc>| json!({"title": title, "publishedAt": since.to_rfc3339_opts(SecondsFormat::AutoSi, true)});
        let instant = TimeDelta::microseconds(1);
        for (moment, expected) in [
            (before, json!(null)), (first - instant, json!(null)), (first, shown("First", first)),
            (second - instant, shown("First", first)), (second, shown("Second", second)),
            (third - instant, shown("Second", second)), (third, shown("Third", third)),
            (app.app.clock.now(), shown("Third", third)),
        ] {
            let answer = app.query_as(account(Role::Contributor), PAST, json!({"moment": moment})).await;
            assert_eq!(answer["data"], json!({"value": expected}), "{moment}: {answer}");
        }
    }

    async fn references_are_resolved_in_the_same_moment(app: TestApp) {
        let value = app.public::<Value>("value", content::value("First")).await;
        let late = app.draft::<Value>("late", content::value("Late")).await;
        let section = content::with(content::story_section("a"), json!({"items": [late, value]}));
        app.public::<StorySection>("section", section).await;
        // Publications follow each other also where the clock stands still.
        app.app.clock.advance(TimeDelta::seconds(1));
        let then = app.app.clock.now();
        republished(&app, value, 1, "Second").await;
        app.publish(&[late]).await.expect("a publication");

        let query = r#"query($then: DateTime!) {
            then: storySection(by: {key: "section"}, view: {asOf: $then}) { ...items }
            thenInAList: storySections(view: {asOf: $then}) { nodes { ...items } }
            now: storySection(by: {key: "section"}) { ...items }
        } fragment items on StorySection { items { ... on Value { title } } }"#;
        let answer = app.query_as(editor(), query, json!({"then": then})).await;
        let items = |titles: &[&str]| json!({"items": titles.iter().map(|title| json!({"title": title})).collect::<Vec<_>>()});
        assert_eq!(answer["data"], json!({
            "then": items(&["First"]), "thenInAList": {"nodes": [items(&["First"])]}, "now": items(&["Late", "Second"])
        }), "{answer}");
    }

    async fn one_operation_shows_then_and_now_side_by_side(app: TestApp) {
        let id = app.public::<Milestone>("step", content::milestone("2008")).await;
        let then = app.app.clock.now();
        app.app.clock.advance(TimeDelta::days(1));
        app.update::<Milestone>(id, 1, content::milestone("2009")).await.expect("a revision");
        app.publish(&[id]).await.expect("a publication");
        app.update::<Milestone>(id, 2, content::milestone("2010")).await.expect("a revision");
        app.public::<Milestone>("new", content::milestone("2011")).await;
        let query = r#"query($then: DateTime!) {
            then: milestones(view: {asOf: $then}) { nodes { key } totalCount }
            now: milestones { nodes { key } totalCount }
            before: milestone(by: {key: "step"}, view: {asOf: $then}) { date revision }
            after: milestone(by: {key: "step"}) { date revision }
            next: milestone(by: {key: "step"}, view: {perspective: DRAFT}) { date revision }
        }"#;
        let answer = app.query_as(editor(), query, json!({"then": then})).await;
        assert_eq!((keys(&answer, "then"), keys(&answer, "now")), ("step".to_owned(), "step new".to_owned()));
        let data = &answer["data"];
        assert_eq!(json!([data["then"]["totalCount"], data["now"]["totalCount"]]), json!([1, 2]));
        assert_eq!(json!([data["before"], data["after"], data["next"]]), json!([
            {"date": "2008", "revision": 1}, {"date": "2009", "revision": 2}, {"date": "2010", "revision": 3}
        ]));
    }

    async fn the_past_is_for_signed_in_readers(app: TestApp) {
        app.public::<Value>("value", content::value("First")).await;
        let answer = app.query_with(PAST, json!({"moment": app.app.clock.now()})).await;
        assert_eq!(problem(&answer), ("UNAUTHENTICATED", "", "sign in to do this"));
        assert_eq!(answer["data"]["value"], json!(null));
    }

    async fn a_moment_lies_in_the_past_and_in_the_public_view(app: TestApp) {
        let now = app.app.clock.now();
        let next = now + TimeDelta::microseconds(1);
        let answer = app.query_as(editor(), PAST, json!({"moment": next})).await;
        assert_eq!(problem(&answer), ("BAD_INPUT", "view.asOf", "must not lie in the future"));
        let query = "query($view: ContentView!) { values(view: $view) { nodes { key } } }";
        let both = json!({"view": {"perspective": "DRAFT", "asOf": now}});
        let answer = app.query_as(editor(), query, both).await;
        assert_eq!(problem(&answer), ("BAD_INPUT", "view.asOf", "goes with the perspective PUBLISHED only"));
    }

    async fn a_moment_long_before_everything_shows_nothing(app: TestApp) {
        app.public::<Value>("value", content::value("First")).await;
        for moment in ["0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "-9999-01-01T00:00:00Z", "-200000-01-01T00:00:00Z"] {
            let answer = app.query_as(editor(), PAST, json!({"moment": moment})).await;
            // What no database can hold may be refused as no moment; it is never a fault of the server.
            let refused = answer["errors"][0]["extensions"]["code"] == "BAD_INPUT";
            assert!(refused || answer["data"] == json!({"value": null}), "{moment}: {answer}");
        }
    }
}
