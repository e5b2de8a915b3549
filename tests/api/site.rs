//! The root field `site`: what the settings say.

use std::sync::Arc;

use kindling::{
    app::{App, Site},
    auth::{Principal, Role},
    content::types::Value as ValueType,
    delivery::{Delivery, Sender},
};
use serde_json::{Value, json};

use crate::support::{TestApp, account, answer, content, editor, on_both_engines};

const SITE: &str = "{ site { locales { locale isDefault direction } maxUploadBytes maxUploadPixels version \
    formerLocales { locale entries } } }";

/// The same application with other locales in its settings.
fn with_locales(app: &TestApp, locales: &[&str]) -> Delivery {
    let site = Site {
        locales: locales.iter().map(ToString::to_string).collect(),
        media_base: app.app.site.media_base.clone(),
        name: app.app.site.name.clone(),
    };
    Delivery::new(&App {
        site: Arc::new(site),
        ..app.app.clone()
    })
}

async fn asked(app: &TestApp, delivery: &Delivery, who: Principal) -> Value {
    app.admit(&who).await;
    let variables = async_graphql::Variables::default();
    let answer = Box::pin(answer(delivery, SITE, variables, Sender::new(who))).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["site"].clone()
}

on_both_engines! {
    async fn everybody_learns_the_locales_and_limits(app: TestApp) {
        let delivery = with_locales(&app, &["en", "ar", "uz-Arab", "pt-BR"]);
        let site = asked(&app, &delivery, Principal::Anonymous).await;
        assert_eq!(site, json!({
            "locales": [
                {"locale": "en", "isDefault": true, "direction": "LTR"},
                {"locale": "ar", "isDefault": false, "direction": "RTL"},
                {"locale": "uz-Arab", "isDefault": false, "direction": "RTL"},
                {"locale": "pt-BR", "isDefault": false, "direction": "LTR"},
            ],
            "maxUploadBytes": app.app.config.max_upload_bytes, "maxUploadPixels": app.app.config.max_upload_pixels,
            "version": null, "formerLocales": null,
        }));
    }

    async fn editors_learn_of_locales_that_left_the_settings_and_accounts_the_version(app: TestApp) {
        let texts = json!({"title": {"en": "Candour", "es": "Franqueza"}});
        let value: entity::value::Model = content::with(content::value("Candour"), texts);
        app.public::<ValueType>("candour", value).await;
        let delivery = with_locales(&app, &["en"]);
        let site = asked(&app, &delivery, editor()).await;
        assert_eq!(site["formerLocales"], json!([{"locale": "es", "entries": 1}]));
        assert_eq!(site["version"], env!("CARGO_PKG_VERSION"));
        // What was answered before is not what holds after a change.
        app.draft::<ValueType>("other", content::with(content::value("Care"), json!({"title": {"en": "Care", "es": "Cuidado"}}))).await;
        let site = asked(&app, &delivery, editor()).await;
        assert_eq!(site["formerLocales"], json!([{"locale": "es", "entries": 2}]));
        for role in [Role::Contributor, Role::Author] {
            let site = asked(&app, &delivery, account(role)).await;
            assert_eq!((&site["formerLocales"], site["version"].is_string()), (&Value::Null, true), "{role:?}");
        }
        assert_eq!(asked(&app, &delivery, Principal::Anonymous).await["formerLocales"], Value::Null);
    }
}
