//! What nobody gets past on the way to a provider and back.

use std::collections::HashMap;

use chrono::TimeDelta;
use kindling::{
    auth::{Client, Role, oidc::Failure},
    crypto::Secret,
};
use serde_json::{Value, json};

use super::{BACK, Way, World};
use crate::support::{TestApp, on_both_engines};

async fn world(app: TestApp, flags: &[&str]) -> Option<World> {
    app.new_account("ann@example.org", Role::Editor).await;
    let world = World::new(app, &json!({}), flags)?;
    let claims = json!({"email": "ann@example.org", "email_verified": true});
    world.provider.knows("ann", &claims).await;
    Some(world)
}

/// What comes of an answer: nothing, or a code.
async fn outcome(
    world: &World,
    provider: &str,
    way: &Way,
    said: &HashMap<String, String>,
) -> &'static str {
    match world.finish(provider, way, said).await {
        Ok(done) => done
            .outcome
            .map_or_else(|failure| failure.code(), |_| "signed in"),
        Err(failure) => failure.code(),
    }
}

fn with(
    said: &HashMap<String, String>,
    name: &str,
    value: Option<&str>,
) -> HashMap<String, String> {
    let mut said = said.clone();
    match value {
        Some(value) => said.insert(name.to_owned(), value.to_owned()),
        None => said.remove(name),
    };
    said
}

