//! Taking factors away, and what that does to sessions.

use kindling::auth::Role;
use serde_json::{Value, json};

use super::{ANN, BOB, Person, code, complete, next_step, payload, texts};
use crate::{
    database_state::audit_events,
    support::{TestApp, on_both_engines},
};

/// What the log says of factors: what happened, and to what.
async fn told(app: &TestApp) -> Vec<(String, Option<String>)> {
    let events = audit_events(app).await.into_iter();
    let events = events.filter(|event| event.action.starts_with("factor."));
    events.map(|event| (event.action, event.target)).collect()
}

on_both_engines! {
    async fn a_change_of_factors_ends_the_other_sessions(app: TestApp) {
        let mut ann = Person::new(&app, ANN, Role::Editor).await;
        let other = app.sign_in(ANN).await["accessToken"].clone();
        ann.enrol(&app).await;
        assert!(ann.is_signed_in(&app).await && app.bearer(&other).await.is_err());
        for field in ["regenerateRecoveryCodes", "removeTotp"] {
            next_step(&app);
            let done = ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await;
            let other = done["session"]["accessToken"].clone();
            assert!(app.bearer(&other).await.is_ok());
            let done = payload(&app, &ann.principal(&app).await, field, Value::Null).await;
            assert_eq!(done["userErrors"], json!([]), "{field}");
            assert!(ann.is_signed_in(&app).await && app.bearer(&other).await.is_err(), "{field}");
        }
        assert_eq!(told(&app).await, [
            ("factor.added".to_owned(), Some("totp".to_owned())),
            ("factor.recovery_codes_made".to_owned(), None),
            ("factor.removed".to_owned(), Some("totp".to_owned())),
        ]);
    }

    async fn new_recovery_codes_take_the_place_of_the_old_ones(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let who = ann.principal(&app).await;
        let codes = texts(&payload(&app, &who, "regenerateRecoveryCodes", Value::Null).await["recoveryCodes"]);
        assert_eq!(codes.len(), 10);
        assert!(ann.complete(&app, json!({"recoveryCode": ann.codes[0]})).await["session"].is_null());
        assert!(ann.complete(&app, json!({"recoveryCode": codes[0]})).await["session"].is_object());
    }

    async fn recovery_codes_go_with_the_last_factor(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let who = ann.principal(&app).await;
        let removed = payload(&app, &who, "removeTotp", Value::Null).await;
        assert_eq!(removed["factors"], json!({"totpSince": null, "recoveryCodesLeft": 0}));
        assert!(app.sign_in(ANN).await.is_object(), "nothing is asked for any more");
        assert_eq!(code(&app, &who, "removeTotp", Value::Null).await, "NOT_FOUND");
        assert_eq!(code(&app, &who, "regenerateRecoveryCodes", Value::Null).await, "INVALID");
    }

    async fn the_last_factor_stays_where_the_role_needs_one(app: TestApp) {
        let (ann, admin) = (Person::with_totp(&app, ANN, Role::Editor).await, Person::new(&app, BOB, Role::Admin).await);
        let input = json!({"role": "EDITOR", "required": true});
        payload(&app, &admin.principal(&app).await, "setSecondFactorPolicy", input).await;
        assert!(ann.is_signed_in(&app).await, "she has one");
        assert_eq!(code(&app, &ann.principal(&app).await, "removeTotp", Value::Null).await, "INVALID");
        assert_eq!(ann.challenge(&app).await["factors"], json!(["TOTP", "RECOVERY_CODE"]));
    }

    async fn an_admin_takes_the_factors_of_somebody_who_has_lost_them(app: TestApp) {
        let (ann, admin) = (Person::with_totp(&app, ANN, Role::Editor).await, Person::new(&app, BOB, Role::Admin).await);
        let challenge = ann.challenge(&app).await["token"].clone();
        let input = json!({"account": format!("account_{}", ann.id.simple())});
        assert_eq!(code(&app, &ann.principal(&app).await, "resetFactors", input.clone()).await, "FORBIDDEN");
        let reset = payload(&app, &admin.principal(&app).await, "resetFactors", input).await;
        assert_eq!(reset["account"]["email"], ANN);
        assert!(!ann.is_signed_in(&app).await);
        next_step(&app);
        let done = complete(&app, &challenge, json!({"recoveryCode": ann.codes[0]})).await;
        assert!(done["session"].is_object(), "none is needed any more: {done}");
        assert!(app.sign_in(ANN).await.is_object());
        assert_eq!(told(&app).await.last(), Some(&("factor.reset".to_owned(), None)));
        let nobody = json!({"account": format!("account_{}", kindling::id::new().simple())});
        assert_eq!(code(&app, &admin.principal(&app).await, "resetFactors", nobody).await, "NOT_FOUND");
    }
}
