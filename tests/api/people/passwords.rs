//! Passwords: what they must be, wherever they are set, and changing one's own.

use kindling::auth::{Principal, Role};
use serde_json::json;

use super::{ADMIN, ANN, NEW_PASSWORD, fault, faults, id_of};
use crate::support::{accounts::PASSWORD, mail::Sink, on_both_engines};

on_both_engines! {
    async fn a_new_password_ends_all_other_sessions(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        app.new_account(ANN, Role::Contributor).await;
        let (own, other) = (app.sign_in(ANN).await, app.sign_in(ANN).await);
        let ann = app.bearer(&own["accessToken"]).await.expect("a principal");
        let wrong = json!({"currentPassword": "not her password", "password": NEW_PASSWORD});
        assert_eq!(faults(&app.change(&ann, "changePassword", "account { id }", wrong).await), fault("CREDENTIALS", "currentPassword"));
        let weak = json!({"currentPassword": PASSWORD, "password": "password1234"});
        let weak = app.change(&ann, "changePassword", "account { id }", weak).await;
        assert_eq!(faults(&weak), fault("INVALID", "password"));
        assert!(app.bearer(&other["accessToken"]).await.is_ok());
        let input = json!({"currentPassword": PASSWORD, "password": NEW_PASSWORD});
        let changed = app.change(&ann, "changePassword", "account { email }", input).await;
        assert_eq!(changed, json!({"account": {"email": ANN}, "userErrors": []}));
        assert!(app.bearer(&other["accessToken"]).await.is_err());
        assert!(app.bearer(&own["accessToken"]).await.is_ok());
        assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_null());
        assert!(!app.try_sign_in(ANN, NEW_PASSWORD).await["session"].is_null());
        app.work().await;
        assert_eq!((&sink.mail(1)["to"], &sink.mail(1)["subject"]), (&json!([ANN]), &json!("Your password for Kindling was changed")));
    }

    async fn a_link_for_a_new_password_ends_with_the_old_one(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let account = app.new_account(ANN, Role::Author).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let ann = app.bearer(&token).await.expect("a principal");
        let token = app.link_from(&admin, "createPasswordResetLink", json!({"account": id_of(&account)})).await;
        let input = json!({"currentPassword": PASSWORD, "password": NEW_PASSWORD});
        assert_eq!(faults(&app.change(&ann, "changePassword", "account { id }", input).await), []);
        let input = json!({"token": token, "password": PASSWORD});
        let late = app.change(&Principal::Anonymous, "resetPassword", "account { id }", input).await;
        assert_eq!(faults(&late), fault("CREDENTIALS", "token"));
    }

    async fn a_weak_password_is_refused_with_the_reason(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let input = json!({"email": "walburga@example.org", "name": "Walburga Stein", "role": "AUTHOR"});
        let token = app.link_from(&admin, "inviteAccount", input).await;
        let try_with = async |password: &str| {
            let input = json!({"token": token, "password": password});
            let tried = app.change(&Principal::Anonymous, "acceptInvitation", "account { id }", input).await;
            tried["userErrors"][0]["message"].as_str().unwrap_or_default().to_owned()
        };
        for (password, reason) in [
            ("short", "must have 12 to 1024 characters"),
            (&"x".repeat(1_000_000), "must have 12 to 1024 characters"),
            ("password1234", "is too easy to guess: this is a very common password"),
            ("walburga@example.org", "is too easy to guess: it is made of words that belong to the account or to the site"),
            ("Stein-Walburga", "is too easy to guess: it is made of words that belong to the account or to the site"),
            ("kindlingkindling", "is too easy to guess: it is made of words that belong to the account or to the site"),
        ] {
            assert_eq!(try_with(password).await, reason, "{}", &password[..password.len().min(30)]);
        }
        assert_eq!(try_with("only small letters and spaces").await, "", "nothing is asked of its characters");
    }
}
