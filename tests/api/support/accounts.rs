//! Accounts of a test, and signing in with them.

use entity::account;
use kindling::{
    auth::{
        Principal, Role,
        account::{NewAccount, create},
        bearer::authenticate,
    },
    crypto::Secret,
    error::Result,
};
use serde_json::{Value, json};

use super::TestApp;

/// The password of every account that a test makes.
pub(crate) const PASSWORD: &str = "an ember under the ashes";

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) {
    session {
        accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt account { id email name role }
    }
    userErrors { __typename code message path }
} }";

impl TestApp {
    /// A new account that can sign in with [`PASSWORD`].
    pub(crate) async fn new_account(&self, email: &str, role: Role) -> account::Model {
        self.try_account(email, role).await.expect("an account")
    }

    /// The same, where it may fail.
    pub(crate) async fn try_account(&self, email: &str, role: Role) -> Result<account::Model> {
        let new = NewAccount {
            email: email.to_owned(),
            name: "Somebody".to_owned(),
            role,
            password: Secret::new(PASSWORD),
        };
        create(&self.app, new).await
    }

    /// The payload of `signIn`.
    pub(crate) async fn try_sign_in(&self, email: &str, password: &str) -> Value {
        let input = json!({"input": {"email": email, "password": password}});
        let answer = self.query_as(Principal::Anonymous, SIGN_IN, input).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"]["signIn"].clone()
    }

    /// The session of an account of this test: its tokens, as `signIn` gives them.
    pub(crate) async fn sign_in(&self, email: &str) -> Value {
        let payload = self.try_sign_in(email, PASSWORD).await;
        assert_eq!(payload["userErrors"], json!([]));
        payload["session"].clone()
    }

    /// Who comes with this access token; an error if it does not hold.
    pub(crate) async fn bearer(&self, token: &Value) -> Result<Principal> {
        let token = Secret::new(token.as_str().expect("a token"));
        authenticate(&self.app, &token).await
    }
}
