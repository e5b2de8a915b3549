//! Roles that need a second factor.

use chrono::TimeDelta;
use kindling::auth::Role;
use serde_json::{Value, json};

use super::{ANN, BOB, Person, code, payload};
use crate::{database_state::audit_events, support::on_both_engines};

const POLICY: &str = "{ secondFactorPolicy { role required } }";

on_both_engines! {
    async fn a_policy_ends_the_sessions_of_those_who_have_no_factor(app: TestApp) {
        let admin = Person::new(&app, BOB, Role::Admin).await;
        let without = Person::new(&app, ANN, Role::Editor).await;
        let with = Person::with_totp(&app, "eve@example.org", Role::Editor).await;
        let author = Person::new(&app, "max@example.org", Role::Author).await;
        let pending = Person::new(&app, "pat@example.org", Role::Editor).await;
        payload(&app, &pending.principal(&app).await, "beginTotp", json!({})).await;
        let who = admin.principal(&app).await;
        let input = json!({"role": "EDITOR", "required": true});
        payload(&app, &who, "setSecondFactorPolicy", input).await;
        assert!(!without.is_signed_in(&app).await && !pending.is_signed_in(&app).await);
        assert!(with.is_signed_in(&app).await && author.is_signed_in(&app).await && admin.is_signed_in(&app).await);
        let expected = [("CONTRIBUTOR", false), ("AUTHOR", false), ("EDITOR", true), ("ADMIN", false)];
        let expected = expected.map(|(role, required)| json!({"role": role, "required": required}));
        let told = app.query_as(who.clone(), POLICY, Value::Null).await;
        assert_eq!(told["data"]["secondFactorPolicy"], json!(expected));
        let last: Vec<_> = audit_events(&app).await.into_iter().rev().take(3).map(|event| (event.action, event.target, event.account_id, event.actor_id)).collect();
        assert_eq!(last[0], ("factor.required".to_owned(), Some("role_editor".to_owned()), None, Some(admin.id)));
        let mut ended = [last[1].2, last[2].2];
        ended.sort();
        let mut expected = [Some(without.id), Some(pending.id)];
        expected.sort();
        assert_eq!((last[1].0.as_str(), ended), ("session.ended", expected));
        let input = json!({"role": "EDITOR", "required": false});
        payload(&app, &who, "setSecondFactorPolicy", input).await;
        assert!(app.sign_in(ANN).await.is_object());
    }

    async fn admins_set_it_with_a_fresh_password(app: TestApp) {
        let input = json!({"role": "ADMIN", "required": true});
        let editor = Person::new(&app, ANN, Role::Editor).await.principal(&app).await;
        assert_eq!(code(&app, &editor, "setSecondFactorPolicy", input.clone()).await, "FORBIDDEN");
        assert_eq!(app.query_as(editor, POLICY, Value::Null).await["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let admin = Person::new(&app, BOB, Role::Admin).await;
        app.app.clock.advance(TimeDelta::minutes(6));
        let who = admin.principal(&app).await;
        assert_eq!(code(&app, &who, "setSecondFactorPolicy", input.clone()).await, "PASSWORD_REQUIRED");
        app.app.clock.advance(TimeDelta::minutes(-6));
        payload(&app, &who, "setSecondFactorPolicy", input).await;
        assert!(!admin.is_signed_in(&app).await, "the admin's own session, too");
        assert_eq!(admin.challenge(&app).await["mustEnrol"], true);
    }

    async fn nobody_signs_in_past_a_policy_that_is_being_set(app: TestApp) {
        let admin = Person::new(&app, BOB, Role::Admin).await;
        app.new_account(ANN, Role::Editor).await;
        let who = admin.principal(&app).await;
        for round in 0..5 {
            let set = |required: bool| {
                let input = json!({"role": "EDITOR", "required": required});
                payload(&app, &who, "setSecondFactorPolicy", input)
            };
            set(false).await;
            let input = json!({"email": ANN, "password": crate::support::accounts::PASSWORD});
            let sign_in = || payload(&app, &kindling::auth::Principal::Anonymous, "signIn", input.clone());
            let (a, b, _, c) = tokio::join!(sign_in(), sign_in(), set(true), sign_in());
            for done in [a, b, c] {
                let token = &done["session"]["accessToken"];
                assert!(token.is_null() || app.bearer(token).await.is_err(), "round {round}: {done}");
            }
        }
    }
}
