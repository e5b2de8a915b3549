//! Keys for machines: API tokens and preview links.

mod events;
mod introspection;
mod over_http;
mod preview_costs;
mod preview_scope;
mod previews;
mod token_types;
mod tokens;

use entity::account;
use kindling::auth::{Principal, Role};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use crate::support::{TestApp, accounts::PASSWORD};

const CREATE: &str = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
    secret userErrors { code path message }
    apiToken { id name scopes contentTypes createdBy { id } createdAt expiresAt previousSecretExpiresAt lastUsedAt revokedAt }
} }";
const ROTATE: &str = "mutation($input: RotateApiTokenInput!) { rotateApiToken(input: $input) {
    secret userErrors { code path } apiToken { id previousSecretExpiresAt }
} }";
const REVOKE: &str = "mutation($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) {
    userErrors { code path } apiToken { id revokedAt }
} }";
const CREATE_LINK: &str =
    "mutation($input: CreatePreviewLinkInput!) { createPreviewLink(input: $input) {
    token userErrors { code path message } previewLink { id entryId locale createdBy { id } expiresAt revokedAt }
} }";
const REVOKE_LINK: &str =
    "mutation($input: RevokePreviewLinkInput!) { revokePreviewLink(input: $input) {
    userErrors { code path } previewLink { id revokedAt }
} }";

impl TestApp {
    /// Somebody with a new account, who has just signed in.
    async fn somebody(&self, name: &str, role: Role) -> Principal {
        let address = format!("{name}@example.org");
        self.new_account(&address, role).await;
        self.signed_in(name).await
    }

    async fn signed_in(&self, name: &str) -> Principal {
        let payload = self
            .try_sign_in(&format!("{name}@example.org"), PASSWORD)
            .await;
        let principal = self.bearer(&payload["session"]["accessToken"]).await;
        principal.expect("a principal")
    }

    /// The payload of a mutation.
    async fn payload(&self, who: &Principal, mutation: &str, input: Value) -> Value {
        let answer = self
            .query_as(who.clone(), mutation, json!({ "input": input }))
            .await;
        assert!(answer["errors"].is_null(), "{answer}");
        let payload = answer["data"]
            .as_object()
            .and_then(|data| data.values().next());
        payload.expect("a payload").clone()
    }

    /// The code of the error that the operation ends with.
    pub(crate) async fn code(&self, who: &Principal, document: &str, input: Value) -> String {
        let answer = self
            .query_as(who.clone(), document, json!({ "input": input }))
            .await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or("NONE").to_owned()
    }

    /// A new API token: its secret and its id.
    async fn token(
        &self,
        who: &Principal,
        scopes: &[&str],
        types: Option<&[&str]>,
    ) -> (Value, Value) {
        let input = json!({"name": "A machine", "scopes": scopes, "contentTypes": types});
        let payload = self.payload(who, CREATE, input).await;
        assert_eq!(payload["userErrors"], json!([]));
        (payload["secret"].clone(), payload["apiToken"]["id"].clone())
    }

    /// The token of a new preview link, and its id.
    async fn link(&self, who: &Principal, entry: &str, locale: Option<&str>) -> (Value, Value) {
        let input = json!({"entry": entry, "locale": locale});
        let payload = self.payload(who, CREATE_LINK, input).await;
        assert_eq!(payload["userErrors"], json!([]));
        (
            payload["token"].clone(),
            payload["previewLink"]["id"].clone(),
        )
    }

    /// The bearer of a token that must hold.
    async fn with(&self, token: &Value) -> Principal {
        self.bearer(token).await.expect("a token that holds")
    }

    /// Suspends an account, behind the back of this instance.
    async fn set_account(&self, who: &Principal, role: Option<Role>, suspended: bool) {
        let tx = self.app.database.begin().await.expect("a transaction");
        let mut row = account::ActiveModel {
            id: Set(who.account_id().expect("an account")),
            ..Default::default()
        };
        if let Some(role) = role {
            row.role = Set(role);
        }
        row.suspended_at = Set(suspended.then(|| self.app.clock.now()));
        let update = account::Entity::update(row).validate().expect("a change");
        update.exec(&tx).await.expect("a change");
        tx.commit().await.expect("a commit");
        self.app.recent.clear();
    }
}
