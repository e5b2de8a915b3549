//! What is particular to pages: their fields, and the sections that they are told in. Addresses stand in `slug.rs`.

use kindling::{
    auth::Principal,
    content::{
        types::{Asset, Page, StorySection, Value},
        write::Change,
    },
};
use serde_json::{from_value, json};

use crate::support::{content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let hero = app.public::<Asset>("hero", content::asset("hero.webp")).await;
        let card = app.public::<Asset>("card", content::asset("card.webp")).await;
        let second = app.public::<StorySection>("second", content::story_section("second")).await;
        let first = app.public::<StorySection>("first", content::story_section("first")).await;
        let all = from_value(json!({
            "slug": "our-story",
            "title": {"en": "Our story", "es": "Nuestra historia"},
            "tagline": {"en": "How it began", "es": "Cómo empezó"},
            "summary": {"en": "All of it.\nIn short.", "es": "Todo."},
            "heroImage": hero,
            "seoTitle": {"en": "The story", "es": "La historia"},
            "seoDescription": {"en": "Read it.", "es": "Léela."},
            "seoImage": card,
            "sections": [first, second]
        }));
        app.public::<Page>("story", all.expect("a page")).await;
        let query = r#"query($locales: [Locale!]) { page(by: {slug: "our-story"}, view: {locales: $locales}) {
            key slug title tagline summary heroImage { id } seo { title description image { fileName } } sections { anchor }
        } }"#;
        for (locale, title, tagline, summary, seo_title, seo_description) in [
            ("en", "Our story", "How it began", "All of it.\nIn short.", "The story", "Read it."),
            ("es", "Nuestra historia", "Cómo empezó", "Todo.", "La historia", "Léela."),
        ] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["page"], json!({
                "key": "story", "slug": "our-story", "title": title, "tagline": tagline, "summary": summary,
                "heroImage": {"id": hero},
                "seo": {"title": seo_title, "description": seo_description, "image": {"fileName": "card.webp"}},
                "sections": [{"anchor": "first"}, {"anchor": "second"}]
            }), "{answer}");
        }
    }

    async fn sections_show_their_items_and_pictures(app: TestApp) {
        let picture = app.public::<Asset>("picture", content::asset("a.webp")).await;
        let value = app.public::<Value>("value", content::value("Candour")).await;
        let section = json!({"image": picture, "items": [value]});
        let section = app.public::<StorySection>("section", content::with(content::story_section("a"), section)).await;
        let page = content::with(content::page("story"), json!({"sections": [section], "heroImage": picture}));
        app.public::<Page>("page", page).await;
        let answer = app.query(r#"{ page(by: {key: "page"}) {
            heroImage { fileName }
            parts: sections { image { fileName } }
            sections { image { id } items { ... on Value { title } } }
        } }"#).await;
        assert_eq!(answer["data"]["page"], json!({
            "heroImage": {"fileName": "a.webp"},
            "parts": [{"image": {"fileName": "a.webp"}}],
            "sections": [{"image": {"id": picture}, "items": [{"title": "Candour"}]}]
        }), "{answer}");
    }

    async fn of_two_sections_that_become_public_at_once_one_gets_the_anchor(app: TestApp) {
        for round in 0..8 {
            let [first, second] = ["first", "second"].map(|name| (format!("{name}-{round}"), content::story_section("values")));
            let first = app.draft::<StorySection>(&first.0, first.1).await;
            let second = app.draft::<StorySection>(&second.0, second.1).await;
            let slug = format!("story-{round}");
            let page = content::with(content::page(&slug), json!({"sections": [first, second]}));
            app.public::<Page>(&slug, page).await;
            let ids = [first, second];
            let (one, other) = tokio::join!(app.publish(&ids[..1]), app.publish(&ids[1..]));
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        }
    }

    async fn a_change_that_does_not_fit_together_is_sealed_as_a_whole_or_not_at_all(app: TestApp) {
        let sections = ["first", "second"].map(|key| (key, content::story_section("values")));
        let [first, second] = sections;
        let first = app.draft::<StorySection>(first.0, first.1).await;
        let second = app.draft::<StorySection>(second.0, second.1).await;
        let page = content::with(content::page("story"), json!({"sections": [first, second]}));
        let page = app.draft::<Page>("page", page).await;
        let mut change = Change::begin(&app.app, Principal::System, None).await.expect("a change");
        change.publish(&[page, first, second]).await.expect("a step");
        change.create::<Value>(None, content::value("Candour")).await.expect("an entry");
        change.seal().await.expect_err("an anchor that is taken");
        let answer = app.query("{ pages { totalCount } storySections { totalCount } }").await;
        assert_eq!(answer["data"], json!({"pages": {"totalCount": 0}, "storySections": {"totalCount": 0}}));
        let values = app.query_as_editor("{ values(view: {perspective: DRAFT}) { totalCount } }").await;
        assert_eq!(values["data"], json!({"values": {"totalCount": 0}}));
    }

    async fn an_anchor_stands_once_on_a_public_page(app: TestApp) {
        let first = app.draft::<StorySection>("first", content::story_section("values")).await;
        let second = app.draft::<StorySection>("second", content::story_section("values")).await;
        let page = content::with(content::page("story"), json!({"sections": [first, second]}));
        let page = app.draft::<Page>("page", page).await;
        let taken = "values stands twice on the page story";

        // One of the two may be public, and with it the page; the other one may not follow.
        let error = app.publish(&[page, first, second]).await.expect_err(taken);
        assert!(error.to_string().ends_with(taken), "{error}");
        app.publish(&[page, first]).await.expect("a publication");
        let error = app.publish(&[second]).await.expect_err(taken);
        assert!(error.to_string().ends_with(taken), "{error}");

        app.update::<StorySection>(second, 1, content::story_section("others")).await.expect("a revision");
        app.publish(&[second]).await.expect("a publication");
        let answer = app.query(r#"{ page(by: {slug: "story"}) { sections { key anchor } } }"#).await;
        assert_eq!(answer["data"]["page"]["sections"], json!([
            {"key": "first", "anchor": "values"}, {"key": "second", "anchor": "others"}
        ]));
    }

    async fn two_pages_may_have_sections_with_the_same_anchor(app: TestApp) {
        for name in ["one", "two"] {
            let section = app.public::<StorySection>(name, content::story_section("values")).await;
            app.public::<Page>(name, content::with(content::page(name), json!({"sections": [section]}))).await;
        }
        let answer = app.query("{ pages { nodes { slug sections { anchor } } } }").await;
        assert_eq!(answer["data"]["pages"]["nodes"], json!([
            {"slug": "one", "sections": [{"anchor": "values"}]}, {"slug": "two", "sections": [{"anchor": "values"}]}
        ]));
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        let slug = "slug: must be lower-case letters and digits, in words joined by hyphens";
        let sections: Vec<_> = (0..101).map(|at| format!("story_section_{at:032x}")).collect();
        content::assert_refused::<Page>(&app, &content::page("story"), &[
            (json!({"slug": "x".repeat(101)}), "slug: must be at most 100 characters, and is 101"),
            (json!({"slug": "Our-Story"}), slug),
            (json!({"slug": "our--story"}), slug),
            (json!({"slug": "our/story"}), slug),
            (json!({"title": {"en": "x".repeat(201)}}), "title.en: must be at most 200 characters, and is 201"),
            (json!({"tagline": {"en": "x".repeat(301)}}), "tagline.en: must be at most 300 characters, and is 301"),
            (json!({"summary": {"es": "x".repeat(2_001)}}), "summary.es: must be at most 2000 characters, and is 2001"),
            (json!({"heroImage": "value_00000000000000000000000000000001"}), "heroImage: must be an entry of the right type"),
            (json!({"seoTitle": {"en": "x".repeat(101)}}), "seo.title.en: must be at most 100 characters, and is 101"),
            (json!({"seoDescription": {"en": "x".repeat(301)}}),
                "seo.description.en: must be at most 300 characters, and is 301"),
            (json!({"seoImage": "asset_00000000000000000000000000000001"}),
                "seo.image: asset_00000000000000000000000000000001 does not exist"),
            (json!({"sections": ["value_00000000000000000000000000000001"]}),
                "sections.0: must be an entry of a type that can stand here"),
            (json!({"sections": sections}), "sections: must be at most 100 entries"),
        ]).await;
    }

    async fn it_is_not_public_without_slug_and_title(app: TestApp) {
        content::assert_not_publishable::<Page>(&app, &content::page("story"), &[
            (json!({"slug": ""}), "slug: must have a value before this can be public"),
            (json!({"title": {}}), "title.en: must have a value before this can be public"),
        ]).await;
    }
}
