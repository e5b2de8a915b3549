//! In which locales a view shows an entry, and how far the entry is translated.

use entity::page::Model;
use kindling::content::types::{Milestone, Page, StorySection, Value};
use serde_json::{from_value, json};

use crate::support::{
    content::{self, problem},
    on_both_engines,
};

/// A page whose title, tagline, summary and title for search engines are in these locales.
fn page(title: &[&str], tagline: &[&str], summary: &[&str], seo_title: &[&str]) -> Model {
    let text = |name: &str, locales: &[&str]| {
        locales
            .iter()
            .map(|locale| ((*locale).to_owned(), json!(format!("{name} {locale}"))))
            .collect()
    };
    let texts = [
        ("title", title),
        ("tagline", tagline),
        ("summary", summary),
        ("seoTitle", seo_title),
    ];
    let mut page: serde_json::Map<_, _> = texts
        .into_iter()
        .map(|(name, locales)| {
            (
                name.to_owned(),
                serde_json::Value::Object(text(name, locales)),
            )
        })
        .collect();
    page.insert("slug".to_owned(), json!("page"));
    from_value(page.into()).expect("a page")
}

const TRANSLATIONS: &str =
    r#"{ page(by: {slug: "page"}) { translations { locale status missing } } }"#;

on_both_engines! {
    async fn texts_come_in_the_first_locale_that_has_them(app: TestApp) {
        app.public::<Page>("page", page(&["en", "es"], &["en"], &["es"], &[])).await;
        let query = r#"query($locales: [Locale!]) { page(by: {slug: "page"}, view: {locales: $locales}) {
            locale title tagline summary seo { title } fallbacks
        } }"#;
        let english = json!({
            "locale": "en", "title": "title en", "tagline": "tagline en", "summary": null, "seo": {"title": null},
            "fallbacks": []
        });
        let spanish = json!({
            "locale": "es", "title": "title es", "tagline": "tagline en", "summary": "summary es", "seo": {"title": null},
            "fallbacks": ["tagline"]
        });
        let english_before_spanish = json!({
            "locale": "en", "title": "title en", "tagline": "tagline en", "summary": "summary es", "seo": {"title": null},
            "fallbacks": ["summary"]
        });
        for (locales, expected) in [
            (json!(null), &english), (json!([]), &english), (json!(["en"]), &english), (json!(["es"]), &spanish),
            (json!(["es", "en"]), &spanish), (json!(["es", "es"]), &spanish), (json!(["en", "es"]), &english_before_spanish),
        ] {
            let answer = app.query_with(query, json!({"locales": locales})).await;
            assert_eq!(answer["data"]["page"], *expected, "{locales}: {answer}");
        }
    }

    async fn an_entry_without_a_text_in_a_locale_is_shown_in_the_next(app: TestApp) {
        app.public::<Page>("page", page(&["en"], &["en"], &[], &["en"])).await;
        let query = r#"{ page(by: {slug: "page"}, view: {locales: ["es"]}) { locale title fallbacks } }"#;
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["page"], json!({"locale": "en", "title": "title en", "fallbacks": []}));
    }

    async fn an_entry_without_any_text_is_shown_in_the_default_locale(app: TestApp) {
        app.public::<StorySection>("bare", content::story_section("bare")).await;
        let query = r#"{ storySections(view: {locales: ["es"]}) { nodes { locale heading fallbacks } } }"#;
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["storySections"]["nodes"], json!([{"locale": "en", "heading": null, "fallbacks": []}]));
    }

    async fn a_text_of_an_object_below_is_told_by_its_path(app: TestApp) {
        app.public::<Page>("page", page(&["en", "es"], &[], &[], &["en"])).await;
        let query = r#"{ page(by: {slug: "page"}, view: {locales: ["es"]}) { seo { title } fallbacks } }"#;
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["page"], json!({"seo": {"title": "seoTitle en"}, "fallbacks": ["seo.title"]}));
    }

    async fn references_are_shown_in_the_locales_of_the_view(app: TestApp) {
        let mut value = content::value("Candour");
        value.title.0.insert("es".to_owned(), "Franqueza".to_owned());
        let value = app.public::<Value>("value", value).await;
        let step = app.public::<Milestone>("step", content::milestone("2008")).await;
        let section = content::with(content::story_section("a"), json!({"items": [value, step]}));
        app.public::<StorySection>("section", section).await;
        let query = "query($locales: [Locale!]) { storySections(view: {locales: $locales}) { nodes { items {
            ... on Value { locale text: title } ... on Milestone { locale text: title }
        } } } }";
        for (locale, first) in [("en", "Candour"), ("es", "Franqueza")] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["storySections"]["nodes"][0]["items"], json!([
                {"locale": locale, "text": first}, {"locale": "en", "text": "A step"}
            ]), "{answer}");
        }
    }

    async fn each_locale_gets_what_the_site_has_of_it(app: TestApp) {
        let mut value = content::value("Candour");
        value.title.0.insert("es".to_owned(), "Franqueza".to_owned());
        app.public::<Value>("value", value).await;
        let query = "query($locales: [Locale!]) { values(view: {locales: $locales}) { nodes { locale } } }";
        for (asked, shown) in [
            (json!(["ES"]), "es"), (json!(["es-MX"]), "es"), (json!(["es-Latn-mx"]), "es"), (json!(["fr", "es"]), "es"),
            (json!(["pt"]), "en"), (json!(["fr-CA", "de"]), "en"), (json!(["en-GB", "es"]), "en"),
        ] {
            let answer = app.query_with(query, json!({"locales": asked})).await;
            assert_eq!(answer["data"]["values"]["nodes"], json!([{"locale": shown}]), "{asked}: {answer}");
        }
        for locale in ["", "en_US", "english language", "../en"] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            let (code, _, message) = problem(&answer);
            assert_eq!(code, "BAD_INPUT", "{answer}");
            assert!(message.contains("must be a BCP 47 locale such as en, es or pt-BR"), "{locale}: {message}");
        }
    }

    async fn a_view_names_ten_locales_at_most(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        let query = "query($locales: [Locale!]) { values(view: {locales: $locales}) { nodes { key } } }";
        let answer = app.query_with(query, json!({"locales": vec!["es"; 10]})).await;
        assert_eq!(content::keys(&answer, "values"), "value");
        let answer = app.query_with(query, json!({"locales": vec!["es"; 11]})).await;
        assert_eq!(problem(&answer), ("BAD_INPUT", "view.locales", "must name at most 10 locales"));
    }

    async fn an_entry_without_the_default_locale_stands_in_its_own(app: TestApp) {
        app.draft::<Page>("page", page(&["es"], &[], &["en", "es"], &[])).await;
        let query = r#"{ page(by: {slug: "page"}, view: {perspective: DRAFT}) {
            locale title summary seo { title } translations { locale status missing }
        } }"#;
        let answer = app.query_as_editor(query).await;
        assert_eq!(answer["data"]["page"], json!({
            "locale": "en", "title": "title es", "summary": "summary en", "seo": {"title": null},
            "translations": [
                {"locale": "en", "status": "MISSING", "missing": ["title"]}, {"locale": "es", "status": "COMPLETE", "missing": []}
            ]
        }), "{answer}");
    }

    async fn a_translation_is_complete_when_it_has_every_text_of_the_default_locale(app: TestApp) {
        // What is only in Spanish is missing nowhere: the default locale says what there is to translate.
        app.public::<Page>("page", page(&["en", "es"], &["en", "es"], &["es"], &[])).await;
        let answer = app.query(TRANSLATIONS).await;
        assert_eq!(answer["data"]["page"]["translations"], json!([
            {"locale": "en", "status": "COMPLETE", "missing": []}, {"locale": "es", "status": "COMPLETE", "missing": []}
        ]));
    }

    async fn a_translation_tells_what_it_is_missing(app: TestApp) {
        app.public::<Page>("page", page(&["en", "es"], &["en"], &[], &["en"])).await;
        let answer = app.query(TRANSLATIONS).await;
        assert_eq!(answer["data"]["page"]["translations"], json!([
            {"locale": "en", "status": "COMPLETE", "missing": []},
            {"locale": "es", "status": "MISSING", "missing": ["tagline", "seo.title"]}
        ]));
    }

    async fn a_translation_is_stale_from_a_change_of_its_source_to_its_own(app: TestApp) {
        let mut content = page(&["en", "es"], &["en", "es"], &[], &[]);
        let id = app.public::<Page>("page", content.clone()).await;
        for (revision, (field, locale, text, status)) in [
            // What is not text makes nothing stale.
            ("slug", "", "page", "COMPLETE"),
            ("tagline", "en", "Another", "STALE"),
            // The same text once more is no translation.
            ("tagline", "es", "tagline es", "STALE"),
            ("title", "es", "Otro", "COMPLETE"),
            ("summary", "en", "New", "MISSING"),
            ("summary", "es", "Nuevo", "COMPLETE"),
            ("title", "en", "Changed again", "STALE"),
        ].into_iter().enumerate() {
            match field {
                "title" => content.title.0.insert(locale.to_owned(), text.to_owned()),
                "tagline" => content.tagline.0.insert(locale.to_owned(), text.to_owned()),
                "summary" => content.summary.0.insert(locale.to_owned(), text.to_owned()),
                _ => None,
            };
            let revision = i32::try_from(revision).expect("a revision") + 1;
            app.update::<Page>(id, revision, content.clone()).await.expect("a revision");
            app.publish(&[id]).await.expect("a publication");
            let answer = app.query(TRANSLATIONS).await;
            let [english, spanish] = [0, 1].map(|at| answer["data"]["page"]["translations"][at]["status"].clone());
            assert_eq!((english, spanish), (json!("COMPLETE"), json!(status)), "{field}.{locale} = {text}");
        }
    }
}
