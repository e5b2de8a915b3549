//! Invitations: who is invited, how they come, and that each link works once.

use chrono::TimeDelta;
use kindling::{
    auth::{Client, Principal, Role, invitation},
    crypto::Secret,
    error::Error,
};
use serde_json::json;

use super::{ADMIN, ANN, NEW_PASSWORD, fault, faults};
use crate::{
    database_state::{all_rows, audit_events},
    support::on_both_engines,
};

const SHOWN: &str = "account { id email name role status } link";

on_both_engines! {
    async fn whoever_is_invited_comes_with_the_link(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let input = json!({"email": " Ann@Example.org", "name": "Ann", "role": "EDITOR"});
        let invited = app.change(&admin, "inviteAccount", SHOWN, input).await;
        let (id, link) = (&invited["account"]["id"], invited["link"].as_str().expect("a link"));
        assert_eq!(invited["account"], json!({"id": id, "email": ANN, "name": "Ann", "role": "EDITOR", "status": "INVITED"}));
        assert!(link.starts_with("http://127.0.0.1:8080/invitation#kdi_"), "{link}");
        assert!(app.try_sign_in(ANN, NEW_PASSWORD).await["session"].is_null(), "she has not come yet");
        let token = crate::support::mail::token_in(link);
        let nobody = Principal::Anonymous;
        let weak = app.change(&nobody, "acceptInvitation", "account { id }", json!({"token": token, "name": " ", "password": "ann@example.org"})).await;
        assert_eq!(faults(&weak), [fault("INVALID", "name"), fault("INVALID", "password")].concat());
        let input = json!({"token": token, "name": "Ann Meyer", "password": NEW_PASSWORD});
        let joined = app.change(&nobody, "acceptInvitation", "account { id name role status }", input.clone()).await;
        assert_eq!(joined["account"], json!({"id": id, "name": "Ann Meyer", "role": "EDITOR", "status": "ACTIVE"}));
        let again = app.change(&nobody, "acceptInvitation", "account { id }", input).await;
        assert_eq!(faults(&again), fault("CREDENTIALS", "token"));
        let signed_in = app.try_sign_in(ANN, NEW_PASSWORD).await;
        assert_eq!(signed_in["session"]["account"]["id"], *id);
        let told: Vec<_> = audit_events(&app).await.into_iter().map(|event| event.action).collect();
        assert_eq!(told, ["account.created", "session.created", "account.invited", "session.refused", "account.joined", "session.created"]);
    }

    async fn of_many_who_accept_at_once_one_succeeds(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let token = app.link_from(&admin, "inviteAccount", json!({"email": ANN, "name": "Ann", "role": "AUTHOR"})).await;
        let attempts: Vec<_> = (0..100).map(|number| {
            let (app, token) = (app.app.clone(), Secret::new(token.as_str()));
            let password = Secret::new(format!("{NEW_PASSWORD} {number}"));
            tokio::spawn(async move {
                let joined = invitation::accept(&app, &Client::default(), &token, None, password).await;
                joined.map(|_| number)
            })
        }).collect();
        let mut succeeded = Vec::new();
        for attempt in attempts {
            match attempt.await.expect("an attempt") {
                Ok(number) => succeeded.push(number),
                Err(Error::Invalid(problems)) => assert_eq!(problems[0].path, "token"),
                Err(error) => panic!("{error:?}"),
            }
        }
        let [number] = succeeded[..] else { panic!("{succeeded:?}") };
        let session = app.try_sign_in(ANN, &format!("{NEW_PASSWORD} {number}")).await;
        assert!(!session["session"].is_null(), "the password of the one that succeeded holds");
    }

    async fn a_link_ends_in_time_and_with_the_next_one(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let invited = app.change(&admin, "inviteAccount", SHOWN, json!({"email": ANN, "name": "Ann", "role": "AUTHOR"})).await;
        let first = crate::support::mail::token_in(invited["link"].as_str().expect("a link"));
        let account = json!({"account": invited["account"]["id"]});
        let second = app.link_from(&admin, "resendInvitation", account.clone()).await;
        let accept = async |token: &str| {
            let input = json!({"token": token, "password": NEW_PASSWORD});
            faults(&app.change(&Principal::Anonymous, "acceptInvitation", "account { id }", input).await)
        };
        assert_eq!(accept(&first).await, fault("CREDENTIALS", "token"));
        app.app.clock.advance(TimeDelta::hours(72));
        assert_eq!(accept(&second).await, fault("CREDENTIALS", "token"));
        app.app.clock.advance(TimeDelta::hours(-72));
        assert_eq!(accept(&second).await, []);
        let joined = app.change(&admin, "resendInvitation", "link", account).await;
        assert_eq!(faults(&joined), fault("INVALID", "account"));
    }

    async fn a_link_serves_one_purpose_and_no_suspended_account(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let invited = app.change(&admin, "inviteAccount", SHOWN, json!({"email": ANN, "name": "Ann", "role": "AUTHOR"})).await;
        let token = crate::support::mail::token_in(invited["link"].as_str().expect("a link"));
        let nobody = Principal::Anonymous;
        let input = json!({"token": token, "password": NEW_PASSWORD});
        let reset = app.change(&nobody, "resetPassword", "account { id }", input.clone()).await;
        assert_eq!(faults(&reset), fault("CREDENTIALS", "token"));
        let confirmed = app.change(&nobody, "confirmEmailChange", "account { id }", json!({ "token": token })).await;
        assert_eq!(faults(&confirmed), fault("CREDENTIALS", "token"));
        let wrong = app.change(&nobody, "acceptInvitation", "account { id }", json!({"token": "kdi_wrong", "password": NEW_PASSWORD})).await;
        let account = json!({"account": invited["account"]["id"]});
        app.change(&admin, "suspendAccount", "account { id }", account.clone()).await;
        let suspended = app.change(&nobody, "acceptInvitation", "account { id }", input.clone()).await;
        assert_eq!(suspended, wrong, "nobody is told why");
        assert_eq!(faults(&app.change(&admin, "resendInvitation", "link", account.clone()).await), fault("INVALID", "account"));
        app.change(&admin, "reactivateAccount", "account { id }", account).await;
        assert_eq!(app.change(&nobody, "acceptInvitation", "account { id }", input).await, wrong, "its links have ended");
    }

    async fn what_is_wrong_with_an_invitation_is_told_and_changes_nothing(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let before = all_rows(&app).await;
        let wrong = app.change(&admin, "inviteAccount", "link", json!({"email": "ann", "name": "", "role": "AUTHOR"})).await;
        assert_eq!(faults(&wrong), [fault("INVALID", "email"), fault("INVALID", "name")].concat());
        let taken = app.change(&admin, "inviteAccount", "link", json!({"email": ADMIN.to_uppercase(), "name": "Ann", "role": "AUTHOR"})).await;
        assert_eq!(faults(&taken), fault("TAKEN", "email"));
        assert_eq!(all_rows(&app).await, before);
    }

    async fn no_link_lies_open_in_the_database(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let token = app.link_from(&admin, "inviteAccount", json!({"email": ANN, "name": "Ann", "role": "AUTHOR"})).await;
        assert!(!all_rows(&app).await.concat().contains(&token[4..]));
    }
}
