//! The step that follows the password.

use chrono::TimeDelta;
use entity::password;
use kindling::auth::{Principal, Role};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use super::{ANN, BOB, Person, answer, code, complete, next_step, payload, refused};
use crate::{
    database_state::audit_events,
    support::{accounts::PASSWORD, on_both_engines},
};

on_both_engines! {
    async fn signing_out_everywhere_ends_what_is_half_done(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let bob = Person::with_totp(&app, BOB, Role::Editor).await;
        next_step(&app);
        let begun = ann.challenge(&app).await["token"].clone();
        let other = bob.challenge(&app).await["token"].clone();
        let done = payload(&app, &ann.principal(&app).await, "signOutEverywhere", json!({})).await;
        assert_eq!(done["endedCount"], 1);
        let late = complete(&app, &begun, json!({"totpCode": ann.totp(&app)})).await;
        assert!(refused(&late, "CREDENTIALS", "challenge"), "{late}");
        let input = json!({"challenge": begun});
        assert_eq!(code(&app, &Principal::Anonymous, "completeSignIn", input).await, "CREDENTIALS");
        let done = complete(&app, &other, json!({"totpCode": bob.totp(&app)})).await;
        assert!(done["session"].is_object(), "others go on: {done}");
        assert!(ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
    }

    async fn whoever_has_a_factor_must_show_it(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        next_step(&app);
        let challenge = ann.challenge(&app).await;
        assert_eq!(challenge["factors"], json!(["TOTP", "RECOVERY_CODE"]));
        assert_eq!((&challenge["mustEnrol"], &challenge["passkeyOptions"]), (&json!(false), &Value::Null));
        let token = &challenge["token"];
        assert!(refused(&complete(&app, token, Value::Null).await, "REQUIRED", "factor"));
        for factor in [
            json!({"totpCode": "000000"}), json!({"totpCode": ""}), json!({"totpCode": "x"}), json!({"recoveryCode": ""}),
            json!({"recoveryCode": "aaaa-aaaa-aaaa-aaaa"}), json!({"passkey": {}}), json!({"passkey": null}),
            json!({"recoveryCode": ann.totp(&app)}), json!({"totpCode": ann.codes[0]}),
        ] {
            let done = answer(&app, &Principal::Anonymous, "completeSignIn", json!({"challenge": token, "factor": factor})).await;
            let payload = &done["data"]["completeSignIn"];
            assert!(!done["errors"].is_null() || refused(payload, "CREDENTIALS", "factor"), "{factor}: {done}");
        }
        let done = complete(&app, token, json!({"totpCode": ann.totp(&app)})).await;
        assert!(app.bearer(&done["session"]["accessToken"]).await.is_ok(), "a wrong one does not end the challenge: {done}");
        assert!(refused(&complete(&app, token, json!({"recoveryCode": ann.codes[0]})).await, "CREDENTIALS", "challenge"));
    }

    async fn a_code_is_taken_once_and_none_of_an_earlier_step(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        assert!(refused(&ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await, "CREDENTIALS", "factor"), "it confirmed the app");
        next_step(&app);
        let earlier = ann.totp(&app);
        next_step(&app);
        let code = ann.totp(&app);
        assert!(ann.complete(&app, json!({"totpCode": code})).await["session"].is_object());
        for code in [&code, &earlier] {
            assert!(refused(&ann.complete(&app, json!({"totpCode": code})).await, "CREDENTIALS", "factor"));
        }
        next_step(&app);
        assert!(ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
    }

    async fn a_recovery_code_is_good_once_and_for_its_owner(app: TestApp) {
        let (ann, bob) = (Person::with_totp(&app, ANN, Role::Editor).await, Person::with_totp(&app, BOB, Role::Author).await);
        assert_eq!(ann.codes.len(), 10);
        assert!(refused(&bob.complete(&app, json!({"recoveryCode": ann.codes[0]})).await, "CREDENTIALS", "factor"));
        let typed = ann.codes[0].to_uppercase().replace('-', " ");
        assert!(ann.complete(&app, json!({"recoveryCode": typed})).await["session"].is_object());
        assert!(refused(&ann.complete(&app, json!({"recoveryCode": ann.codes[0]})).await, "CREDENTIALS", "factor"));
        let used: Vec<_> = audit_events(&app).await.into_iter().filter(|event| event.action == "factor.recovery_code_used").collect();
        assert_eq!(used.iter().map(|event| event.account_id).collect::<Vec<_>>(), [Some(ann.id)]);
        let factors = "{ viewer { factors { totpSince recoveryCodesLeft passkeys { id } } } }";
        let told = app.query_as(ann.principal(&app).await, factors, Value::Null).await;
        assert_eq!(told["data"]["viewer"]["factors"], json!({"totpSince": "2026-05-01T12:00:00Z", "recoveryCodesLeft": 9, "passkeys": []}));
    }

    async fn a_challenge_is_for_one_account_and_ten_minutes(app: TestApp) {
        let (ann, bob) = (Person::with_totp(&app, ANN, Role::Editor).await, Person::with_totp(&app, BOB, Role::Author).await);
        next_step(&app);
        let challenge = ann.challenge(&app).await["token"].clone();
        assert!(refused(&complete(&app, &challenge, json!({"totpCode": bob.totp(&app)})).await, "CREDENTIALS", "factor"));
        app.app.clock.advance(TimeDelta::minutes(10));
        assert!(refused(&complete(&app, &challenge, json!({"totpCode": ann.totp(&app)})).await, "CREDENTIALS", "challenge"));
    }

    async fn attempts_at_codes_are_counted_across_challenges_and_recovery_codes_apart(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        next_step(&app);
        for _ in 0..10 {
            assert!(refused(&ann.complete(&app, json!({"totpCode": "000000"})).await, "CREDENTIALS", "factor"));
        }
        let try_right = async || {
            let input = json!({"challenge": ann.challenge(&app).await["token"], "factor": {"totpCode": ann.totp(&app)}});
            answer(&app, &Principal::Anonymous, "completeSignIn", input).await
        };
        let waits = try_right().await;
        assert_eq!(waits["errors"][0]["extensions"]["code"], "TOO_MANY_ATTEMPTS", "{waits}");
        assert!(ann.complete(&app, json!({"recoveryCode": ann.codes[0]})).await["session"].is_object());
        app.app.clock.advance(TimeDelta::seconds(30));
        assert!(try_right().await["data"]["completeSignIn"]["session"].is_object());
    }

    async fn a_challenge_ends_with_the_password_that_it_was_made_with(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let challenge = ann.challenge(&app).await["token"].clone();
        next_step(&app);
        let changed = password::ActiveModel { account_id: Set(ann.id), changed_at: Set(app.app.clock.now()), ..Default::default() };
        let tx = app.app.database.begin().await.expect("a transaction");
        password::Entity::update(changed).exec(&tx).await.expect("a change");
        tx.commit().await.expect("a commit");
        assert!(refused(&complete(&app, &challenge, json!({"totpCode": ann.totp(&app)})).await, "CREDENTIALS", "challenge"));
        assert!(ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
    }

    async fn whoever_has_no_factor_is_asked_for_none(app: TestApp) {
        app.new_account(ANN, Role::Admin).await;
        let input = json!({"email": ANN, "password": PASSWORD});
        let done = payload(&app, &Principal::Anonymous, "signIn", input).await;
        assert!(done["session"].is_object() && done["challenge"].is_null(), "{done}");
    }
}
