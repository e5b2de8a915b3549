//! What is particular to team members.

use kindling::{
    auth::{Principal, Role},
    content::types::{Asset, TeamMember},
};
use serde_json::{Value, from_value, json};

use crate::support::{account, content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let photo = app.public::<Asset>("portrait", content::asset("portrait.webp")).await;
        let all = from_value(json!({
            "name": "Ana García",
            "pronouns": "she/her",
            "role": {"en": "Coach", "es": "Formadora"},
            "group": "Coaching",
            "biography": {"en": "Taught **for years**.", "es": "Enseñó *años*."},
            "photo": photo,
            "email": "ana@example.org",
            "links": [{"label": "Site", "url": "https://example.org/ana"}, {"label": "Talk", "url": "http://example.org"}],
            "joinedOn": "2010-09-01",
            "leftOn": "2020-08-31"
        }));
        app.public::<TeamMember>("ana", all.expect("a team member")).await;
        let query = r#"query($locales: [Locale!]) { teamMember(by: {key: "ana"}, view: {locales: $locales}) {
            name pronouns role group biography biographyHtml photo { id } links { label url } joinedOn leftOn
        } }"#;
        for (locale, role, biography, html) in [
            ("en", "Coach", "Taught **for years**.", "<p>Taught <strong>for years</strong>.</p>\n"),
            ("es", "Formadora", "Enseñó *años*.", "<p>Enseñó <em>años</em>.</p>\n"),
        ] {
            let answer = app.query_with(query, json!({"locales": [locale]})).await;
            assert_eq!(answer["data"]["teamMember"], json!({
                "name": "Ana García", "pronouns": "she/her", "role": role, "group": "Coaching",
                "biography": biography, "biographyHtml": html, "photo": {"id": photo},
                "links": [{"label": "Site", "url": "https://example.org/ana"}, {"label": "Talk", "url": "http://example.org"}],
                "joinedOn": "2010-09-01", "leftOn": "2020-08-31"
            }), "{answer}");
        }
    }

    async fn an_email_address_is_for_signed_in_readers_only(app: TestApp) {
        let member = content::with(content::team_member("Ana"), json!({"email": "ana@example.org"}));
        app.public::<TeamMember>("ana", member).await;
        let query = r#"{
            teamMember(by: {key: "ana"}) { email }
            teamMembers { nodes { email } }
        }"#;
        for (principal, email) in [
            (Principal::Anonymous, Value::Null),
            (account(Role::Contributor), json!("ana@example.org")),
            (account(Role::Editor), json!("ana@example.org")),
        ] {
            let answer = app.query_as(principal.clone(), query, Value::Null).await;
            assert_eq!(answer["data"], json!({
                "teamMember": {"email": email}, "teamMembers": {"nodes": [{"email": email}]}
            }), "{principal:?}");
        }
    }

    async fn its_biography_carries_no_markup_of_its_own(app: TestApp) {
        let biography = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick=\"y\">z</b>";
        let member = content::with(content::team_member("Ana"), json!({"biography": {"en": biography}}));
        app.public::<TeamMember>("ana", member).await;
        let answer = app.query("{ teamMembers { nodes { biographyHtml } } }").await;
        let html = answer["data"]["teamMembers"]["nodes"][0]["biographyHtml"].as_str().expect("HTML");
        assert!(["<script", "javascript:", "onclick"].iter().all(|risk| !html.contains(risk)), "{html}");
        assert!(html.contains("<p>"), "{html}");
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        let link = json!({"label": "Site", "url": "https://example.org"});
        content::assert_refused::<TeamMember>(&app, &content::team_member("Ana"), &[
            (json!({"name": "x".repeat(201)}), "name: must be at most 200 characters, and is 201"),
            (json!({"pronouns": "x".repeat(51)}), "pronouns: must be at most 50 characters, and is 51"),
            (json!({"role": {"en": "x".repeat(201)}}), "role.en: must be at most 200 characters, and is 201"),
            (json!({"group": "x".repeat(101)}), "group: must be at most 100 characters, and is 101"),
            (json!({"biography": {"en": "x".repeat(20_001)}}),
                "biography.en: must be at most 20000 characters, and is 20001"),
            (json!({"photo": "value_00000000000000000000000000000001"}), "photo: must be an entry of the right type"),
            (json!({"email": "ana"}), "email: must be an e-mail address"),
            (json!({"email": "a b@example.org"}), "email: must be an e-mail address"),
            (json!({"email": "ana@b@example.org"}), "email: must be an e-mail address"),
            (json!({"email": format!("{}@example.org", "x".repeat(243))}),
                "email: must be at most 254 characters, and is 255"),
            (json!({"links": vec![link; 21]}), "links: must be at most 20 links"),
            (json!({"links": [{"label": "", "url": "https://example.org"}]}),
                "links.0.label: must not be empty; leave it out instead"),
            (json!({"links": [{"label": "x".repeat(101), "url": "https://example.org"}]}),
                "links.0.label: must be at most 100 characters, and is 101"),
            (json!({"links": [{"label": "Site", "url": "https://example.org"}, {"label": "Site", "url": "example.org"}]}),
                "links.1.url: must be an http, https, mailto or tel address"),
            (json!({"joinedOn": "2020-01-02", "leftOn": "2020-01-01"}), "leftOn: must not lie before joinedOn"),
        ]).await;
    }

    async fn it_is_not_public_without_a_name(app: TestApp) {
        content::assert_not_publishable::<TeamMember>(&app, &content::team_member("Ana"), &[
            (json!({"name": ""}), "name: must have a value before this can be public"),
        ]).await;
    }
}
