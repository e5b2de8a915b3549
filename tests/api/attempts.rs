//! Trying passwords: counted before any is looked at, per account and per network, with longer and longer waits that end.

use std::net::{IpAddr, Ipv4Addr};

use chrono::TimeDelta;
use kindling::{
    auth::{
        Client, Role,
        sign_in::{SignIn, sign_in},
    },
    crypto::Secret,
    error::{Error, Result},
};

use crate::{
    database_state::audit_events,
    support::{TestApp, accounts::PASSWORD, on_both_engines},
};

const ANN: &str = "ann@example.org";

fn from(last: u8) -> Client {
    Client::new(Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))), "a test")
}

async fn attempt(app: &TestApp, client: &Client, email: &str, password: &str) -> Result<SignIn> {
    sign_in(&app.app, client, email, Secret::new(password)).await
}

/// How long somebody must wait who tries a wrong password; none if it was looked at.
async fn wait_after_wrong(app: &TestApp, client: &Client, email: &str) -> Option<TimeDelta> {
    match attempt(app, client, email, "not her password at all").await {
        Err(Error::TooManyAttempts(wait)) => Some(wait),
        Err(Error::Invalid(_)) => None,
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    async fn of_five_hundred_at_once_no_more_than_the_budget_are_looked_at(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let attempts: Vec<_> = (0..500_u16).map(|number| {
            let app = app.app.clone();
            // From many networks, so that only the account's budget holds them.
            let client = from(u8::try_from(number % 250).expect("a number"));
            tokio::spawn(async move { sign_in(&app, &client, ANN, Secret::new("not her password at all")).await })
        }).collect();
        let mut looked_at = 0;
        for attempt in attempts {
            match attempt.await.expect("an attempt") {
                Err(Error::Invalid(_)) => looked_at += 1,
                Err(Error::TooManyAttempts(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(looked_at, 10);
        let told = audit_events(&app).await.into_iter().filter(|event| event.action == "session.refused");
        assert_eq!(told.count(), 10, "what was not looked at is not told");
    }

    async fn waits_grow_and_end_and_a_success_forgets_them(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        for email in [ANN, "nobody@example.org"] {
            for _ in 0..10 {
                assert_eq!(wait_after_wrong(&app, &from(1), email).await, None, "{email}");
            }
            for seconds in [30, 60, 120, 240, 480, 900, 900] {
                let wait = wait_after_wrong(&app, &from(1), email).await;
                assert_eq!(wait, Some(TimeDelta::seconds(seconds)), "{email}");
                let right = attempt(&app, &from(1), email, PASSWORD).await;
                assert!(matches!(right, Err(Error::TooManyAttempts(_))), "the right one must wait, too");
                app.app.clock.advance(TimeDelta::seconds(seconds));
                assert_eq!(wait_after_wrong(&app, &from(1), email).await, None);
            }
            app.app.clock.advance(TimeDelta::minutes(15));
        }
        assert!(attempt(&app, &from(1), ANN, PASSWORD).await.is_ok());
        assert_eq!(wait_after_wrong(&app, &from(1), ANN).await, None);
        assert!(attempt(&app, &from(1), ANN, PASSWORD).await.is_ok());
    }

    async fn nobody_elsewhere_can_keep_an_owner_out(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        assert!(attempt(&app, &from(1), ANN, PASSWORD).await.is_ok());
        for _ in 0..20 {
            wait_after_wrong(&app, &from(2), ANN).await;
        }
        assert!(wait_after_wrong(&app, &from(3), ANN).await.is_some(), "one budget for all who are unknown");
        assert!(attempt(&app, &from(1), ANN, PASSWORD).await.is_ok(), "where she was signed in before, she has her own");
    }

    async fn a_network_has_a_budget_for_all_accounts(app: TestApp) {
        let mut looked_at = 0;
        for number in 0..120 {
            let email = format!("{number}@example.org");
            looked_at += i32::from(wait_after_wrong(&app, &from(1), &email).await.is_none());
        }
        assert_eq!(looked_at, 100);
        assert_eq!(wait_after_wrong(&app, &from(2), "0@example.org").await, None);
    }

    async fn aliases_give_nobody_more_attempts(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let input = format!("{{email: \"{ANN}\", password: \"not her password at all\"}}");
        let aliases = (0..20).map(|number| format!("a{number}: signIn(input: {input}) {{ userErrors {{ code }} }}"));
        let document = format!("mutation {{ {} }}", aliases.collect::<Vec<_>>().join(" "));
        let answer = app.query(&document).await;
        let refused = audit_events(&app).await.into_iter().filter(|event| event.action == "session.refused");
        assert!(refused.count() <= 10, "{answer}");
        let codes = answer["errors"].as_array().expect("errors");
        assert!(codes.iter().all(|error| error["extensions"]["code"] == "TOO_MANY_ATTEMPTS"));
        assert!(codes[0]["extensions"]["retryAfterSeconds"].as_i64().is_some_and(|seconds| seconds > 0));
    }
}
