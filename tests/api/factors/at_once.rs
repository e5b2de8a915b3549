//! Many at once with what is good once.

use kindling::{
    auth::{
        Client, Role,
        factor::Factor,
        sign_in::{SignIn, complete},
    },
    crypto::Secret,
    error::{Error, Result},
};

use super::{ANN, Person, next_step};
use crate::{
    database_state::audit_events,
    support::{TestApp, on_both_engines},
};

/// How many of a hundred come to a session with this factor, each with a challenge of its own; the others are refused.
async fn sessions(app: &TestApp, person: &Person, factor: impl Fn() -> Factor) -> usize {
    let mut challenges = Vec::new();
    for _ in 0..100 {
        let token = person.challenge(app).await["token"].clone();
        challenges.push(Secret::new(token.as_str().expect("a token")));
    }
    let attempts: Vec<_> = challenges
        .into_iter()
        .map(|challenge| {
            let (app, given) = (app.app.clone(), factor());
            tokio::spawn(async move {
                complete(&app, &Client::default(), &challenge, Some(&given)).await
            })
        })
        .collect();
    let mut sessions = 0;
    for attempt in attempts {
        let done: Result<SignIn> = attempt.await.expect("an attempt");
        match done {
            Ok(SignIn::Session(_)) => sessions += 1,
            Err(Error::Invalid(_) | Error::TooManyAttempts(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    sessions
}

on_both_engines! {
    async fn of_a_hundred_who_use_one_code_of_an_app_one_succeeds(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        next_step(&app);
        let code = ann.totp(&app);
        assert_eq!(sessions(&app, &ann, || Factor::TotpCode(Secret::new(&code))).await, 1);
        let looked_at = audit_events(&app).await.into_iter().filter(|event| event.action == "session.refused");
        assert!((1..=20).contains(&looked_at.count()), "the budget, once more after the success");
    }

    async fn of_a_hundred_who_use_one_recovery_code_one_succeeds(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let code = &ann.codes[3];
        assert_eq!(sessions(&app, &ann, || Factor::RecoveryCode(Secret::new(code))).await, 1);
    }

    async fn of_a_hundred_who_use_one_challenge_one_succeeds(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let token = ann.challenge(&app).await["token"].clone();
        let attempts: Vec<_> = (0..100).map(|number| {
            let (app, token) = (app.app.clone(), Secret::new(token.as_str().expect("a token")));
            let given = Factor::RecoveryCode(Secret::new(&ann.codes[number % 10]));
            tokio::spawn(async move { complete(&app, &Client::default(), &token, Some(&given)).await })
        }).collect();
        let mut sessions = 0;
        for attempt in attempts {
            sessions += usize::from(attempt.await.expect("an attempt").is_ok());
        }
        assert_eq!(sessions, 1);
        let told = app.query_as(ann.principal(&app).await, "{ viewer { factors { recoveryCodesLeft } } }", serde_json::Value::Null).await;
        assert_eq!(told["data"]["viewer"]["factors"]["recoveryCodesLeft"], 9, "those who were refused have spent nothing");
    }
}
