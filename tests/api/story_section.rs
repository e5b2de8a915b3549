//! What is particular to story sections.

use entity::{entry_id::EntryId, story_section::Layout};
use kindling::content::types::{
    Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value,
};
use serde_json::{from_value, json};

use crate::support::{TestApp, content, on_both_engines};

/// A public entry of each type that a section can show, in an order in which types change and recur.
async fn items(app: &TestApp) -> Vec<EntryId> {
    vec![
        app.public::<Milestone>("start", content::milestone("2008"))
            .await,
        app.public::<Value>("candour", content::value("Candour"))
            .await,
        app.public::<TeamMember>("ana", content::team_member("Ana"))
            .await,
        app.public::<Testimonial>("quote", content::testimonial("Ben"))
            .await,
        app.public::<ImpactStat>("reach", content::impact_stat("7"))
            .await,
        app.public::<Value>("curiosity", content::value("Curiosity"))
            .await,
    ]
}

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let image = app.public::<Asset>("spark", content::asset("spark.webp")).await;
        let all = from_value(json!({
            "anchor": "how-it-began",
            "layout": "CALL_TO_ACTION",
            "eyebrow": {"en": "2008", "es": "El año 2008"},
            "heading": {"en": "How it began", "es": "Cómo empezó"},
            "body": {"en": "With *one* class.", "es": "Con *una* clase."},
            "image": image,
            "callToActionLabel": {"en": "Join", "es": "Participa"},
            "callToActionUrl": "/join",
            "items": []
        }));
        app.public::<StorySection>("began", all.expect("a section")).await;
        let query = r#"query($locales: [Locale!]) { storySection(by: {key: "began"}, view: {locales: $locales}) {
            anchor layout eyebrow heading body bodyHtml image { id } callToAction { label url } items { __typename }
        } }"#;
        for (locale, eyebrow, heading, body, html, label) in [
            ("en", "2008", "How it began", "With *one* class.", "<p>With <em>one</em> class.</p>\n", "Join"),
            ("es", "El año 2008", "Cómo empezó", "Con *una* clase.", "<p>Con <em>una</em> clase.</p>\n", "Participa"),
        ] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["storySection"], json!({
                "anchor": "how-it-began", "layout": "CALL_TO_ACTION", "eyebrow": eyebrow, "heading": heading,
                "body": body, "bodyHtml": html, "image": {"id": image},
                "callToAction": {"label": label, "url": "/join"}, "items": []
            }), "{answer}");
        }
    }

    async fn every_layout_comes_back_by_its_name(app: TestApp) {
        let layouts = [
            (Layout::Hero, "HERO"), (Layout::Text, "TEXT"), (Layout::Statement, "STATEMENT"),
            (Layout::Values, "VALUES"), (Layout::Impact, "IMPACT"), (Layout::Testimonials, "TESTIMONIALS"),
            (Layout::Timeline, "TIMELINE"), (Layout::Team, "TEAM"), (Layout::CallToAction, "CALL_TO_ACTION"),
        ];
        let picture = app.public::<Asset>("picture", content::asset("a.webp")).await;
        for (layout, name) in layouts {
            let mut section = content::story_section("a");
            section.layout = layout;
            section.image = Some(picture);
            app.public::<StorySection>(name, section).await;
        }
        let answer = app.query("{ storySections { nodes { key layout } } }").await;
        let expected: Vec<_> = layouts.iter().map(|(_, name)| json!({"key": name, "layout": name})).collect();
        assert_eq!(answer["data"]["storySections"]["nodes"], json!(expected));
    }

    async fn items_of_all_types_keep_their_order(app: TestApp) {
        let mut items = items(&app).await;
        let section = content::with(content::story_section("mixed"), json!({"items": items}));
        let id = app.public::<StorySection>("mixed", section.clone()).await;
        let query = r#"{ storySection(by: {key: "mixed"}) { items {
            __typename
            ... on Value { id title } ... on ImpactStat { id value } ... on Testimonial { id authorName }
            ... on Milestone { id date } ... on TeamMember { id name }
        } } }"#;
        let shown = |ids: &[EntryId]| json!([
            {"__typename": "Milestone", "id": ids[0], "date": "2008"},
            {"__typename": "Value", "id": ids[1], "title": "Candour"},
            {"__typename": "TeamMember", "id": ids[2], "name": "Ana"},
            {"__typename": "Testimonial", "id": ids[3], "authorName": "Ben"},
            {"__typename": "ImpactStat", "id": ids[4], "value": "7"},
            {"__typename": "Value", "id": ids[5], "title": "Curiosity"},
        ]);
        let mut expected = shown(&items);
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["storySection"]["items"], expected);

        items.reverse();
        expected.as_array_mut().expect("a list").reverse();
        app.update::<StorySection>(id, 1, content::with(section, json!({"items": items}))).await.expect("a revision");
        app.publish(&[id]).await.expect("a publication");
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["storySection"]["items"], expected);
    }

    async fn items_that_are_not_public_are_left_out(app: TestApp) {
        let draft = app.draft::<Value>("draft", content::value("Draft")).await;
        let public = app.public::<Value>("public", content::value("Public")).await;
        let section = content::with(content::story_section("mixed"), json!({"items": [draft, public]}));
        app.public::<StorySection>("mixed", section).await;
        let query = r#"query($perspective: Perspective!) {
            storySection(by: {key: "mixed"}, view: {perspective: $perspective}) { items { ... on Value { key } } }
        }"#;
        let answer = app.query_with(query, json!({"perspective": "PUBLISHED"})).await;
        assert_eq!(answer["data"]["storySection"]["items"], json!([{"key": "public"}]));
        let answer = app.query_as(crate::support::editor(), query, json!({"perspective": "DRAFT"})).await;
        assert_eq!(answer["data"]["storySection"]["items"], json!([{"key": "draft"}, {"key": "public"}]));
    }

    async fn items_must_exist_stand_once_and_be_of_a_type_that_can_stand_there(app: TestApp) {
        let value = app.draft::<Value>("value", content::value("Candour")).await;
        let page = app.draft::<Page>("page", content::page("a")).await;
        let unknown = "value_00000000000000000000000000000001";
        let many: Vec<_> = (0..201).map(|at| format!("value_{at:032x}")).collect();
        for (items, words) in [
            (json!([value, unknown]), "items: value_00000000000000000000000000000001 does not exist"),
            (json!([value, page]), "items.1: must be an entry of a type that can stand here"),
            (json!([value, value]), "items.1: must not stand here twice"),
            (json!(many), "items: must be at most 200 entries"),
        ] {
            let section = content::with(content::story_section("a"), json!({"items": items}));
            let error = app.try_draft::<StorySection>("wrong", section).await.expect_err(words);
            assert_eq!(error.to_string(), words);
        }
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        let link = "callToAction.url: must be an http, https, mailto or tel address, or start with / or #";
        content::assert_refused::<StorySection>(&app, &content::story_section("a"), &[
            (json!({"anchor": "x".repeat(101)}), "anchor: must be at most 100 characters, and is 101"),
            (json!({"anchor": "#a"}), "anchor: must be lower-case letters and digits, in words joined by hyphens"),
            (json!({"eyebrow": {"en": "x".repeat(101)}}), "eyebrow.en: must be at most 100 characters, and is 101"),
            (json!({"heading": {"en": "x".repeat(201)}}), "heading.en: must be at most 200 characters, and is 201"),
            (json!({"body": {"es": "x".repeat(50_001)}}), "body.es: must be at most 50000 characters, and is 50001"),
            (json!({"image": "page_00000000000000000000000000000001"}), "image: must be an entry of the right type"),
            (json!({"callToActionUrl": "//example.org"}), link),
            (json!({"callToActionUrl": "/\\example.org"}), link),
            (json!({"callToActionUrl": "javascript:alert(1)"}), link),
            (json!({"callToActionUrl": "/", "callToActionLabel": {"en": "x".repeat(101)}}),
                "callToAction.label.en: must be at most 100 characters, and is 101"),
            (json!({"callToActionLabel": {"en": "Join"}}), "callToAction.url: must be given with callToAction.label"),
        ]).await;
    }

    async fn it_is_not_public_without_an_anchor(app: TestApp) {
        content::assert_not_publishable::<StorySection>(&app, &content::story_section("a"), &[
            (json!({"anchor": ""}), "anchor: must have a value before this can be public"),
        ]).await;
    }
}
