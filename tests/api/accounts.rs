//! Signing in: who gets in, who stays in, and who is put out.

use chrono::TimeDelta;
use entity::account;
use kindling::{
    auth::{Principal, Role, setup},
    error::{Error, ProblemCode, Result},
};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use crate::{
    database_state::audit_events,
    support::{TestApp, accounts::PASSWORD, on_both_engines},
};

const ANN: &str = "ann@example.org";
const REFRESH: &str = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) {
    session { accessToken refreshToken refreshTokenExpiresAt account { email } } userErrors { code path }
} }";
const CONFIRM: &str = "mutation($input: ConfirmPasswordInput!) { confirmPassword(input: $input) {
    confirmedUntil userErrors { code message path }
} }";
const CREATE: &str = "mutation($input: CreateFirstAdminInput!) { createFirstAdmin(input: $input) {
    account { id email name role } userErrors { code path }
} }";

/// The payload of `refreshSession`.
async fn refresh(app: &TestApp, token: &Value) -> Value {
    let input = json!({"input": {"refreshToken": token}});
    let answer = app.query_as(Principal::Anonymous, REFRESH, input).await;
    answer["data"]["refreshSession"].clone()
}

/// The payload of `createFirstAdmin`.
async fn create_first(
    app: &TestApp,
    token: &str,
    email: &str,
    name: &str,
    password: &str,
) -> Value {
    let input = json!({"token": token, "email": email, "name": name, "password": password});
    let answer = app
        .query_as(Principal::Anonymous, CREATE, json!({ "input": input }))
        .await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["createFirstAdmin"].clone()
}

async fn setup_token(app: &TestApp) -> Option<String> {
    let token = setup::offer(&app.app).await.expect("an offer");
    token.map(|token| token.expose().to_owned())
}

fn is_refused<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Unauthenticated))
}

