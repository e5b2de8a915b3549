//! What admins do with accounts, and what that ends.

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use super::{ADMIN, ANN, NEW_PASSWORD, fault, faults, id_of};
use crate::{
    database_state::all_rows,
    support::{accounts::PASSWORD, on_both_engines},
};

on_both_engines! {
    async fn a_new_role_ends_sessions_and_holds_from_then_on(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let input = json!({"account": id_of(&ann), "role": "EDITOR"});
        let changed = app.change(&admin, "changeRole", "account { role }", input.clone()).await;
        assert_eq!(changed["account"]["role"], "EDITOR");
        assert!(app.bearer(&token).await.is_err());
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let principal = app.bearer(&token).await.expect("a principal");
        assert!(matches!(principal, Principal::Account { role: Role::Editor, .. }));
        app.change(&admin, "changeRole", "account { role }", input).await;
        assert!(app.bearer(&token).await.is_ok(), "nothing has changed, and nothing ends");
    }

    async fn a_suspended_account_is_out_until_it_is_reactivated(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let session = app.sign_in(ANN).await;
        let reset = app.link_from(&admin, "createPasswordResetLink", json!({"account": id_of(&ann)})).await;
        let account = json!({"account": id_of(&ann)});
        let suspended = app.change(&admin, "suspendAccount", "account { status }", account.clone()).await;
        assert_eq!(suspended["account"]["status"], "SUSPENDED");
        assert!(app.bearer(&session["accessToken"]).await.is_err());
        assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_null());
        let input = json!({"token": reset, "password": NEW_PASSWORD});
        let refused = app.change(&Principal::Anonymous, "resetPassword", "account { id }", input).await;
        assert_eq!(faults(&refused), fault("CREDENTIALS", "token"));
        app.change(&admin, "reactivateAccount", "account { status }", account).await;
        assert!(app.bearer(&session["accessToken"]).await.is_err(), "what has ended stays so");
        app.sign_in(ANN).await;
    }

    async fn an_erased_account_leaves_its_id_behind(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.newcomer(ANN, Role::Editor).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        app.created(&ann, "Value", json!({"title": "Courage"})).await;
        let id = json!(format!("account_{}", ann.account_id().expect("an id").simple()));
        let erased = app.change(&admin, "eraseAccount", "accountId", json!({ "account": id })).await;
        assert_eq!(erased["accountId"], id);
        assert!(app.bearer(&token).await.is_err());
        assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_null());
        let log = app.query_as(admin.clone(), "{ events { nodes { action actor { id name } } } }", Value::Null).await;
        let nodes = log["data"]["events"]["nodes"].as_array().expect("events").iter();
        let created = nodes.clone().find(|event| event["action"] == "entry.created").expect("an event");
        assert_eq!(created["actor"], json!({"id": id, "name": null}));
        let again = app.change(&admin, "eraseAccount", "accountId", json!({ "account": id })).await;
        assert_eq!(faults(&again), fault("NOT_FOUND", "account"));
        app.new_account(ANN, Role::Author).await;
    }

    async fn one_gives_oneself_another_name_and_admins_anybody(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.newcomer(ANN, Role::Contributor).await;
        let renamed = app.change(&ann, "updateAccount", "account { email name }", json!({"name": " Ann Meyer "})).await;
        assert_eq!(renamed["account"], json!({"email": ANN, "name": "Ann Meyer"}));
        assert_eq!(faults(&app.change(&ann, "updateAccount", "account { id }", json!({"name": "a\nb"})).await), fault("INVALID", "name"));
        let of = |who: &Principal| format!("account_{}", who.account_id().expect("an id").simple());
        let other = app.try_change(&ann, "updateAccount", "account { id }", json!({"account": of(&admin), "name": "X"})).await;
        assert_eq!(other["errors"][0]["extensions"]["code"], "FORBIDDEN", "{other}");
        let other = app.change(&admin, "updateAccount", "account { name }", json!({"account": of(&ann), "name": "A. M."})).await;
        assert_eq!(other["account"]["name"], "A. M.");
    }

    async fn what_admins_do_needs_a_fresh_password(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        app.app.clock.advance(TimeDelta::minutes(6));
        let before = all_rows(&app).await;
        let account = json!({"account": id_of(&ann)});
        let with = |name: &str, value: &str| {
            let mut input = account.clone();
            input[name] = json!(value);
            input
        };
        for (name, input) in [
            ("inviteAccount", json!({"email": "i@example.org", "name": "I", "role": "AUTHOR"})),
            ("resendInvitation", account.clone()), ("createPasswordResetLink", account.clone()),
            ("createEmailChangeLink", with("newEmail", "i@example.org")), ("changeRole", with("role", "ADMIN")),
            ("suspendAccount", account.clone()), ("reactivateAccount", account.clone()), ("eraseAccount", account.clone()),
        ] {
            let answer = app.try_change(&admin, name, "__typename", input).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "PASSWORD_REQUIRED", "{name}: {answer}");
        }
        assert_eq!(all_rows(&app).await, before);
    }
}
