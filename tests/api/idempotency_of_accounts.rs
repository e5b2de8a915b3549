//! `Idempotency-Key` on mutations of accounts and credentials: done once, and nothing of their answers is kept.

use std::collections::BTreeSet;

use kindling::database::Database;
use serde_json::{Value, json};

use crate::support::{
    at_rest::{in_files, in_tables},
    server::{Answer, Server},
    servers,
};

const ERRORS: &str = "userErrors { code path }";

/// A signed-in account with a server, and a key for each operation.
struct Client<'a> {
    server: &'a Server,
    bearer: String,
}

impl Client<'_> {
    async fn send(&self, key: &str, mutation: &str, shown: &str, input: &Value) -> Answer {
        let first = mutation[..1].to_uppercase();
        let document = format!(
            "mutation($input: {first}{}Input!) {{ {mutation}(input: $input) {{ {shown} {ERRORS} }} }}",
            &mutation[1..]
        );
        let headers = [
            ("Authorization", self.bearer.as_str()),
            ("Idempotency-Key", key),
        ];
        self.server
            .query_with(&headers, &document, json!({ "input": input }))
            .await
    }

    /// Does it once, and tries it once more: returns the payload of the first time.
    async fn once(&self, mutation: &str, shown: &str, input: Value) -> Value {
        let first = self.send(mutation, mutation, shown, &input).await.json();
        assert_eq!(
            first["data"][mutation]["userErrors"],
            json!([]),
            "{mutation}: {first}"
        );
        let again = self.send(mutation, mutation, shown, &input).await;
        assert_eq!(again.code(), "ALREADY_DONE", "{mutation}: {}", again.json());
        assert!(again.json()["data"].is_null(), "{mutation}");
        first["data"][mutation].clone()
    }

    async fn ask(&self, query: &str) -> Value {
        let headers = [("Authorization", self.bearer.as_str())];
        self.server
            .query_with(&headers, query, Value::Null)
            .await
            .json()["data"]
            .clone()
    }
}

async fn admin(server: &mut Server) -> (String, String) {
    let password = server.demo_password("admin");
    (
        format!("Bearer {}", server.sign_in("admin").await),
        password,
    )
}

/// How often this stands in the audit log.
async fn audit_events(client: &Client<'_>, action: &str) -> usize {
    let log = client
        .ask("{ auditEvents(first: 100) { nodes { action } } }")
        .await;
    let nodes = log["auditEvents"]["nodes"]
        .as_array()
        .expect("events")
        .iter();
    nodes.filter(|event| event["action"] == action).count()
}

