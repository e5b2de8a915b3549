//! Signing in with an OpenID provider: the way there, the way back, and what is believed of it.

mod claims;
mod fetch;
mod identity;
mod provider;
mod return_to;
#[cfg(test)]
mod tests;
mod trouble;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use self::{
    provider::{Known, Metadata},
    trouble::Trouble,
};
use super::{
    Client,
    attempt::{self, Budget},
    challenge::{self, Challenge, Purpose},
};
use crate::{
    app::App,
    config::OidcProvider,
    crypto::{Secret, token},
    error::{Error, Result},
    telemetry::outage::{self, Outage},
};

/// Ways that are begun from one network: each costs a row, and some a request to the provider.
const FROM_NETWORK: Budget = Budget {
    name: "oidc:network",
    free: 100,
    first_wait: TimeDelta::seconds(1),
    longest_wait: TimeDelta::minutes(5),
};
/// How long what a provider tells of itself is remembered.
const REMEMBERED: Duration = Duration::from_mins(10);
/// How long everything that is said to a provider may take, in one step.
const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST_STATE: usize = 512;
const BROWSER_PREFIX: &str = "kdb_";

/// What signs in with the providers of the settings.
pub struct Oidc {
    app: App,
    http: OnceCell<reqwest::Client>,
    known: Cache<String, Arc<Metadata>>,
}

/// What is kept, sealed, while somebody is at the provider.
#[derive(Serialize, Deserialize)]
struct Begun {
    /// Which provider: the answer of another one is not for this.
    provider: String,
    nonce: String,
    verifier: String,
    /// The digest of what the browser was given.
    browser: String,
    return_to: String,
    /// What the frontend wants to hear again.
    state: String,
}

/// Where a browser goes, and what it takes along to be known again.
pub struct Departure {
    /// The provider's address.
    pub url: Secret,
    /// What the browser keeps; the same as before if it had something.
    pub browser: Secret,
}

/// Where a browser goes after its way back.
pub struct Return {
    /// The address that was asked for, which is allowed.
    pub to: String,
    /// What the frontend wanted to hear again.
    pub state: String,
    /// The token for the next step, or why there is none.
    pub outcome: Result<Secret, Failure>,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings name no such provider.
    #[error("there is no such provider")]
    UnknownProvider,
    /// What the frontend asked for cannot be done.
    #[error("{0}")]
    BadRequest(&'static str),
    /// Nothing was begun that could come to an end here.
    #[error(
        "this was begun in another browser, with another provider, or too long ago; begin again"
    )]
    NotBegun,
    /// Somebody has said no, to the provider or there.
    #[error("the provider has not signed you in")]
    Declined,
    /// The provider cannot be asked, or what it answers does not hold.
    #[error("the provider does not work now, or its answer does not hold; try again")]
    Provider,
    /// There is no account for whoever this is, or none that may be signed in with.
    #[error("there is no account that you can sign in with")]
    NotAllowed,
    /// The fault is here.
    #[error(transparent)]
    Ours(#[from] Error),
}

impl Failure {
    /// The stable code by which frontends know it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown_provider",
            Self::BadRequest(_) => "bad_request",
            Self::NotBegun => "not_begun",
            Self::Declined => "access_denied",
            Self::Provider => "provider_failed",
            Self::NotAllowed => "not_allowed",
            Self::Ours(_) => "unavailable",
        }
    }
}

/// What came back with a browser.
#[derive(Default)]
pub struct Answer {
    /// What the provider was given to say again.
    pub state: Option<Secret>,
    /// What stands for tokens.
    pub code: Option<Secret>,
    /// Whether the provider tells of an error.
    pub is_error: bool,
    /// What the provider calls itself.
    pub issuer: Option<String>,
}

