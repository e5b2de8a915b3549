//! What is particular to testimonials.

use kindling::{
    auth::{Principal, Role},
    content::types::{Asset, Testimonial},
};
use serde_json::{Value, from_value, json};

use crate::support::{account, content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let photo = app.public::<Asset>("portrait", content::asset("portrait.webp")).await;
        let all = from_value(json!({
            "quote": {"en": "They listened.", "es": "Escucharon."},
            "authorName": "Ana",
            "authorRole": {"en": "Head", "es": "Directora"},
            "organisation": "A school",
            "photo": photo,
            "sourceUrl": "https://example.org/interview",
            "consentGivenOn": "2026-01-01",
            "consentScope": "Website",
            "consentExpiresOn": "2028-01-01"
        }));
        app.public::<Testimonial>("ana", all.expect("a testimonial")).await;
        let query = r#"query($locales: [Locale!]) { testimonial(by: {key: "ana"}, view: {locales: $locales}) {
            quote authorName authorRole organisation photo { id fileName } sourceUrl
        } }"#;
        for (locale, quote, role) in [("en", "They listened.", "Head"), ("es", "Escucharon.", "Directora")] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["testimonial"], json!({
                "quote": quote, "authorName": "Ana", "authorRole": role, "organisation": "A school",
                "photo": {"id": photo, "fileName": "portrait.webp"}, "sourceUrl": "https://example.org/interview"
            }), "{answer}");
        }
    }

    async fn consent_is_for_signed_in_readers_only(app: TestApp) {
        for (key, consent) in [
            ("full", json!({"consentGivenOn": "2026-01-01", "consentScope": "Website", "consentExpiresOn": "2028-01-01"})),
            ("part", json!({"consentScope": "Website"})),
            ("none", json!({})),
        ] {
            app.public::<Testimonial>(key, content::with(content::testimonial("Ana"), consent)).await;
        }
        let query = "{ testimonials { nodes { consent { givenOn scope expiresOn } } } }";
        let hidden = json!([{"consent": null}, {"consent": null}, {"consent": null}]);
        let shown = json!([
            {"consent": {"givenOn": "2026-01-01", "scope": "Website", "expiresOn": "2028-01-01"}},
            {"consent": {"givenOn": null, "scope": "Website", "expiresOn": null}},
            {"consent": null}
        ]);
        for (principal, expected) in [
            (Principal::Anonymous, hidden), (account(Role::Contributor), shown.clone()), (account(Role::Editor), shown)
        ] {
            let answer = app.query_as(principal.clone(), query, Value::Null).await;
            assert_eq!(answer["data"]["testimonials"]["nodes"], expected, "{principal:?}");
        }
    }

    async fn a_photo_that_is_not_public_is_not_shown(app: TestApp) {
        let photo = app.draft::<Asset>("portrait", content::asset("portrait.webp")).await;
        let testimonial = content::with(content::testimonial("Ana"), json!({"photo": photo}));
        app.public::<Testimonial>("ana", testimonial).await;
        let query = r#"{ testimonial(by: {key: "ana"}) { photo { id } } }"#;
        assert_eq!(app.query(query).await["data"], json!({"testimonial": {"photo": null}}));
        app.publish(&[photo]).await.expect("a publication");
        assert_eq!(app.query(query).await["data"], json!({"testimonial": {"photo": {"id": photo}}}));
    }

    async fn a_photo_must_be_an_asset_that_exists(app: TestApp) {
        let unknown = "asset_00000000000000000000000000000001";
        let value = "value_00000000000000000000000000000001";
        content::assert_refused::<Testimonial>(&app, &content::testimonial("Ana"), &[
            (json!({"photo": unknown}), "photo: asset_00000000000000000000000000000001 does not exist"),
            (json!({"photo": value}), "photo: must be an entry of the right type"),
        ]).await;
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        content::assert_refused::<Testimonial>(&app, &content::testimonial("Ana"), &[
            (json!({"quote": {"en": "x".repeat(2_001)}}), "quote.en: must be at most 2000 characters, and is 2001"),
            (json!({"authorName": "x".repeat(201)}), "authorName: must be at most 200 characters, and is 201"),
            (json!({"authorName": "two\nlines"}), "authorName: must be one line without control characters"),
            (json!({"authorRole": {"es": "x".repeat(201)}}), "authorRole.es: must be at most 200 characters, and is 201"),
            (json!({"organisation": "x".repeat(201)}), "organisation: must be at most 200 characters, and is 201"),
            (json!({"sourceUrl": "javascript:alert(1)"}), "sourceUrl: must be an http, https, mailto or tel address"),
            (json!({"consentScope": "x".repeat(501)}), "consent.scope: must be at most 500 characters, and is 501"),
            (json!({"consentGivenOn": "2026-01-02", "consentExpiresOn": "2026-01-01"}),
                "consent.expiresOn: must not lie before givenOn"),
        ]).await;
    }

    async fn it_is_not_public_without_quote_and_author(app: TestApp) {
        content::assert_not_publishable::<Testimonial>(&app, &content::testimonial("Ana"), &[
            (json!({"quote": {"es": "Escucharon."}}), "quote.en: must have a value before this can be public"),
            (json!({"authorName": ""}), "authorName: must have a value before this can be public"),
        ]).await;
    }
}
