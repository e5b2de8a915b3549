//! Staying signed in: a refresh token gives new ones once, a lost answer can be asked for again, a stolen token ends its
//! session.

use chrono::TimeDelta;
use kindling::{
    auth::{Principal, Role, session},
    crypto::Secret,
    error::{Error, ProblemCode},
};
use serde_json::{Value, json};

use crate::{
    database_state::audit_events,
    support::{TestApp, on_both_engines},
};

const ANN: &str = "ann@example.org";
const REFRESH: &str = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) {
    session { accessToken refreshToken refreshTokenExpiresAt account { email } } userErrors { code path }
} }";

/// The payload of `refreshSession`.
pub(crate) async fn refresh(app: &TestApp, token: &Value) -> Value {
    let input = json!({"input": {"refreshToken": token}});
    let answer = app.query_as(Principal::Anonymous, REFRESH, input).await;
    answer["data"]["refreshSession"].clone()
}

fn refused() -> Value {
    json!({"session": null, "userErrors": [{"code": "CREDENTIALS", "path": "refreshToken"}]})
}

/// Longer than two uses of one token count as sent at once.
fn later(app: &TestApp) {
    app.app.clock.advance(TimeDelta::seconds(3));
}

async fn is_dead(app: &TestApp, token: &Value) -> bool {
    matches!(app.bearer(token).await, Err(Error::Unauthenticated))
}

on_both_engines! {
    async fn a_refresh_token_gives_new_tokens_once(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let first = app.sign_in(ANN).await;
        app.app.clock.advance(TimeDelta::minutes(20));
        assert!(is_dead(&app, &first["accessToken"]).await, "it has ended");
        let second = refresh(&app, &first["refreshToken"]).await["session"].clone();
        let expected = (&json!(ANN), &json!("2026-05-31T12:20:00Z"));
        assert_eq!((&second["account"]["email"], &second["refreshTokenExpiresAt"]), expected);
        assert!(!is_dead(&app, &second["accessToken"]).await);
        assert_ne!(first["refreshToken"], second["refreshToken"]);
        let other = app.sign_in(ANN).await;
        later(&app);
        assert_eq!(refresh(&app, &first["refreshToken"]).await, refused());
        assert!(is_dead(&app, &second["accessToken"]).await, "a spent token ends its session");
        assert_eq!(refresh(&app, &second["refreshToken"]).await, refused());
        assert!(!is_dead(&app, &other["accessToken"]).await, "and no other session");
        let log = audit_events(&app).await;
        let told = log.last().map(|event| (event.action.as_str(), event.target.is_some()));
        assert_eq!(told, Some(("session.token_reused", true)));
        for token in ["", "kdr_", "nonsense", &other["accessToken"].to_string(), "\0"] {
            assert_eq!(refresh(&app, &json!(token)).await, refused());
        }
    }

    async fn a_lost_answer_can_be_asked_for_again_while_nothing_of_it_is_used(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let first = app.sign_in(ANN).await;
        let lost = refresh(&app, &first["refreshToken"]).await["session"].clone();
        assert_eq!(refresh(&app, &first["refreshToken"]).await, refused(), "too soon to be a retry");
        later(&app);
        let second = refresh(&app, &first["refreshToken"]).await["session"].clone();
        assert!(!is_dead(&app, &second["accessToken"]).await);
        assert!(is_dead(&app, &lost["accessToken"]).await, "only one answer holds");
        assert_eq!(refresh(&app, &lost["refreshToken"]).await, refused());
        assert!(!is_dead(&app, &second["accessToken"]).await, "and what was lost harms nobody");
        let third = refresh(&app, &second["refreshToken"]).await["session"].clone();
        assert!(!is_dead(&app, &third["accessToken"]).await);
        later(&app);
        assert_eq!(refresh(&app, &second["refreshToken"]).await, refused(), "its answer was used");
        assert!(is_dead(&app, &third["accessToken"]).await);
    }

    async fn of_a_hundred_who_refresh_at_once_one_succeeds(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let token = app.sign_in(ANN).await["refreshToken"].clone();
        let attempts: Vec<_> = (0..100).map(|_| {
            let (app, token) = (app.app.clone(), Secret::new(token.as_str().expect("a token")));
            tokio::spawn(async move { session::refresh(&app, &token).await })
        }).collect();
        let mut tokens = Vec::new();
        for attempt in attempts {
            match attempt.await.expect("an attempt") {
                Ok(given) => tokens.push(given),
                Err(Error::Invalid(problems)) => assert_eq!(problems[0].code, ProblemCode::Credentials),
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(tokens.len(), 1);
        let access = json!(tokens[0].access.expose());
        assert!(!is_dead(&app, &access).await, "whoever sends twice keeps the session");
    }
}
