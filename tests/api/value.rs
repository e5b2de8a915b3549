//! What is particular to values.

use kindling::content::types::Value;
use serde_json::{from_value, json};

use crate::support::{content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let all = from_value(json!({
            "title": {"en": "Curiosity first", "es": "Primero la curiosidad"},
            "description": {"en": "We ask.\nThen we listen.", "es": "Preguntamos."},
            "icon": "magnifying-glass-2"
        }));
        app.public::<Value>("curiosity", all.expect("a value")).await;
        let query = r#"query($locales: [Locale!]) {
            value(by: {key: "curiosity"}, view: {locales: $locales}) { key title description icon revision status locale }
        }"#;
        for (locale, title, description) in [
            ("en", "Curiosity first", "We ask.\nThen we listen."),
            ("es", "Primero la curiosidad", "Preguntamos."),
        ] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["value"], json!({
                "key": "curiosity", "title": title, "description": description, "icon": "magnifying-glass-2",
                "revision": 1, "status": "PUBLISHED", "locale": locale
            }), "{answer}");
        }
    }

    async fn only_its_title_must_be_there(app: TestApp) {
        app.public::<Value>("bare", content::value("Candour")).await;
        let answer = app.query("{ values { nodes { title description icon } } }").await;
        assert_eq!(answer["data"]["values"]["nodes"], json!([{"title": "Candour", "description": null, "icon": null}]));
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        content::assert_refused::<Value>(&app, &content::value("Candour"), &[
            (json!({"title": {"es": "x".repeat(201)}}), "title.es: must be at most 200 characters, and is 201"),
            (json!({"title": {"en": "two\nlines"}}), "title.en: must be one line without control characters"),
            (json!({"title": {"en": " "}}), "title.en: must not be empty; leave it out instead"),
            (json!({"title": {"fr": "Franchise"}}), "title.fr: is in none of the site's locales: en, es"),
            (json!({"description": {"en": "x".repeat(2_001)}}),
                "description.en: must be at most 2000 characters, and is 2001"),
            (json!({"description": {"en": "\u{7}"}}), "description.en: must not hold control characters"),
            (json!({"icon": "x".repeat(65)}), "icon: must be at most 64 characters, and is 65"),
            (json!({"icon": "Two Words"}), "icon: must be lower-case letters and digits, in words joined by hyphens"),
            (json!({"icon": ""}), "icon: must not be empty; leave it out instead"),
            (json!({"icon": "A", "title": {"en": ""}}), "title.en: must not be empty; leave it out instead; \
                icon: must be lower-case letters and digits, in words joined by hyphens"),
        ]).await;
    }

    async fn limits_count_characters_and_include_their_end(app: TestApp) {
        let title = "ñ".repeat(200);
        let longest = json!({"title": {"en": title}, "description": {"en": "🔥".repeat(2_000)}, "icon": "i".repeat(64)});
        app.public::<Value>("longest", from_value(longest).expect("a value")).await;
        let answer = app.query("{ values { nodes { title } } }").await;
        assert_eq!(answer["data"]["values"]["nodes"], json!([{"title": title}]));
    }

    async fn it_is_not_public_without_a_title_in_the_default_locale(app: TestApp) {
        content::assert_not_publishable::<Value>(&app, &content::value("Candour"), &[
            (json!({"title": {}}), "title.en: must have a value before this can be public"),
            (json!({"title": {"es": "Franqueza"}}), "title.en: must have a value before this can be public"),
        ]).await;
    }
}