on_both_engines! {
    async fn whoever_has_the_password_is_signed_in(app: TestApp) {
        app.new_account("Ann@Example.org", Role::Author).await;
        assert!(app.query("{ viewer { id } }").await["data"]["viewer"].is_null());
        let session = app.sign_in(" ANN@example.ORG").await;
        assert_eq!(session["account"]["email"], ANN);
        assert_eq!(session["accessTokenExpiresAt"], "2026-05-01T12:15:00Z");
        assert_eq!(session["refreshTokenExpiresAt"], "2026-05-31T12:00:00Z");
        assert!(session["refreshToken"].as_str().is_some_and(|token| token.starts_with("kdr_") && token.len() == 47));
        let principal = app.bearer(&session["accessToken"]).await.expect("a principal");
        let viewer = app.query_as(principal.clone(), "{ viewer { id email name role } }", Value::Null).await;
        assert_eq!(viewer["data"]["viewer"], session["account"]);
        assert_eq!(viewer["data"]["viewer"]["role"], "AUTHOR");
        let view = "{ pages(view: {perspective: DRAFT}) { totalCount } }";
        assert_eq!(app.query_as(principal, view, Value::Null).await["data"]["pages"]["totalCount"], 0);
    }

    async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(app: TestApp) {
        app.new_account(ANN, Role::Author).await;
        let wrong = app.try_sign_in(ANN, "not her password at all").await;
        assert!(wrong["session"].is_null());
        assert_eq!(wrong["userErrors"][0]["code"], "CREDENTIALS");
        let long = "x".repeat(1_025);
        for (email, password) in [
            ("nobody@example.org", PASSWORD), ("no address", PASSWORD), ("", PASSWORD), ("ann\0@example.org", PASSWORD),
            (ANN, "short"), (ANN, &long), ("nobody@example.org", &long), (ANN, ""), ("ann@example.org\u{fffd}", PASSWORD),
        ] {
            assert_eq!(app.try_sign_in(email, password).await, wrong, "{email}");
        }
    }

    async fn signing_out_holds_at_once(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let (session, other) = (app.sign_in(ANN).await, app.sign_in(ANN).await);
        let principal = app.bearer(&session["accessToken"]).await.expect("a principal");
        let answer = app.query_as(principal, "mutation { signOut { endedAt userErrors { code } } }", Value::Null).await;
        assert_eq!(answer["data"]["signOut"], json!({"endedAt": "2026-05-01T12:00:00Z", "userErrors": []}));
        assert!(is_refused(&app.bearer(&session["accessToken"]).await));
        assert!(refresh(&app, &session["refreshToken"]).await["session"].is_null());
        assert!(app.bearer(&other["accessToken"]).await.is_ok());
    }

    async fn tokens_end_when_they_say(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let session = app.sign_in(ANN).await;
        app.app.clock.advance(TimeDelta::minutes(15) - TimeDelta::microseconds(1));
        assert!(app.bearer(&session["accessToken"]).await.is_ok());
        app.app.clock.advance(TimeDelta::microseconds(1));
        assert!(is_refused(&app.bearer(&session["accessToken"]).await));
        let late = app.sign_in(ANN).await;
        app.app.clock.advance(TimeDelta::days(30));
        assert!(refresh(&app, &late["refreshToken"]).await["session"].is_null());
    }

    async fn a_change_of_role_holds_within_a_second(app: TestApp) {
        let account = app.new_account(ANN, Role::Admin).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let changed = account::ActiveModel { id: Set(account.id), role: Set(Role::Contributor), ..Default::default() };
        let tx = app.app.database.begin().await.expect("a transaction");
        account::Entity::update(changed).exec(&tx).await.expect("a change");
        tx.commit().await.expect("a commit");
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        let principal = app.bearer(&token).await.expect("a principal");
        assert!(matches!(principal, Principal::Account { role: Role::Contributor, .. }), "{principal:?}");
    }

    async fn a_password_is_fresh_for_five_minutes(app: TestApp) {
        app.new_account(ANN, Role::Admin).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let is_fresh = async || {
            let principal = app.bearer(&token).await.expect("a principal");
            kindling::auth::sign_in::require_fresh(&app.app, &principal).await.is_ok()
        };
        assert!(is_fresh().await);
        app.app.clock.advance(TimeDelta::minutes(6));
        assert!(!is_fresh().await);
        let principal = app.bearer(&token).await.expect("a principal");
        for wrong in ["short", "not her password at all"] {
            let answer = app.query_as(principal.clone(), CONFIRM, json!({"input": {"password": wrong}})).await;
            let payload = &answer["data"]["confirmPassword"];
            assert_eq!((&payload["confirmedUntil"], &payload["userErrors"][0]["code"]), (&Value::Null, &json!("CREDENTIALS")));
            assert!(!is_fresh().await);
        }
        let answer = app.query_as(principal, CONFIRM, json!({"input": {"password": PASSWORD}})).await;
        assert_eq!(answer["data"]["confirmPassword"], json!({"confirmedUntil": "2026-05-01T12:11:00Z", "userErrors": []}));
        assert!(is_fresh().await);
    }

    async fn who_is_not_signed_in_can_neither_sign_out_nor_confirm(app: TestApp) {
        let input = json!({"input": {"password": PASSWORD}});
        for mutation in ["mutation { signOut { endedAt } }", CONFIRM] {
            let answer = app.query_as(Principal::Anonymous, mutation, input.clone()).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
        }
    }

    async fn the_first_admin_is_made_once(app: TestApp) {
        let tokens = [setup_token(&app).await.expect("a token"), setup_token(&app).await.expect("another")];
        let attempts: Vec<_> = (0..20).map(|number| {
            let (app, token) = (app.app.clone(), kindling::crypto::Secret::new(&tokens[number % 2]));
            let (email, name, password) = (format!("{number}@example.org"), "Ann".to_owned(), kindling::crypto::Secret::new(PASSWORD));
            tokio::spawn(async move { setup::accept(&app, &token, email, name, password).await })
        }).collect();
        let mut made = Vec::new();
        for attempt in attempts {
            match attempt.await.expect("an attempt") {
                Ok(account) => made.push(account),
                Err(Error::Invalid(problems)) => assert_eq!((problems[0].code, problems[0].path.as_str()), (ProblemCode::Credentials, "token")),
                Err(error) => panic!("{error:?}"),
            }
        }
        let [first] = &made[..] else { panic!("{made:?}") };
        assert_eq!(app.sign_in(&first.email).await["account"]["role"], "ADMIN");
        assert!(setup_token(&app).await.is_none(), "there is an account");
        let log = audit_events(&app).await;
        let told: Vec<_> = log.iter().map(|event| (event.sequence, event.action.as_str(), event.account_id)).collect();
        assert_eq!(told, [(1, "account.created", Some(first.id)), (2, "session.created", Some(first.id))]);
    }

    async fn a_setup_link_holds_for_a_day_and_for_what_is_right(app: TestApp) {
        let token = setup_token(&app).await.expect("a token");
        let refused = create_first(&app, &token, "nonsense", " \t", "short").await;
        let faults: Vec<_> = ["email", "name", "password"].map(|path| json!({"code": "INVALID", "path": path})).into();
        assert_eq!(refused, json!({"account": null, "userErrors": faults}));
        for password in ["x".repeat(11), "x".repeat(1_025)] {
            let refused = create_first(&app, &token, ANN, "Ann", &password).await;
            assert_eq!(refused["userErrors"], json!([{"code": "INVALID", "path": "password"}]));
        }
        let spent = json!({"account": null, "userErrors": [{"code": "CREDENTIALS", "path": "token"}]});
        assert_eq!(create_first(&app, "kds_nonsense", ANN, "Ann", PASSWORD).await, spent);
        app.app.clock.advance(TimeDelta::hours(24));
        assert_eq!(create_first(&app, &token, ANN, "Ann", PASSWORD).await, spent);
        let token = setup_token(&app).await.expect("a token");
        let made = create_first(&app, &token, "Ann@Example.org", " Ann ", &format!("{}{}", PASSWORD, "x".repeat(1_000))).await;
        assert_eq!((&made["account"]["email"], &made["account"]["name"]), (&json!(ANN), &json!("Ann")));
        assert_eq!(create_first(&app, &token, ANN, "Ann", PASSWORD).await, spent);
    }

    async fn no_setup_link_works_once_there_is_an_account(app: TestApp) {
        let token = setup_token(&app).await.expect("a token");
        app.new_account(ANN, Role::Author).await;
        let payload = create_first(&app, &token, "bob@example.org", "Bob", PASSWORD).await;
        assert_eq!(payload["userErrors"][0]["code"], "CREDENTIALS");
    }

    async fn an_address_belongs_to_one_account(app: TestApp) {
        let attempts = ["ann@example.org", "ANN@example.org", "Ann@Example.Org"].map(|email| app.try_account(email, Role::Author));
        let [a, b, c] = attempts;
        let results: [Result<_>; 3] = tokio::join!(a, b, c).into();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for error in results.into_iter().filter_map(Result::err) {
            assert!(matches!(&error, Error::Invalid(problems) if problems[0].code == ProblemCode::Taken && problems[0].path == "email"), "{error:?}");
        }
        assert_eq!(audit_events(&app).await.len(), 1);
    }

    async fn nothing_secret_lies_in_the_database(app: TestApp) {
        let token = setup_token(&app).await.expect("a token");
        let made = create_first(&app, &token, ANN, "Ann", PASSWORD).await;
        assert_eq!(made["account"]["email"], ANN);
        let first = app.sign_in(ANN).await;
        let second = refresh(&app, &first["refreshToken"]).await["session"].clone();
        let kept = app.everything().await;
        assert!(kept.contains(ANN) && kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "this looks where it should");
        let given = [&first["accessToken"], &first["refreshToken"], &second["accessToken"], &second["refreshToken"]];
        for secret in given.map(|secret| secret.as_str().expect("a token")).into_iter().chain([PASSWORD, &token]) {
            assert!(!kept.contains(secret), "{secret} lies in the database");
        }
        let account = account::Entity::find().one(&app.app.database.begin().await.expect("a transaction")).await;
        assert!(!format!("{account:?}").contains("argon2"), "{account:?}");
    }
}
