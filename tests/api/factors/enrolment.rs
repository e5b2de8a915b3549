//! Making a factor: with a session, or where signing in must make one.

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use super::{ANN, BOB, Person, answer, code, complete, next_step, payload, refused, texts, totp};
use crate::support::{TestApp, on_both_engines};

/// Has the role need a factor.
async fn require(app: &TestApp, admin: &Person, role: &str, required: bool) {
    let input = json!({"role": role, "required": required});
    let who = admin.principal(app).await;
    let set = payload(app, &who, "setSecondFactorPolicy", input).await;
    assert_eq!(set["policy"], json!({"role": role, "required": required}));
}

/// What `beginTotp` gives for a challenge: the secret.
async fn begin(app: &TestApp, challenge: &Value) -> String {
    let input = json!({ "challenge": challenge });
    let begun = payload(app, &Principal::Anonymous, "beginTotp", input).await;
    begun["enrolment"]["secret"]
        .as_str()
        .expect("a secret")
        .to_owned()
}

on_both_engines! {
    async fn an_app_is_a_factor_once_a_code_has_shown_that_it_has_the_secret(app: TestApp) {
        let ann = Person::new(&app, ANN, Role::Editor).await;
        let who = ann.principal(&app).await;
        assert_eq!(code(&app, &who, "confirmTotp", json!({"code": "123456"})).await, "INVALID");
        let begun = payload(&app, &who, "beginTotp", json!({})).await["enrolment"].clone();
        let secret = begun["secret"].as_str().expect("a secret");
        assert_eq!(begun["uri"], format!("otpauth://totp/Kindling:ann%40example.org?secret={secret}&issuer=Kindling"));
        assert!(begun["qrCode"].as_str().is_some_and(|svg| svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>")));
        assert!(app.sign_in(ANN).await.is_object(), "nothing is asked for yet");
        assert_eq!(code(&app, &who, "confirmTotp", json!({"code": "000000"})).await, "CREDENTIALS");
        let again = payload(&app, &who, "beginTotp", json!({})).await["enrolment"]["secret"].clone();
        assert_eq!(code(&app, &who, "confirmTotp", json!({"code": totp(secret, &app)})).await, "CREDENTIALS", "there is another secret");
        let again = again.as_str().expect("a secret");
        let confirmed = payload(&app, &who, "confirmTotp", json!({"code": totp(again, &app)})).await;
        assert_eq!(confirmed["factors"], json!({"totpSince": "2026-05-01T12:00:00Z", "recoveryCodesLeft": 10}));
        assert_eq!((texts(&confirmed["recoveryCodes"]).len(), &confirmed["session"]), (10, &Value::Null));
        assert_eq!(ann.challenge(&app).await["factors"], json!(["TOTP", "RECOVERY_CODE"]));
        assert_eq!(code(&app, &who, "beginTotp", json!({})).await, "TAKEN");
        next_step(&app);
        assert_eq!(code(&app, &who, "confirmTotp", json!({"code": totp(again, &app)})).await, "INVALID", "it is confirmed");
    }

    async fn attempts_at_confirming_are_counted(app: TestApp) {
        let ann = Person::new(&app, ANN, Role::Editor).await;
        let who = ann.principal(&app).await;
        payload(&app, &who, "beginTotp", json!({})).await;
        for _ in 0..10 {
            assert_eq!(code(&app, &who, "confirmTotp", json!({"code": "000000"})).await, "CREDENTIALS");
        }
        assert_eq!(code(&app, &who, "confirmTotp", json!({"code": "000000"})).await, "TOO_MANY_ATTEMPTS");
    }

    async fn where_the_role_needs_a_factor_the_session_begins_with_it(app: TestApp) {
        let admin = Person::new(&app, BOB, Role::Admin).await;
        app.new_account(ANN, Role::Editor).await;
        require(&app, &admin, "EDITOR", true).await;
        let ann = Person { email: ANN, id: kindling::id::new(), token: Value::Null, secret: String::new(), codes: Vec::new() };
        let challenge = ann.challenge(&app).await;
        assert_eq!((&challenge["factors"], &challenge["mustEnrol"]), (&json!([]), &json!(true)));
        let token = &challenge["token"];
        for factor in [Value::Null, json!({"totpCode": "000000"}), json!({"recoveryCode": "x"})] {
            assert!(refused(&complete(&app, token, factor).await, "REQUIRED", "factor"));
        }
        let other = ann.challenge(&app).await["token"].clone();
        let secret = begin(&app, token).await;
        let wrong = json!({"challenge": token, "code": "000000"});
        assert_eq!(code(&app, &Principal::Anonymous, "confirmTotp", wrong).await, "CREDENTIALS");
        let input = json!({"challenge": token, "code": totp(&secret, &app)});
        let confirmed = payload(&app, &Principal::Anonymous, "confirmTotp", input.clone()).await;
        assert!(app.bearer(&confirmed["session"]["accessToken"]).await.is_ok(), "{confirmed}");
        assert_eq!(texts(&confirmed["recoveryCodes"]).len(), 10);
        // The challenge is spent, and another one of before makes no second factor, nor a session without the first.
        assert_eq!(code(&app, &Principal::Anonymous, "confirmTotp", input).await, "CREDENTIALS");
        for field in ["beginTotp", "beginPasskeyRegistration"] {
            assert_eq!(code(&app, &Principal::Anonymous, field, json!({"challenge": other})).await, "INVALID", "{field}");
        }
        assert!(refused(&complete(&app, &other, Value::Null).await, "REQUIRED", "factor"));
        next_step(&app);
        let done = complete(&app, &other, json!({"totpCode": totp(&secret, &app)})).await;
        assert!(done["session"].is_object(), "{done}");
    }

    async fn a_challenge_makes_no_factor_where_none_is_needed(app: TestApp) {
        let admin = Person::new(&app, BOB, Role::Admin).await;
        app.new_account(ANN, Role::Editor).await;
        require(&app, &admin, "EDITOR", true).await;
        let ann = Person { email: ANN, id: kindling::id::new(), token: Value::Null, secret: String::new(), codes: Vec::new() };
        let token = ann.challenge(&app).await["token"].clone();
        let secret = begin(&app, &token).await;
        require(&app, &admin, "EDITOR", false).await;
        let input = json!({"challenge": token, "code": totp(&secret, &app)});
        assert_eq!(code(&app, &Principal::Anonymous, "confirmTotp", input).await, "INVALID");
        let done = complete(&app, &token, Value::Null).await;
        assert!(done["session"].is_object(), "what is needed is read at the end: {done}");
    }

    async fn factors_are_changed_by_those_who_are_signed_in_with_a_fresh_password(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let changes = [
            ("beginTotp", json!({})), ("confirmTotp", json!({"code": "000000"})), ("removeTotp", Value::Null),
            ("regenerateRecoveryCodes", Value::Null), ("beginPasskeyRegistration", json!({})),
            ("finishPasskeyRegistration", json!({"ceremony": "x", "name": "x", "credential": {}})),
            ("removePasskey", json!({"id": "passkey_x"})),
        ];
        for (field, input) in &changes {
            assert_eq!(code(&app, &Principal::Anonymous, field, input.clone()).await, "UNAUTHENTICATED", "{field}");
        }
        app.app.clock.advance(TimeDelta::minutes(6));
        let who = ann.principal(&app).await;
        for (field, input) in changes {
            assert_eq!(code(&app, &who, field, input).await, "PASSWORD_REQUIRED", "{field}");
        }
        let stray = answer(&app, &who, "beginTotp", json!({"challenge": "kdc_x"})).await;
        assert_eq!(stray["data"]["beginTotp"]["userErrors"][0], json!({"code": "CREDENTIALS", "path": "challenge"}));
    }
}
