//! New passwords for those who have lost theirs: nobody is told who has an account, and each link works once.

use chrono::TimeDelta;
use kindling::{
    auth::{
        Client, Principal, Role,
        bearer::authenticate,
        password_reset, session,
        sign_in::{SignIn, sign_in},
    },
    crypto::Secret,
    error::{Error, ProblemCode},
};
use serde_json::{Value, json};

use super::{ADMIN, ANN, NEW_PASSWORD, fault, faults, id_of};
use crate::{
    database_state::audit_events,
    support::{
        accounts::PASSWORD,
        mail::{Sink, token_in},
        on_both_engines,
    },
};

const REQUESTED: &str = "requestedAt";

on_both_engines! {
    async fn a_lost_password_is_replaced_by_mail(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        app.new_account(ANN, Role::Editor).await;
        let before = app.sign_in(ANN).await;
        let nobody = Principal::Anonymous;
        app.change(&nobody, "requestPasswordReset", REQUESTED, json!({"email": "ANN@example.org"})).await;
        app.work().await;
        let mail = sink.mail(1);
        assert_eq!((&mail["to"], &mail["from"]), (&json!([ANN]), &json!("Kindling <cms@example.org>")));
        assert_eq!(mail["subject"], "A new password for Kindling");
        let link = "https://cms.example.org/password-reset#kdi_";
        for form in ["text", "html"] {
            assert!(mail[form].as_str().expect("a text").contains(link), "{mail}");
        }
        let input = json!({"token": token_in(mail["text"].as_str().expect("a text")), "password": NEW_PASSWORD});
        let reset = app.change(&nobody, "resetPassword", "account { email }", input.clone()).await;
        assert_eq!(reset, json!({"account": {"email": ANN}, "userErrors": []}));
        assert!(app.bearer(&before["accessToken"]).await.is_err(), "sessions end");
        assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_null());
        assert!(!app.try_sign_in(ANN, NEW_PASSWORD).await["session"].is_null());
        assert_eq!(faults(&app.change(&nobody, "resetPassword", "account { id }", input).await), fault("CREDENTIALS", "token"));
        app.work().await;
        assert_eq!(sink.mail(2)["subject"], "Your password for Kindling was changed");
        let told: Vec<_> = audit_events(&app).await.into_iter().map(|event| event.action).collect();
        assert_eq!(told[2..5], ["password.reset_requested", "password.reset", "session.ended"]);
    }

    async fn nobody_is_told_who_has_an_account(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let suspended = app.new_account("suspended@example.org", Role::Author).await;
        app.change(&admin, "suspendAccount", "account { id }", json!({"account": id_of(&suspended)})).await;
        app.change(&admin, "inviteAccount", "link", json!({"email": "invited@example.org", "name": "I", "role": "AUTHOR"})).await;
        app.work().await;
        assert_eq!(sink.mail(1)["to"], json!(["invited@example.org"]));
        let ask = async |email: &str| app.try_change(&Principal::Anonymous, "requestPasswordReset", REQUESTED, json!({"email": email})).await;
        let known = ask(ADMIN).await;
        for email in ["nobody@example.org", "suspended@example.org", "invited@example.org"] {
            let other = ask(email).await;
            assert_eq!(other, known, "{email}");
        }
        app.work().await;
        assert_eq!(sink.mail(2)["to"], json!([ADMIN]));
        assert_eq!(sink.mails().len(), 2, "nobody else is written to");
        let wrong = ask("no address").await;
        assert_eq!(faults(&wrong["data"]["requestPasswordReset"]), fault("INVALID", "email"));
    }

    async fn requests_are_counted_for_known_and_unknown_addresses_alike(app: TestApp) {
        let app = app.sending_to(1);
        app.new_account(ANN, Role::Author).await;
        let ask = async |email: &str| {
            let answer = app.try_change(&Principal::Anonymous, "requestPasswordReset", REQUESTED, json!({"email": email})).await;
            answer["errors"][0]["extensions"]["code"].clone()
        };
        for email in [ANN, "nobody@example.org"] {
            let mut taken = 0;
            while ask(email).await.is_null() {
                taken += 1;
                assert!(taken < 20, "{email} is never refused");
            }
            assert_eq!((taken, ask(email).await), (5, json!("TOO_MANY_ATTEMPTS")), "{email}");
        }
        app.app.clock.advance(TimeDelta::minutes(2));
        assert_eq!(ask(ANN).await, Value::Null, "nothing is locked for ever");
        app.forget_jobs().await;
    }

    async fn of_many_who_use_a_link_at_once_one_succeeds(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let token = app.link_from(&admin, "createPasswordResetLink", json!({"account": id_of(&ann)})).await;
        let attempts: Vec<_> = (0..100).map(|number| {
            let (app, token) = (app.app.clone(), Secret::new(token.as_str()));
            let password = Secret::new(format!("{NEW_PASSWORD} {number}"));
            tokio::spawn(async move {
                let reset = password_reset::reset(&app, &Client::default(), &token, password).await;
                reset.map(|_| number)
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
        assert!(!app.try_sign_in(ANN, &format!("{NEW_PASSWORD} {number}")).await["session"].is_null());
    }

    async fn of_sign_ins_that_race_a_reset_none_lives_on_with_the_old_password(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let mut old = PASSWORD.to_owned();
        for number in 0..6 {
            let token = app.link_from(&admin, "createPasswordResetLink", json!({"account": id_of(&ann)})).await;
            let sign_ins: Vec<_> = (0..4).map(|_| {
                let (app, password) = (app.app.clone(), Secret::new(old.as_str()));
                tokio::spawn(async move { sign_in(&app, &Client::default(), ANN, password).await })
            }).collect();
            old = format!("{NEW_PASSWORD} {number}");
            let reset = password_reset::reset(&app.app, &Client::default(), &Secret::new(token), Secret::new(old.as_str())).await;
            assert!(reset.is_ok(), "{reset:?}");
            for attempt in sign_ins {
                match attempt.await.expect("an attempt") {
                    Ok(SignIn::Session(tokens)) => {
                        let who = authenticate(&app.app, &tokens.access).await;
                        assert!(matches!(who, Err(Error::Unauthenticated)), "{who:?}");
                        let refreshed = session::refresh(&app.app, &tokens.refresh).await;
                        assert!(refreshed.is_err(), "{refreshed:?}");
                    }
                    Ok(other) => panic!("{other:?}"),
                    Err(Error::Invalid(problems)) => assert_eq!(problems[0].code, ProblemCode::Credentials),
                    Err(error) => panic!("{error:?}"),
                }
            }
            assert!(!app.try_sign_in(ANN, &old).await["session"].is_null());
        }
    }

    async fn without_mail_an_admin_hands_the_link_over(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let asked = app.change(&Principal::Anonymous, "requestPasswordReset", REQUESTED, json!({"email": ANN})).await;
        assert_eq!(faults(&asked), fault("INVALID", ""));
        let token = app.link_from(&admin, "createPasswordResetLink", json!({"account": id_of(&ann)})).await;
        let input = json!({"token": token, "password": NEW_PASSWORD});
        let reset = app.change(&Principal::Anonymous, "resetPassword", "account { email }", input).await;
        assert_eq!(reset["account"]["email"], ANN);
        let invited = app.change(&admin, "inviteAccount", "account { id }", json!({"email": "i@example.org", "name": "I", "role": "AUTHOR"})).await;
        let input = json!({"account": invited["account"]["id"]});
        assert_eq!(faults(&app.change(&admin, "createPasswordResetLink", "link", input).await), fault("INVALID", "account"));
        app.change(&admin, "suspendAccount", "account { id }", json!({"account": id_of(&ann)})).await;
        let input = json!({"account": id_of(&ann)});
        assert_eq!(faults(&app.change(&admin, "createPasswordResetLink", "link", input).await), fault("INVALID", "account"));
    }
}