impl Oidc {
    /// For the providers of the settings.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            http: OnceCell::new(),
            known: Cache::builder()
                .max_capacity(100)
                .time_to_live(REMEMBERED)
                .build(),
        }
    }

    /// Begins: returns where the browser goes. `browser` is what it had from before.
    pub async fn begin(
        &self,
        client: &Client,
        provider: &str,
        return_to: &str,
        state: &str,
        browser: Option<Secret>,
    ) -> Result<Departure, Failure> {
        let settings = self.settings(provider)?;
        if !return_to::is_allowed(&self.app.config, return_to) {
            return Err(Failure::BadRequest(
                "return_to must be an address of an origin that the settings allow, without #",
            ));
        }
        if !is_state(state) {
            let message = "state must be 1 to 512 characters of A-Z, a-z, 0-9, -, ., _ and ~";
            return Err(Failure::BadRequest(message));
        }
        let network = client.network();
        if !network.is_empty() {
            attempt::count(&self.app, &[FROM_NETWORK.of(&network)]).await?;
        }
        let metadata = self.metadata(settings).await?;
        let browser = browser
            .filter(is_of_browser)
            .map_or_else(|| token::new(BROWSER_PREFIX), Ok)?;
        let begun = Begun {
            provider: settings.id.clone(),
            nonce: token::new("")?.expose().to_owned(),
            verifier: token::new("")?.expose().to_owned(),
            browser: token::digest(&browser),
            return_to: return_to.to_owned(),
            state: state.to_owned(),
        };
        let tx = self.app.database.begin().await?;
        let (state, _) = challenge::make(&self.app, &tx, Purpose::Oidc, None, &begun).await?;
        tx.commit().await?;
        let redirect = self.callback(settings);
        let known = Known {
            settings,
            metadata: &metadata,
            redirect: &redirect,
        };
        let url = known.sign_in_url(&state, &begun);
        let url = url.map_err(|trouble| told(settings, &trouble))?;
        Ok(Departure {
            url: Secret::new(url),
            browser,
        })
    }

    /// Comes to the end of what this browser has begun with this provider. Fails if it has begun nothing; whatever fails
    /// after that, the frontend is told.
    pub async fn finish(
        &self,
        client: &Client,
        provider: &str,
        browser: Option<&Secret>,
        answer: Answer,
    ) -> Result<Return, Failure> {
        let settings = self.settings(provider)?;
        let token = answer.state.as_ref().ok_or(Failure::NotBegun)?;
        let found = challenge::look(&self.app, Purpose::Oidc, token).await;
        let found: Challenge<Begun> = found.map_err(not_begun)?;
        let is_same = browser.is_some_and(|browser| token::digest(browser) == found.state.browser);
        if !is_same || found.state.provider != settings.id {
            return Err(Failure::NotBegun);
        }
        let tx = self.app.database.begin().await?;
        let spent = challenge::spend(&tx, Purpose::Oidc, &found, self.app.clock.now()).await;
        spent.map_err(not_begun)?;
        tx.commit().await?;
        let outcome = self.outcome(client, settings, &found.state, answer).await;
        Ok(Return {
            to: found.state.return_to,
            state: found.state.state,
            outcome,
        })
    }

    async fn outcome(
        &self,
        client: &Client,
        settings: &OidcProvider,
        begun: &Begun,
        answer: Answer,
    ) -> Result<Secret, Failure> {
        let talk = tokio::time::timeout(PATIENCE, self.claims(settings, begun, answer));
        let claims = talk.await.map_err(|_| {
            let trouble = Trouble::Failed("it takes too long".to_owned());
            told(settings, &trouble)
        })??;
        let person = claims::person(settings, &claims).ok_or_else(|| {
            let trouble = Trouble::Failed("it names nobody".to_owned());
            told(settings, &trouble)
        })?;
        let token = identity::enter(&self.app, client, settings, &person).await?;
        token.ok_or(Failure::NotAllowed)
    }

    /// What the provider says about whoever comes with this answer.
    async fn claims(
        &self,
        settings: &OidcProvider,
        begun: &Begun,
        answer: Answer,
    ) -> Result<claims::Claims, Failure> {
        let mut metadata = self.metadata(settings).await?;
        let redirect = self.callback(settings);
        let known = Known {
            settings,
            metadata: &metadata,
            redirect: &redirect,
        };
        if !known.has_answered(answer.issuer.as_deref()) {
            let trouble = Trouble::Failed("the answer is another one's".to_owned());
            return Err(told(settings, &trouble));
        }
        let code = answer.code.filter(|_| !answer.is_error);
        let code = code.ok_or(Failure::Declined)?.expose().to_owned();
        let http = self.http().await?;
        let tokens = known.exchange(http.clone(), code, begun).await;
        let tokens = tokens.map_err(|trouble| told(settings, &trouble))?;
        let now = self.app.clock.now();
        let mut claims = known.verified(&tokens, begun, now);
        if matches!(claims, Err(Trouble::UnknownKey)) {
            // It may have new keys since it was asked for them.
            self.known.invalidate(&settings.id).await;
            metadata = self.metadata(settings).await?;
            let known = Known {
                settings,
                metadata: &metadata,
                redirect: &redirect,
            };
            claims = known.verified(&tokens, begun, now);
        }
        let known = Known {
            settings,
            metadata: &metadata,
            redirect: &redirect,
        };
        let claims = claims.map_err(|trouble| told(settings, &trouble))?;
        let claims = known.completed(http, &tokens, claims).await;
        claims.map_err(|trouble| told(settings, &trouble))
    }

    fn settings(&self, id: &str) -> Result<&OidcProvider, Failure> {
        let mut providers = self.app.config.oidc_providers.iter();
        let named = providers.find(|provider| provider.id == id);
        named.ok_or(Failure::UnknownProvider)
    }

    /// What the provider tells of itself; several who ask at once ask once.
    async fn metadata(&self, settings: &OidcProvider) -> Result<Arc<Metadata>, Failure> {
        let http = self.http().await?;
        let ask = async { provider::discover(http, settings).await.map(Arc::new) };
        let metadata = self.known.try_get_with(settings.id.clone(), ask).await;
        metadata.map_err(|trouble| told(settings, &trouble))
    }

    async fn http(&self) -> Result<reqwest::Client, Failure> {
        let make = || async { fetch::client().map_err(Error::internal) };
        Ok(self.http.get_or_try_init(make).await?.clone())
    }

    fn callback(&self, settings: &OidcProvider) -> String {
        format!("{}/callback", sign_in_url(&self.app, settings))
    }
}

/// Where a frontend sends browsers to sign in with a provider, with the parameters `return_to` and `state`.
pub fn sign_in_url(app: &App, provider: &OidcProvider) -> String {
    let base = app.config.public_base().unwrap_or_default();
    format!("{base}/auth/oidc/{}", provider.id)
}

/// Logs what is wrong with a provider, and says less to whoever asks.
fn told(settings: &OidcProvider, trouble: &Trouble) -> Failure {
    let id = &settings.id;
    outage::failed(
        Outage::OpenIdProvider,
        &format!("signing in with a provider failed: {id}: {trouble}"),
    );
    Failure::Provider
}

fn not_begun(error: Error) -> Failure {
    match error {
        Error::Invalid(_) => Failure::NotBegun,
        error => Failure::Ours(error),
    }
}

/// Whether a text can stand in an address as it is.
fn is_state(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=LONGEST_STATE).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether this server has given the browser such a thing.
fn is_of_browser(text: &Secret) -> bool {
    let bits = text.expose().strip_prefix(BROWSER_PREFIX);
    bits.is_some_and(|bits| bits.len() == 43 && is_state(bits))
}
