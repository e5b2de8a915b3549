//! How one can sign in here, for the pages that offer it.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::account::reader;
use crate::{auth::oidc::sign_in_url, error::Result};

/// Root fields about signing in.
#[derive(Default)]
pub struct SignInMethodsQuery;

#[Object]
impl SignInMethodsQuery {
    /// How one can sign in.
    #[expect(clippy::unused_async, reason = "async-graphql wants it so")]
    async fn sign_in_methods(&self, ctx: &Context<'_>) -> Result<SignInMethods> {
        let app = &reader(ctx)?.app;
        let providers = app.config.oidc_providers.iter();
        let providers = providers.map(|provider| SignInProvider {
            id: provider.id.clone().into(),
            name: provider.name.clone(),
            url: sign_in_url(app, provider),
        });
        Ok(SignInMethods {
            password: true,
            // They belong to a name, which an address of numbers is not.
            passkey: (app.config.public_url.as_ref()).is_none_or(|url| url.domain().is_some()),
            providers: providers.collect(),
        })
    }
}

/// How one can sign in.
#[derive(SimpleObject)]
struct SignInMethods {
    /// With an e-mail address and a password, by `signIn`.
    password: bool,
    /// With a passkey alone, by `beginPasskeySignIn`.
    passkey: bool,
    /// With what other providers know.
    providers: Vec<SignInProvider>,
}

/// An OpenID provider that accounts can be signed in with.
#[derive(SimpleObject)]
struct SignInProvider {
    /// Its name in addresses.
    id: ID,
    /// Its name for people.
    name: String,
    /// Where to send the browser, with the parameters `return_to`, an address of an allowed origin, and `state`, which comes
    /// back. It returns to `return_to` with `#challenge=…&state=…`, for `completeSignIn`, or with `#error=…&state=…`.
    url: String,
}