#[expect(
    clippy::too_many_lines,
    reason = "a table of all mutations of accounts"
)]
#[tokio::test]
async fn mutations_of_accounts_are_done_once_and_a_retry_says_so() {
    for (mut server, folder, database) in servers().await {
        let (bearer, password) = admin(&mut server).await;
        let client = Client {
            server: &server,
            bearer,
        };
        let accounts = client
            .ask("{ accounts(first: 10) { nodes { id email } } pages { nodes { entryId } } }")
            .await;
        let nodes = accounts["accounts"]["nodes"]
            .as_array()
            .expect("accounts")
            .iter();
        let account = |email: &str| {
            nodes
                .clone()
                .find(|node| node["email"] == email)
                .expect("an account")["id"]
                .clone()
        };
        let (author, editor) = (
            account("author@demo.example"),
            account("editor@demo.example"),
        );
        let mut secrets = Vec::new();
        let mut secret = |payload: &Value, field: &str| {
            let text = payload[field].as_str().expect("a secret");
            secrets.push(text.rsplit('#').next().unwrap_or(text).to_owned());
        };

        client
            .once(
                "confirmPassword",
                "confirmedUntil",
                json!({"password": password}),
            )
            .await;
        client
            .once(
                "updateAccount",
                "account { id }",
                json!({"account": author, "name": "Renamed"}),
            )
            .await;
        client
            .once(
                "changeRole",
                "account { id }",
                json!({"account": author, "role": "CONTRIBUTOR"}),
            )
            .await;
        client
            .once(
                "suspendAccount",
                "account { id }",
                json!({"account": author}),
            )
            .await;
        client
            .once(
                "reactivateAccount",
                "account { id }",
                json!({"account": author}),
            )
            .await;
        let new = json!({"email": "new@example.org", "name": "New", "role": "AUTHOR"});
        secret(&client.once("inviteAccount", "link", new).await, "link");
        secret(
            &client
                .once(
                    "createPasswordResetLink",
                    "link",
                    json!({"account": editor}),
                )
                .await,
            "link",
        );
        let other = json!({"account": editor, "newEmail": "other@example.org"});
        secret(
            &client.once("createEmailChangeLink", "link", other).await,
            "link",
        );
        let token = json!({"name": "builder", "scopes": ["DRAFTS"]});
        let made = client
            .once("createApiToken", "secret apiToken { id }", token)
            .await;
        secret(&made, "secret");
        let id = &made["apiToken"]["id"];
        let rotate = json!({"id": id, "overlapSeconds": 60});
        secret(
            &client.once("rotateApiToken", "secret", rotate).await,
            "secret",
        );
        client
            .once("revokeApiToken", "apiToken { id }", json!({ "id": id }))
            .await;
        let link = json!({"entry": accounts["pages"]["nodes"][0]["entryId"]});
        let link = client
            .once("createPreviewLink", "token previewLink { id }", link)
            .await;
        secret(&link, "token");
        client
            .once(
                "revokePreviewLink",
                "previewLink { id }",
                json!({"id": link["previewLink"]["id"]}),
            )
            .await;
        client
            .once("eraseAccount", "accountId", json!({"account": author}))
            .await;

        for action in [
            "api_token.created",
            "api_token.rotated",
            "account.invited",
            "account.erased",
            "account.role_changed",
        ] {
            assert_eq!(audit_events(&client, action).await, 1, "{action}");
        }
        let reused = client
            .send(
                "createApiToken",
                "createApiToken",
                "secret",
                &json!({"name": "other", "scopes": []}),
            )
            .await;
        assert_eq!(reused.code(), "KEY_REUSED");
        let stored = match &database {
            Some(database) => {
                in_tables(
                    &Database::connect(&database.url(), 1)
                        .await
                        .expect("a connection"),
                )
                .await
            }
            None => in_files(&folder.path().join("data")),
        };
        assert_eq!(secrets.iter().collect::<BTreeSet<_>>().len(), 6);
        for secret in secrets {
            assert!(!stored.contains(&secret), "{secret} is stored");
        }
    }
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_done() {
    for (mut server, _folder, _database) in servers().await {
        let (bearer, _) = admin(&mut server).await;
        let client = Client {
            server: &server,
            bearer,
        };
        let token = json!({"name": "many", "scopes": []});
        let sent = (0..12).map(|_| client.send("many", "createApiToken", "secret", &token));
        let answers = futures_util::future::join_all(sent).await;
        let (done, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.code().is_empty());
        assert_eq!(done.len(), 1);
        for answer in refused {
            // Whether the first one has come to its end may not be known yet.
            let code = answer.code();
            assert!(
                ["ALREADY_DONE", "ANSWER_UNKNOWN"].contains(&code.as_str()),
                "{}",
                answer.json()
            );
        }
        let late = client
            .send("many", "createApiToken", "secret", &token)
            .await;
        assert_eq!(late.code(), "ALREADY_DONE");
        assert_eq!(
            client.ask("{ apiTokens { totalCount } }").await["apiTokens"]["totalCount"],
            1
        );
    }
}

#[tokio::test]
async fn what_changed_nothing_can_be_tried_again_with_its_key() {
    for (mut server, _folder, _database) in servers().await {
        let (bearer, _) = admin(&mut server).await;
        let client = Client {
            server: &server,
            bearer,
        };
        let nameless = json!({"name": "", "scopes": []});
        for _ in 0..2 {
            let refused = client
                .send("key", "createApiToken", "secret", &nameless)
                .await
                .json();
            assert_eq!(
                refused["data"]["createApiToken"]["userErrors"][0]["path"], "name",
                "{refused}"
            );
        }
        let named = client
            .send(
                "key",
                "createApiToken",
                "secret",
                &json!({"name": "named", "scopes": []}),
            )
            .await;
        assert_eq!(named.code(), "", "{}", named.json());
    }
}

#[tokio::test]
async fn an_answer_that_holds_a_secret_beside_content_is_not_kept() {
    for (mut server, folder, database) in servers().await {
        let (bearer, _) = admin(&mut server).await;
        let document =
            "mutation { createValue(input: {content: {title: \"Beside\"}}) { value { id } }
            createApiToken(input: {name: \"beside\", scopes: []}) { secret } }";
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "both"),
        ];
        let first = server
            .query_with(&headers, document, Value::Null)
            .await
            .json();
        let secret = first["data"]["createApiToken"]["secret"]
            .as_str()
            .expect("a secret")
            .to_owned();
        assert_eq!(
            server
                .query_with(&headers, document, Value::Null)
                .await
                .code(),
            "ALREADY_DONE"
        );
        let client = Client {
            server: &server,
            bearer,
        };
        assert_eq!(
            client.ask("{ apiTokens { totalCount } }").await["apiTokens"]["totalCount"],
            1
        );
        let stored = match &database {
            Some(database) => {
                in_tables(
                    &Database::connect(&database.url(), 1)
                        .await
                        .expect("a connection"),
                )
                .await
            }
            None => in_files(&folder.path().join("data")),
        };
        assert!(!stored.contains(&secret));
    }
}
