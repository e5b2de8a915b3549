//! Signing in with a real OpenID provider.

mod accounts;
mod over_http;
mod protocol;

use std::{collections::HashMap, sync::Arc};

use kindling::{
    auth::{
        Client,
        oidc::{Answer, Failure, Oidc, Return},
    },
    clock::Clock,
    crypto::Secret,
};
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    TestApp,
    browser::Browser,
    config,
    oidc_provider::{OidcProvider, PUBLIC},
};

const APP: &str = "https://app.example.org";
const BACK: &str = "https://app.example.org/back";

/// A provider, and an application that signs in with it under two names.
struct World {
    app: TestApp,
    provider: OidcProvider,
    oidc: Oidc,
}

/// A browser that is on its way.
struct Way {
    browser: Browser,
    /// What the application gave the browser.
    kept: Secret,
    /// Where the provider is to send it.
    url: String,
}

impl World {
    /// None if there is no provider to be had.
    fn new(mut app: TestApp, settings: &Value, flags: &[&str]) -> Option<Self> {
        let provider = OidcProvider::start(flags)?;
        let providers = json!([
            provider.settings("one", settings),
            provider.settings("two", &json!({}))
        ]);
        let flags = [
            "--public-url",
            PUBLIC,
            "--cors-origins",
            APP,
            "--oidc-providers",
        ];
        let given = config(&[&flags[..], &[&providers.to_string()]].concat());
        let mut config = (*app.app.config).clone();
        config.public_url = given.public_url;
        config.cors_origins = given.cors_origins;
        config.oidc_providers = given.oidc_providers;
        app.app.config = Arc::new(config);
        // The provider's clock cannot be set.
        let clock = &app.app.clock;
        clock.advance(Clock::system().now() - clock.now());
        let oidc = Oidc::new(&app.app);
        Some(Self {
            app,
            provider,
            oidc,
        })
    }

    async fn begin(&self, provider: &str) -> Way {
        let client = Client::default();
        let begun = self.oidc.begin(&client, provider, BACK, "xyz", None).await;
        let begun = begun.expect("a way");
        Way {
            browser: Browser::default(),
            kept: begun.browser,
            url: begun.url.expose().to_owned(),
        }
    }

    /// Where the provider sends the browser of somebody who signs in there.
    async fn pass(&self, way: &mut Way, login: &str) -> HashMap<String, String> {
        let url = way.url.clone();
        let back = self.provider.sign_in(&mut way.browser, login, &url).await;
        let back = Url::parse(&back).expect("an address");
        back.query_pairs().into_owned().collect()
    }

    async fn finish(
        &self,
        provider: &str,
        way: &Way,
        said: &HashMap<String, String>,
    ) -> Result<Return, Failure> {
        let text = |name: &str| said.get(name).cloned();
        let answer = Answer {
            state: text("state").map(Secret::new),
            code: text("code").map(Secret::new),
            is_error: said.contains_key("error"),
            issuer: text("iss"),
        };
        self.oidc
            .finish(&Client::default(), provider, Some(&way.kept), answer)
            .await
    }

    /// What comes of signing in all the way: the session, or the code of what went wrong.
    async fn sign_in(&self, login: &str) -> Result<Value, &'static str> {
        let mut way = self.begin("one").await;
        let said = self.pass(&mut way, login).await;
        let done = self
            .finish("one", &way, &said)
            .await
            .map_err(|failure| failure.code())?;
        assert_eq!((done.to.as_str(), done.state.as_str()), (BACK, "xyz"));
        let token = done.outcome.map_err(|failure| failure.code())?;
        Ok(self.complete(&token).await["session"].clone())
    }

    /// The payload of `completeSignIn`.
    async fn complete(&self, token: &Secret) -> Value {
        let query = "mutation($token: String!) { completeSignIn(input: {challenge: $token}) {
            session { accessToken account { id email name role } } userErrors { code path }
        } }";
        let variables = json!({"token": token.expose()});
        let nobody = kindling::auth::Principal::Anonymous;
        let answer = self.app.query_as(nobody, query, variables).await;
        answer["data"]["completeSignIn"].clone()
    }
}
