//! What is particular to assets.

use kindling::content::types::Asset;
use serde_json::{from_value, json};

use crate::support::{content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let all = from_value(json!({
            "fileName": "first-spark.webp",
            "mediaType": "image/webp",
            "bytes": 48_479,
            "width": 1600,
            "height": 900,
            "sha256": "ab".repeat(32),
            "storageKey": "ab/cd.webp",
            "alternativeText": {"en": "A spark", "es": "Una chispa"},
            "decorative": false,
            "caption": {"en": "How it began.\nIn 2008.", "es": "Cómo empezó."},
            "credit": "Ana García",
            "focalX": 0.25,
            "focalY": 1.0
        }));
        app.public::<Asset>("spark", all.expect("an asset")).await;
        let query = r#"query($locales: [Locale!]) { asset(by: {key: "spark"}, view: {locales: $locales}) {
            fileName mediaType bytes width height sha256 alternativeText isDecorative caption credit
            focalPoint { x y } url
        } }"#;
        for (locale, text, caption) in [
            ("en", "A spark", "How it began.\nIn 2008."), ("es", "Una chispa", "Cómo empezó.")
        ] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["asset"], json!({
                "fileName": "first-spark.webp", "mediaType": "image/webp", "bytes": 48_479, "width": 1600, "height": 900,
                "sha256": "ab".repeat(32), "alternativeText": text, "isDecorative": false, "caption": caption,
                "credit": "Ana García", "focalPoint": {"x": 0.25, "y": 1.0}, "url": "/media/ab/cd.webp"
            }), "{answer}");
        }
    }

    async fn it_is_public_with_alternative_text_or_as_a_decoration(app: TestApp) {
        let needed = "alternativeText.en: must have a value before this can be public unless it is decorative";
        content::assert_not_publishable::<Asset>(&app, &content::asset("a.webp"), &[
            (json!({"alternativeText": {}}), needed),
            (json!({"alternativeText": {"es": "Una imagen"}}), needed),
        ]).await;
        let decoration = json!({"alternativeText": {}, "decorative": true});
        app.public::<Asset>("decoration", content::with(content::asset("a.webp"), decoration)).await;
        app.public::<Asset>("described", content::asset("a.webp")).await;
        let answer = app.query("{ assets { nodes { key isDecorative alternativeText } } }").await;
        assert_eq!(answer["data"]["assets"]["nodes"], json!([
            {"key": "decoration", "isDecorative": true, "alternativeText": null},
            {"key": "described", "isDecorative": false, "alternativeText": "A picture"},
        ]));
    }

    async fn it_is_not_public_without_a_file_name(app: TestApp) {
        content::assert_not_publishable::<Asset>(&app, &content::asset("a.webp"), &[
            (json!({"fileName": ""}), "fileName: must have a value before this can be public"),
        ]).await;
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        content::assert_refused::<Asset>(&app, &content::asset("a.webp"), &[
            (json!({"fileName": "x".repeat(256)}), "fileName: must be at most 255 characters, and is 256"),
            (json!({"alternativeText": {"en": "x".repeat(501)}}),
                "alternativeText.en: must be at most 500 characters, and is 501"),
            (json!({"alternativeText": {"en": "two\nlines"}}),
                "alternativeText.en: must be one line without control characters"),
            (json!({"caption": {"es": "x".repeat(501)}}), "caption.es: must be at most 500 characters, and is 501"),
            (json!({"credit": "x".repeat(201)}), "credit: must be at most 200 characters, and is 201"),
            (json!({"focalX": 1.01, "focalY": 0.5}), "focalPoint.x: must be from 0 to 1"),
            (json!({"focalX": 0.5, "focalY": -0.01}), "focalPoint.y: must be from 0 to 1"),
            (json!({"focalX": 0.5}), "focalPoint.y: must be given with focalPoint.x"),
            (json!({"focalY": 0.5}), "focalPoint.x: must be given with focalPoint.y"),
        ]).await;
    }
}
