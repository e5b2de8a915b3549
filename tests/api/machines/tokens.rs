//! API tokens: who makes them, what is kept of them, and when they end.

use chrono::TimeDelta;
use entity::{account, api_token, idempotency};
use futures_util::future::join_all;
use kindling::{
    auth::{Principal, Role},
    crypto::{Secret, machine_token},
    error::Error,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{CREATE, REVOKE, ROTATE};
use crate::{
    database_state::{all_rows, audit_events},
    support::{TestApp, on_both_engines},
};

const LIST: &str = "{ apiTokens { totalCount nodes { id name } } }";

async fn rows(app: &TestApp) -> Vec<api_token::Model> {
    let rows = app.app.database.rows(api_token::Entity::find()).await;
    rows.expect("tokens")
}

on_both_engines! {
    async fn a_token_is_told_once_and_kept_as_a_hash(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let input = json!({"name": " Importer ", "scopes": ["WRITE", "DRAFTS"], "contentTypes": ["VALUE"], "expiresAt": "2026-06-01T00:00:00Z"});
        let payload = app.payload(&ann, CREATE, input).await;
        let secret = payload["secret"].as_str().expect("a secret").to_owned();
        assert!(secret.starts_with("kdl_") && secret.len() == 40, "{secret}");
        assert!(machine_token::is_whole(&Secret::new(secret.as_str())));
        let maker = format!("account_{}", ann.account_id().expect("an id").simple());
        assert_eq!(payload["apiToken"], json!({
            "id": payload["apiToken"]["id"], "name": "Importer", "scopes": ["DRAFTS", "WRITE"], "contentTypes": ["VALUE"],
            "createdBy": {"id": maker}, "createdAt": "2026-05-01T12:00:00Z", "expiresAt": "2026-06-01T00:00:00Z",
            "previousSecretExpiresAt": null, "lastUsedAt": null, "revokedAt": null
        }));
        let told = format!("{:?} {:?}", rows(&app).await, audit_events(&app).await);
        assert!(!told.contains(&secret[4..]), "{told}");
        let who = app.with(&payload["secret"]).await;
        assert!(matches!(&who, Principal::ApiToken { role: Role::Editor, scopes, types: Some(types), .. } if scopes.len() == 2 && types.len() == 1));
        let own = app.query_as(who, "{ viewer { id } currentToken { id lastUsedAt } }", Value::Null).await;
        assert_eq!(own["data"], json!({"viewer": null, "currentToken": {"id": payload["apiToken"]["id"], "lastUsedAt": "2026-05-01T12:00:00Z"}}));
        let last = audit_events(&app).await.pop().expect("an event");
        assert_eq!((last.action.as_str(), last.target.as_deref()), ("api_token.created", payload["apiToken"]["id"].as_str()));
    }

    async fn what_is_wrong_with_a_token_is_told_at_once_and_nothing_is_made(app: TestApp) {
        let ann = app.somebody("ann", Role::Author).await;
        let before = all_rows(&app).await;
        let wrong = json!({"name": " \n ", "scopes": ["PUBLISH"], "contentTypes": [], "expiresAt": "2026-05-01T12:00:00Z"});
        let payload = app.payload(&ann, CREATE, wrong).await;
        let errors = payload["userErrors"].as_array().expect("errors");
        let paths: Vec<&str> = errors.iter().filter_map(|error| error["path"].as_str()).collect();
        assert_eq!(paths, ["name", "scopes", "contentTypes", "expiresAt"]);
        assert_eq!((&payload["secret"], &payload["apiToken"]), (&Value::Null, &Value::Null));
        for id in ["", "x", "api_token_", "value_018f0000000070008000000000000000"] {
            let payload = app.payload(&ann, REVOKE, json!({ "id": id })).await;
            assert_eq!(payload["userErrors"], json!([{"code": "INVALID", "path": "id"}]), "{id}");
        }
        let (_, id) = app.token(&ann, &[], None).await;
        let made = all_rows(&app).await;
        assert_eq!(made.len(), before.len() + 2, "a token and its event");
        for overlap in [-1, 604_801] {
            let payload = app.payload(&ann, ROTATE, json!({"id": id, "overlapSeconds": overlap})).await;
            assert_eq!(payload["userErrors"], json!([{"code": "INVALID", "path": "overlapSeconds"}]));
        }
        assert_eq!(all_rows(&app).await, made);
    }

    async fn a_fresh_password_makes_and_rotates_tokens(app: TestApp) {
        let ann = app.somebody("ann", Role::Author).await;
        let (_, id) = app.token(&ann, &[], None).await;
        app.app.clock.advance(TimeDelta::minutes(6));
        let before = all_rows(&app).await;
        let input = json!({"name": "Late", "scopes": []});
        assert_eq!(app.code(&ann, CREATE, input).await, "PASSWORD_REQUIRED");
        assert_eq!(app.code(&ann, ROTATE, json!({"id": id, "overlapSeconds": 0})).await, "PASSWORD_REQUIRED");
        assert_eq!(all_rows(&app).await, before);
        let payload = app.payload(&ann, REVOKE, json!({ "id": id })).await;
        assert_eq!(payload["userErrors"], json!([]), "what takes rights back never waits");
    }

    async fn tokens_of_others_do_not_exist_but_for_admins(app: TestApp) {
        let (ann, bob) = (app.somebody("ann", Role::Author).await, app.somebody("bob", Role::Editor).await);
        let admin = app.somebody("ada", Role::Admin).await;
        let (secret, id) = app.token(&ann, &[], None).await;
        let nobodys = kindling::auth::api_token::public_id(kindling::id::new());
        let before = all_rows(&app).await;
        let read = |id: &Value| format!("{{ apiToken(id: {id}) {{ name }} }}");
        for id in [id.clone(), json!(nobodys)] {
            for (mutation, input) in [(REVOKE, json!({ "id": id })), (ROTATE, json!({"id": id, "overlapSeconds": 0}))] {
                let payload = app.payload(&bob, mutation, input).await;
                assert_eq!(payload["userErrors"], json!([{"code": "NOT_FOUND", "path": "id"}]));
            }
            assert_eq!(app.query_as(bob.clone(), &read(&id), Value::Null).await["data"], json!({"apiToken": null}));
        }
        let count = async |who: &Principal| app.query_as(who.clone(), LIST, Value::Null).await["data"]["apiTokens"]["totalCount"].clone();
        assert_eq!((count(&ann).await, count(&bob).await, count(&admin).await), (json!(1), json!(0), json!(1)));
        assert_eq!(app.code(&admin, ROTATE, json!({"id": id, "overlapSeconds": 0})).await, "FORBIDDEN", "nobody acts as somebody else");
        assert_eq!(all_rows(&app).await, before);
        app.with(&secret).await;
        let payload = app.payload(&admin, REVOKE, json!({ "id": id })).await;
        assert_eq!(payload["apiToken"]["revokedAt"], "2026-05-01T12:00:00Z");
        assert!(app.bearer(&secret).await.is_err());
        let again = app.payload(&admin, REVOKE, json!({ "id": id })).await;
        assert_eq!(again["apiToken"], payload["apiToken"]);
        let log = audit_events(&app).await;
        let revoked: Vec<_> = log.iter().filter(|event| event.action == "api_token.revoked").collect();
        assert_eq!(revoked.len(), 1);
        assert_eq!((revoked[0].actor_id, revoked[0].account_id), (admin.account_id(), ann.account_id()));
        let payload = app.payload(&ann, ROTATE, json!({"id": id, "overlapSeconds": 0})).await;
        assert_eq!(payload["userErrors"], json!([{"code": "INVALID", "path": "id"}]));
    }

    async fn the_secret_before_goes_on_for_the_overlap_and_no_longer(app: TestApp) {
        let ann = app.somebody("ann", Role::Author).await;
        let (first, id) = app.token(&ann, &[], None).await;
        app.with(&first).await;
        let second = app.payload(&ann, ROTATE, json!({"id": id, "overlapSeconds": 60})).await;
        assert_eq!(second["apiToken"], json!({"id": id, "previousSecretExpiresAt": "2026-05-01T12:01:00Z"}));
        app.with(&first).await;
        app.with(&second["secret"]).await;
        app.app.clock.advance(TimeDelta::seconds(60));
        assert!(matches!(app.bearer(&first).await, Err(Error::Unauthenticated)));
        app.with(&second["secret"]).await;
        let third = app.payload(&ann, ROTATE, json!({"id": id, "overlapSeconds": 0})).await;
        assert_eq!(third["apiToken"]["previousSecretExpiresAt"], Value::Null);
        assert!(app.bearer(&second["secret"]).await.is_err());
        app.with(&third["secret"]).await;
    }

    async fn of_many_rotations_at_once_the_last_secrets_hold(app: TestApp) {
        let ann = app.somebody("ann", Role::Author).await;
        let (first, id) = app.token(&ann, &[], None).await;
        let rotate = || app.payload(&ann, ROTATE, json!({"id": id, "overlapSeconds": 60}));
        let secrets: Vec<Value> = join_all((0..12).map(|_| rotate())).await.into_iter().map(|payload| payload["secret"].clone()).collect();
        let mut holding = 0;
        for secret in &secrets {
            holding += usize::from(app.bearer(secret).await.is_ok());
        }
        assert_eq!(holding, 2, "the last one, and the one before it");
        assert!(app.bearer(&first).await.is_err());
        assert_eq!(audit_events(&app).await.iter().filter(|event| event.action == "api_token.rotated").count(), 12);
    }

    async fn a_token_ends_with_its_time_and_with_its_maker(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let input = json!({"name": "Short", "scopes": [], "expiresAt": "2026-05-01T13:00:00Z"});
        let short = app.payload(&ann, CREATE, input).await["secret"].clone();
        let (long, _) = app.token(&ann, &["DRAFTS", "WRITE"], None).await;
        app.with(&short).await;
        app.app.clock.advance(TimeDelta::hours(1));
        assert!(app.bearer(&short).await.is_err());
        app.set_account(&ann, None, true).await;
        assert!(app.bearer(&long).await.is_err());
        app.set_account(&ann, Some(Role::Contributor), false).await;
        assert!(matches!(app.with(&long).await, Principal::ApiToken { role: Role::Contributor, .. }), "as its maker is now");
        let tx = app.app.database.begin().await.expect("a transaction");
        account::Entity::delete_by_id(ann.account_id().expect("an id")).exec(&tx).await.expect("erased");
        tx.commit().await.expect("a commit");
        app.app.recent.clear();
        assert!(app.bearer(&long).await.is_err());
        assert!(rows(&app).await.is_empty());
    }

    async fn what_is_no_token_of_ours_is_refused_without_the_database(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let (secret, _) = app.token(&ann, &[], None).await;
        let secret = secret.as_str().expect("a secret");
        let nobodys = machine_token::new().expect("a token");
        assert!(app.bearer(&json!(nobodys.expose())).await.is_err());
        app.app.database.close().await;
        let changed = secret.replace(&secret[38..], if secret.ends_with("00") { "01" } else { "00" });
        for token in [&changed, &secret[..39], &format!("{secret}0"), "kdl_", &secret.to_lowercase()] {
            assert!(matches!(app.bearer(&json!(token)).await, Err(Error::Unauthenticated)), "{token}");
        }
        assert!(matches!(app.bearer(&json!(nobodys.expose())).await, Err(Error::Unavailable(_))), "this one would be looked for");
    }

    async fn what_a_token_does_is_done_by_its_maker_and_the_log_names_the_token(app: TestApp) {
        let (ann, admin) = (app.somebody("ann", Role::Author).await, app.somebody("ada", Role::Admin).await);
        let (secret, id) = app.token(&ann, &["DRAFTS", "HISTORY", "WRITE", "PUBLISH"], None).await;
        let machine = app.with(&secret).await;
        let value = app.created(&machine, "Value", json!({"title": "Courage"})).await;
        app.created(&ann, "Value", json!({"title": "By hand"})).await;
        let mine = format!("{{ history(id: \"{value}\") {{ nodes {{ savedBy {{ id }} }} }} }}");
        let maker = format!("account_{}", ann.account_id().expect("an id").simple());
        for who in [&ann, &machine] {
            let history = app.query_as(who.clone(), &mine, Value::Null).await;
            assert_eq!(history["data"]["history"]["nodes"], json!([{"savedBy": {"id": maker}}]));
        }
        let log = "query($ids: [ID!]) { events(where: {apiToken: $ids}) { totalCount nodes { action apiTokenId actor { id } entryId } } }";
        let found = app.query_as(admin.clone(), log, json!({"ids": [id]})).await;
        assert_eq!(found["data"]["events"], json!({"totalCount": 1, "nodes": [
            {"action": "entry.created", "apiTokenId": id, "actor": {"id": maker}, "entryId": value}
        ]}));
        let wrong = app.query_as(admin, log, json!({"ids": ["x"]})).await;
        assert_eq!(wrong["errors"][0]["extensions"]["problems"][0]["path"], "where.apiToken.0");
    }

    async fn a_key_of_an_account_gives_nothing_to_its_tokens(app: TestApp) {
        let ann = app.somebody("ann", Role::Editor).await;
        let (secret, _) = app.token(&ann, &["DRAFTS", "WRITE"], None).await;
        let machine = app.with(&secret).await;
        let claim = |who: &Principal| kindling::idempotency::Claim::new((who.account_id().expect("an account"), who.token_id()), "key", &["a"]);
        claim(&ann).keep(&app.app, "for Ann").await.expect("kept");
        assert_eq!(claim(&ann).answer(&app.app).await.expect("an answer").as_deref(), Some("for Ann"));
        assert_eq!(claim(&machine).answer(&app.app).await.expect("no answer"), None);
        claim(&machine).keep(&app.app, "for the machine").await.expect("kept");
        assert_eq!(app.app.database.rows(idempotency::Entity::find()).await.expect("rows").len(), 2);
    }
}
