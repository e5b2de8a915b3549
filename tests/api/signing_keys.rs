//! The keys of access tokens: shared by all instances, replaced without a failed request.

use chrono::TimeDelta;
use kindling::{
    auth::Role,
    clock::Clock,
    crypto::{jwt::Claims, keys::Keys},
    error::Result,
};
use sea_orm::EntityTrait;
use serde_json::Value;

use crate::support::{TestApp, on_both_engines, servers, start_of_time};

const ANN: &str = "ann@example.org";

async fn rotate(app: &TestApp, keys: &Keys, at_once: bool) {
    let tx = app.app.database.begin().await.expect("a transaction");
    let rotated = keys.rotate(&tx, app.app.clock.now(), at_once).await;
    rotated.expect("a key");
    tx.commit().await.expect("a commit");
}

/// Longer than an instance goes by what it has read.
async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
}

fn kid(token: &Value) -> String {
    let token = kindling::crypto::Secret::new(token.as_str().expect("a token"));
    kindling::crypto::jwt::key_id(&token, kindling::crypto::jwt::KIND).expect("a key")
}

on_both_engines! {
    async fn instances_that_start_at_once_know_each_others_keys(app: TestApp) {
        let tx = app.app.database.begin().await.expect("a transaction");
        entity::signing_key::Entity::delete_many().exec(&tx).await.expect("no keys");
        tx.commit().await.expect("a commit");
        let now = app.app.clock.now();
        let open = || Keys::open(&app.app.database, &app.app.crypto.vault, now);
        let instances: [Result<Keys>; 4] = tokio::join!(open(), open(), open(), open()).into();
        let instances: Vec<Keys> = instances.into_iter().map(|keys| keys.expect("keys")).collect();
        let claims = Claims {
            account: kindling::id::new(),
            session: kindling::id::new(),
            token: kindling::id::new(),
            issued_at: now,
            expires_at: now + TimeDelta::minutes(1),
        };
        for signer in &instances {
            let token = signer.sign(&claims, now).await.expect("a token");
            for verifier in &instances {
                assert_eq!(verifier.verify(&token, now).await.expect("an answer"), Some(claims));
            }
        }
    }

    async fn a_new_key_is_shown_before_it_signs_and_the_old_one_verifies_on(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let keys = &app.app.crypto.keys;
        let other = Keys::open(&app.app.database, &app.app.crypto.vault, app.app.clock.now()).await;
        let shown = async || {
            let set = keys.public(app.app.clock.now()).await.expect("keys");
            set["keys"].as_array().expect("a list").len()
        };
        rotate(&app, &other.expect("another instance"), false).await;
        assert_eq!(shown().await, 2);
        let before = app.sign_in(ANN).await["accessToken"].clone();
        app.app.clock.advance(TimeDelta::minutes(10));
        let after = app.sign_in(ANN).await["accessToken"].clone();
        assert_ne!(kid(&before), kid(&after));
        assert!(app.bearer(&before).await.is_ok() && app.bearer(&after).await.is_ok());
        app.app.clock.advance(TimeDelta::hours(24));
        assert_eq!(shown().await, 2, "the last preview link has not ended");
        app.app.clock.advance(TimeDelta::minutes(1));
        assert_eq!(shown().await, 1, "the old one has gone");
        assert_eq!(kid(&app.sign_in(ANN).await["accessToken"]), kid(&after));
    }

    async fn a_key_that_others_may_have_goes_at_once(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let session = app.sign_in(ANN).await;
        let other = Keys::open(&app.app.database, &app.app.crypto.vault, app.app.clock.now()).await;
        assert!(app.bearer(&session["accessToken"]).await.is_ok());
        rotate(&app, &other.expect("another instance"), true).await;
        a_moment().await;
        assert!(app.bearer(&session["accessToken"]).await.is_err());
        let next = crate::refreshing::refresh(&app, &session["refreshToken"]).await;
        assert!(app.bearer(&next["session"]["accessToken"]).await.is_ok(), "the session goes on");
    }
}

#[tokio::test]
async fn anybody_can_read_the_public_keys() {
    for (server, _folder, _database) in servers().await {
        let answer = server.get("/.well-known/jwks.json", &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/jwk-set+json");
        let set: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let [key] = &set["keys"].as_array().expect("a list")[..] else {
            panic!("{set}")
        };
        for (name, value) in [
            ("kty", "OKP"),
            ("crv", "Ed25519"),
            ("alg", "EdDSA"),
            ("use", "sig"),
        ] {
            assert_eq!(key[name], value);
        }
        assert!(key.get("d").is_none(), "never the private key");
    }
}

#[tokio::test]
async fn a_database_opens_with_its_own_secret_key_only() {
    let app = TestApp::on_sqlite().await;
    app.app.database.close().await;
    let mut config = (*app.app.config).clone();
    let start = |config| kindling::app::App::start(config, Clock::set_to(start_of_time()));
    let key = config.data_dir.join(kindling::crypto::vault::KEY_FILE);
    let kept = std::fs::read_to_string(&key).expect("the key");
    assert!(start(config.clone()).await.is_ok());
    std::fs::remove_file(&key).expect("gone");
    assert!(
        start(config.clone()).await.is_err(),
        "no other key takes its place"
    );
    assert!(!key.exists());
    config.secret_key = Some(kindling::crypto::Secret::new("A".repeat(43)));
    assert!(start(config.clone()).await.is_err());
    config.secret_key = Some(kindling::crypto::Secret::new(kept.trim()));
    assert!(start(config).await.is_ok());
}