/// The address with another value of a parameter.
fn replaced(url: &str, name: &str, value: &str) -> String {
    let mut url = url::Url::parse(url).expect("an address");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let pairs = pairs.into_iter().map(|(key, old)| {
        if key == name {
            (key, value.to_owned())
        } else {
            (key, old)
        }
    });
    let pairs: Vec<(String, String)> = pairs.collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

on_both_engines! {
    async fn what_was_begun_ends_once_and_with_the_same_browser_and_provider(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        let mut way = world.begin("one").await;
        let said = world.pass(&mut way, "ann").await;
        let foreign = world.begin("one").await;
        assert_eq!(outcome(&world, "one", &foreign, &said).await, "not_begun", "another browser");
        assert_eq!(outcome(&world, "two", &way, &said).await, "not_begun", "another provider's callback");
        assert_eq!(outcome(&world, "three", &way, &said).await, "unknown_provider");
        for state in [None, Some(""), Some("kdc_x"), Some("xyz")] {
            let said = with(&said, "state", state);
            assert_eq!(outcome(&world, "one", &way, &said).await, "not_begun", "{state:?}");
        }
        let other_state = with(&said, "state", url::Url::parse(&foreign.url).expect("an address")
            .query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).as_deref());
        assert_eq!(outcome(&world, "one", &way, &other_state).await, "not_begun", "another one's state");
        assert_eq!(outcome(&world, "one", &way, &said).await, "signed in", "nothing of that has spent it");
        assert_eq!(outcome(&world, "one", &way, &said).await, "not_begun", "but this has");

        // The code in another way of the same browser: its verifier is another one.
        let mut again = world.begin("one").await;
        let fresh = world.pass(&mut again, "ann").await;
        let mut third = world.begin("one").await;
        let stolen = with(&world.pass(&mut third, "ann").await, "code", fresh.get("code").map(String::as_str));
        assert_eq!(outcome(&world, "one", &third, &stolen).await, "provider_failed", "another way's code");
    }

    async fn a_way_ends_with_its_time(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        let mut way = world.begin("one").await;
        let said = world.pass(&mut way, "ann").await;
        world.app.app.clock.advance(TimeDelta::minutes(10));
        assert_eq!(outcome(&world, "one", &way, &said).await, "not_begun");
    }

    async fn the_token_for_the_next_step_works_once_and_soon(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let mut way = world.begin("one").await;
            let said = world.pass(&mut way, "ann").await;
            let done = world.finish("one", &way, &said).await.expect("an end");
            tokens.push(done.outcome.expect("a token"));
        }
        assert_eq!(world.complete(&tokens[0]).await["userErrors"], json!([]));
        assert_eq!(world.complete(&tokens[0]).await["userErrors"][0]["code"], "CREDENTIALS", "twice");
        world.app.app.clock.advance(TimeDelta::minutes(2));
        assert_eq!(world.complete(&tokens[1]).await["session"], Value::Null, "late");
    }

    async fn an_answer_that_was_tampered_with_signs_nobody_in(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        for (name, value) in [("nonce", "another"), ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")] {
            let mut way = world.begin("one").await;
            way.url = replaced(&way.url, name, value);
            let said = world.pass(&mut way, "ann").await;
            assert_eq!(outcome(&world, "one", &way, &said).await, "provider_failed", "{name}");
        }
        for (name, value, expected) in [
            ("iss", Some("https://evil.example"), "provider_failed"),
            ("iss", None, "provider_failed"),
            ("code", Some("x"), "provider_failed"),
            ("code", None, "access_denied"),
            ("error", Some("access_denied"), "access_denied"),
        ] {
            let mut way = world.begin("one").await;
            let said = with(&world.pass(&mut way, "ann").await, name, value);
            assert_eq!(outcome(&world, "one", &way, &said).await, expected, "{name} {value:?}");
            assert_eq!(outcome(&world, "one", &way, &said).await, "not_begun", "it is spent");
        }
    }

    async fn an_old_id_token_signs_nobody_in(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        // The application's clock is a day ahead of the provider's.
        world.app.app.clock.advance(TimeDelta::days(1));
        assert_eq!(world.sign_in("ann").await, Err("provider_failed"));
    }

    async fn an_id_token_belongs_to_the_access_token_that_comes_with_it(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        world.provider.names_access_tokens("right").await;
        assert!(world.sign_in("ann").await.is_ok());
        world.provider.names_access_tokens("wrong").await;
        assert_eq!(world.sign_in("ann").await, Err("provider_failed"));
    }

    async fn a_provider_may_change_its_keys_at_any_time(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        assert!(world.sign_in("ann").await.is_ok());
        for _ in 0..2 {
            world.provider.has_new_keys().await;
            assert!(world.sign_in("ann").await.is_ok());
        }
        // Also while somebody is on the way.
        let mut way = world.begin("one").await;
        let said = world.pass(&mut way, "ann").await;
        world.provider.has_new_keys().await;
        assert_eq!(outcome(&world, "one", &way, &said).await, "signed in");
    }

    async fn what_the_id_token_leaves_out_is_asked_for(app: TestApp) {
        let Some(world) = world(app, &["--lean"]).await else { return };
        assert!(world.sign_in("ann").await.is_ok());
        world.provider.knows("eve", &json!({"email": "ann@example.org", "email_verified": false})).await;
        assert_eq!(world.sign_in("eve").await, Err("not_allowed"));
    }

    async fn a_way_begins_only_to_an_allowed_address_and_with_a_state(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        let begin = async |provider: &str, return_to: &str, state: &str, kept: Option<&str>| {
            world.oidc.begin(&Client::default(), provider, return_to, state, kept.map(Secret::new)).await
        };
        assert!(matches!(begin("three", BACK, "x", None).await, Err(Failure::UnknownProvider)));
        assert!(matches!(begin("one", "https://evil.example/", "x", None).await, Err(Failure::BadRequest(_))));
        assert!(matches!(begin("one", BACK, "", None).await, Err(Failure::BadRequest(_))));
        assert!(matches!(begin("one", BACK, "a&challenge=b", None).await, Err(Failure::BadRequest(_))));
        let first = begin("one", BACK, "x", None).await.expect("a way").browser;
        let second = begin("one", BACK, "x", Some(first.expose())).await.expect("a way").browser;
        assert!(first == second, "a browser can be on several ways at once");
        let third = begin("one", BACK, "x", Some("kdb_chosen")).await.expect("a way").browser;
        assert!(third.expose() != "kdb_chosen");
    }

    async fn a_provider_that_is_away_is_told_of_as_that(app: TestApp) {
        let Some(world) = world(app, &[]).await else { return };
        let World { app, provider, .. } = world;
        let oidc = kindling::auth::oidc::Oidc::new(&app.app);
        drop(provider);
        let failed = oidc.begin(&Client::default(), "one", BACK, "x", None).await;
        assert!(matches!(failed, Err(Failure::Provider)));
    }
}
