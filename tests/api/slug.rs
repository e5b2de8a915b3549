//! The addresses of pages: unique among the public ones, and never lost.

use chrono::TimeDelta;
use entity::entry_id::EntryId;
use kindling::content::types::Page;
use serde_json::{Value, json};

use crate::support::{TestApp, content, editor, on_both_engines};

/// Gives a page that stands at `revision` another slug, in public.
async fn moved(app: &TestApp, id: EntryId, revision: i32, slug: &str) {
    app.app.clock.advance(TimeDelta::minutes(1));
    app.update::<Page>(id, revision, content::page(slug))
        .await
        .expect("a revision");
    app.publish(&[id]).await.expect("a publication");
}

/// Key and slug of the public page that is found by `slug`.
async fn found(app: &TestApp, slug: &str) -> Value {
    let query = "query($slug: String!) { page(by: {slug: $slug}) { key slug } }";
    let answer = app.query_with(query, json!({"slug": slug})).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["page"].clone()
}

on_both_engines! {
    async fn a_slug_belongs_to_one_public_page(app: TestApp) {
        app.public::<Page>("first", content::page("story")).await;
        let second = app.draft::<Page>("second", content::page("story")).await;
        let error = app.publish(&[second]).await.expect_err("taken");
        assert_eq!(error.to_string(), format!("{second}.slug: is the slug of another public page"));
        assert_eq!(found(&app, "story").await, json!({"key": "first", "slug": "story"}));
    }

    async fn a_slug_is_free_again_when_its_page_has_moved(app: TestApp) {
        let first = app.public::<Page>("first", content::page("story")).await;
        let second = app.draft::<Page>("second", content::page("story")).await;
        // A draft does not free it: what counts is what is public.
        app.update::<Page>(first, 1, content::page("history")).await.expect("a revision");
        app.publish(&[second]).await.expect_err("taken");
        app.publish(&[first]).await.expect("a publication");
        app.publish(&[second]).await.expect("a publication");
        assert_eq!(found(&app, "story").await, json!({"key": "second", "slug": "story"}));
    }

    async fn pages_can_exchange_their_slugs_in_one_publication(app: TestApp) {
        let first = app.public::<Page>("first", content::page("one")).await;
        let second = app.public::<Page>("second", content::page("two")).await;
        app.update::<Page>(first, 1, content::page("two")).await.expect("a revision");
        app.update::<Page>(second, 1, content::page("one")).await.expect("a revision");
        app.publish(&[first]).await.expect_err("taken");
        app.publish(&[first, second]).await.expect("a publication");
        assert_eq!(found(&app, "one").await, json!({"key": "second", "slug": "one"}));
        assert_eq!(found(&app, "two").await, json!({"key": "first", "slug": "two"}));
    }

    async fn a_former_slug_finds_the_page_and_tells_the_present_one(app: TestApp) {
        let page = app.public::<Page>("page", content::page("one")).await;
        moved(&app, page, 1, "two").await;
        moved(&app, page, 2, "three").await;
        for slug in ["one", "two", "three"] {
            assert_eq!(found(&app, slug).await, json!({"key": "page", "slug": "three"}), "{slug}");
        }
        assert_eq!(found(&app, "four").await, Value::Null);
    }

    async fn a_slug_that_was_never_public_finds_nothing(app: TestApp) {
        let page = app.draft::<Page>("page", content::page("secret")).await;
        app.update::<Page>(page, 1, content::page("story")).await.expect("a revision");
        app.publish(&[page]).await.expect("a publication");
        app.update::<Page>(page, 2, content::page("plans")).await.expect("a revision");
        for slug in ["secret", "plans"] {
            assert_eq!(found(&app, slug).await, Value::Null, "{slug}");
        }
        let draft = r#"{ page(by: {slug: "plans"}, view: {perspective: DRAFT}) { key slug } }"#;
        let answer = app.query_as_editor(draft).await;
        assert_eq!(answer["data"]["page"], json!({"key": "page", "slug": "plans"}));
    }

    async fn a_slug_that_was_handed_on_belongs_to_its_present_owner(app: TestApp) {
        let first = app.public::<Page>("first", content::page("story")).await;
        moved(&app, first, 1, "history").await;
        let second = app.public::<Page>("second", content::page("story")).await;
        assert_eq!(found(&app, "story").await, json!({"key": "second", "slug": "story"}));
        assert_eq!(found(&app, "history").await, json!({"key": "first", "slug": "history"}));
        // Once nobody has it, it leads to whoever had it last.
        moved(&app, second, 1, "news").await;
        assert_eq!(found(&app, "story").await, json!({"key": "second", "slug": "news"}));
    }

    async fn a_slug_of_the_past_finds_what_was_there_then(app: TestApp) {
        let first = app.public::<Page>("first", content::page("story")).await;
        moved(&app, first, 1, "history").await;
        moved(&app, first, 2, "past").await;
        let then = app.app.clock.now() - TimeDelta::minutes(1);
        let query = "query($slug: String!, $then: DateTime!) { page(by: {slug: $slug}, view: {asOf: $then}) { slug } }";
        for slug in ["story", "history"] {
            let answer = app.query_as(editor(), query, json!({"slug": slug, "then": then})).await;
            assert_eq!(answer["data"]["page"], json!({"slug": "history"}), "{slug}: {answer}");
        }
    }
}
