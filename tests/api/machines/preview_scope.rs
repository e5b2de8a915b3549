//! Preview links of one locale: no text of a draft in any other.

use kindling::auth::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, on_both_engines};

const SELECTED: &str = "locale title description fallbacks translations { locale status missing }";

/// The value, as the preview link shows it in this view.
async fn shown(app: &TestApp, token: &Value, id: &str, view: &str) -> Value {
    let query = format!("{{ value(by: {{id: \"{id}\"}}, view: {{{view}}}) {{ {SELECTED} }} }}");
    app.query_as(app.with(token).await, &query, Value::Null)
        .await
}

on_both_engines! {
    async fn drafts_are_shown_in_the_locale_of_the_link_alone(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let input = json!({
            "content": {"title": "Courage", "description": "English alone"},
            "translations": [{"locale": "es", "title": "Valor"}]
        });
        let payload = app.done(&ann, "createValue", input, "value { id }").await;
        let id = payload["value"]["id"].as_str().expect("an id").to_owned();
        let (of_all, _) = app.link(&ann, &id, None).await;
        let (spanish, _) = app.link(&ann, &id, Some("es")).await;
        let draft = shown(&app, &of_all, &id, "perspective: DRAFT, locales: [\"es\"]").await;
        assert_eq!(draft["data"]["value"]["description"], "English alone");
        for view in ["perspective: DRAFT", "perspective: DRAFT, locales: [\"es\"]", "perspective: DRAFT, locales: []"] {
            let draft = shown(&app, &spanish, &id, view).await;
            assert_eq!(draft["data"]["value"], json!({
                "locale": "es", "title": "Valor", "description": null, "fallbacks": [],
                "translations": [{"locale": "es", "status": "MISSING", "missing": ["description"]}]
            }), "{view}");
        }
        for locales in ["[\"en\"]", "[\"es\", \"en\"]"] {
            let refused = shown(&app, &spanish, &id, &format!("perspective: DRAFT, locales: {locales}")).await;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
            assert!(!refused.to_string().contains("English"));
        }
        app.publish(&[id.parse().expect("an id")]).await.expect("public");
        let public = shown(&app, &spanish, &id, "locales: [\"en\"]").await;
        assert_eq!(public["data"]["value"]["description"], "English alone", "what is public is so in every locale");
        let public = app.query_as(app.with(&spanish).await, "{ values { totalCount } }", Value::Null).await;
        assert_eq!(public["data"]["values"]["totalCount"], 1);
    }
}
