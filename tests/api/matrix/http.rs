//! The matrix over HTTP, by POST, as a form and by GET, with what the demo's accounts hold: sessions, API tokens, and a
//! preview link.

use entity::entry::ContentType;
use kindling::auth::Role;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Outcome,
    alone::Asker,
    columns::{COLUMNS, Column, MAKER},
    document::{How, rules},
    expected::{expected, expected_alone},
    operations::{Operation, Request, Subject},
    stock::{Kind, State},
};
use crate::{
    introspection::Introspection,
    support::{
        TestApp,
        pictures::{form, one_file, png},
        server::{Answer, Server},
    },
};

const CREATE_TOKEN: &str = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id } } }";
const CREATE_LINK: &str = "mutation($input: CreatePreviewLinkInput!) { createPreviewLink(input: $input) { token previewLink { id } } }";

/// The demo, and the tokens of its accounts.
struct Site {
    server: Server,
    /// In the order of [`COLUMNS`]; none for somebody who is not signed in.
    tokens: Vec<Option<String>>,
    /// For those operations that are about the type that the other token is for.
    of_another_type: String,
}

impl Site {
    async fn start(folder: &TempDir) -> Self {
        let mut site = Self {
            server: Server::start(folder.path(), &[]),
            tokens: Vec::new(),
            of_another_type: String::new(),
        };
        let maker = site.server.sign_in(&name(MAKER)).await;
        let all = json!(["DRAFTS", "HISTORY", "WRITE", "PUBLISH", "EVENTS"]);
        let of_type = |of: &str| json!({"name": of, "scopes": all, "contentTypes": [of]});
        site.of_another_type = site.new_token(&maker, of_type("MILESTONE")).await.0;
        for column in COLUMNS {
            let token = match column {
                Column::Anonymous => None,
                Column::Preview => Some(site.new_link(&maker, "Preview").await.0),
                Column::TokenWith => {
                    let input = json!({"name": "All", "scopes": all});
                    Some(site.new_token(&maker, input).await.0)
                }
                Column::TokenWithout => {
                    let input = json!({"name": "None", "scopes": []});
                    Some(site.new_token(&maker, input).await.0)
                }
                Column::TokenOfAnotherType => {
                    Some(site.new_token(&maker, of_type("VALUE")).await.0)
                }
                Column::Account(role) => Some(site.server.sign_in(&name(role)).await),
            };
            site.tokens.push(token);
        }
        site
    }

    /// What the column sends with the operation.
    fn token(&self, column: Column, operation: &Operation<'_>) -> Option<&String> {
        if column == Column::TokenOfAnotherType && operation.content_type() == ContentType::Value {
            return Some(&self.of_another_type);
        }
        let at = COLUMNS.iter().position(|known| *known == column);
        self.tokens[at.expect("a column")].as_ref()
    }

    /// The secret and the id of a new API token of whoever has this access token.
    async fn new_token(&self, session: &str, input: Value) -> (String, String) {
        let input = json!({ "input": input });
        let answer = self.server.query_as(session, CREATE_TOKEN, input).await;
        let made = answer.json()["data"]["createApiToken"].clone();
        let text = |value: &Value| value.as_str().expect("a token").to_owned();
        (text(&made["secret"]), text(&made["apiToken"]["id"]))
    }

    /// The token and the id of a preview link of a new draft of whoever has this access token.
    async fn new_link(&self, session: &str, title: &str) -> (String, String) {
        let create = "mutation($title: String!) { createValue(input: {content: {title: $title}}) { value { id } } }";
        let value = self
            .server
            .query_as(session, create, json!({ "title": title }))
            .await;
        let input = json!({"input": {"entry": value.json()["data"]["createValue"]["value"]["id"]}});
        let answer = self.server.query_as(session, CREATE_LINK, input).await;
        let made = answer.json()["data"]["createPreviewLink"].clone();
        let text = |value: &Value| value.as_str().expect("a token").to_owned();
        (text(&made["token"]), text(&made["previewLink"]["id"]))
    }

    async fn post(&self, token: Option<&String>, request: &Request) -> Answer {
        if request.takes_a_file() {
            return self.post_form(token, request).await;
        }
        let (document, variables) = (&request.document, request.variables.clone());
        match token {
            Some(token) => self.server.query_as(token, document, variables).await,
            None => self.server.query_with(&[], document, variables).await,
        }
    }

    /// As a form, with a file where it takes one.
    async fn post_form(&self, token: Option<&String>, request: &Request) -> Answer {
        let (document, variables) = (&request.document, request.variables.clone());
        let form = if request.takes_a_file() {
            one_file(document, variables["input"].clone(), "a.png", &png(1, 1))
        } else {
            let operations = json!({"query": document, "variables": variables}).to_string();
            form(&[
                ("operations", None, operations.as_bytes()),
                ("map", None, b"{}"),
            ])
        };
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer
            .iter()
            .map(|bearer| ("Authorization", bearer.as_str()));
        let headers: Vec<_> = bearer.chain([("GraphQL-Preflight", "1")]).collect();
        self.server.send_form(&headers, &form).await
    }

    async fn get(&self, token: Option<&String>, request: &Request) -> Answer {
        let path = format!(
            "/graphql?query={}&variables={}",
            encoded(&request.document),
            encoded(&request.variables.to_string())
        );
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers = bearer
            .iter()
            .map(|bearer| ("Authorization", bearer.as_str()));
        self.server.get(&path, &headers.collect::<Vec<_>>()).await
    }

    /// What an admin gets for a document that must be right.
    async fn as_admin(&self, document: &str, input: Value) -> Value {
        let request = Request {
            document: document.to_owned(),
            variables: input,
        };
        let answer = self
            .post(self.tokens[COLUMNS.len() - 1].as_ref(), &request)
            .await;
        let answer = answer.json();
        assert!(answer["errors"].is_null(), "{document}: {answer}");
        answer["data"].clone()
    }

    /// A new public entry of somebody else, or one of the demo's, and when it became public.
    async fn public(&self, operation: &Operation<'_>) -> Subject {
        if operation.is_of_a_type() || operation.is_read_of_a_type() {
            let list = format!(
                "{{ {} (first: 1, view: {{perspective: DRAFT}}) {{ nodes {{ id revision publishedAt }} }} }}",
                operation.list()
            );
            let data = self.as_admin(&list, json!({})).await;
            return subject(&data[operation.list()]["nodes"][0]);
        }
        let create =
            "mutation { createValue(input: {content: {title: \"Courage\"}}) { value { id } } }";
        let id = self.as_admin(create, json!({})).await["createValue"]["value"]["id"].clone();
        let publish = "mutation($entries: [EntryTarget!]!) { publishEntries(input: {entries: $entries}) { entries { id publishedAt } } }";
        let data = self
            .as_admin(publish, json!({"entries": [{ "id": id }]}))
            .await;
        subject(&data["publishEntries"]["entries"][0])
    }
}

/// The name of the demo's account with this role.
fn name(role: Role) -> String {
    format!("{role:?}").to_lowercase()
}

fn subject(entry: &Value) -> Subject {
    let text = |name: &str| entry[name].as_str().expect("a text");
    Subject {
        id: text("id").parse().expect("an id"),
        latest: entry["revision"]
            .as_i64()
            .map_or(1, |revision| revision.try_into().expect("a small number")),
        moment: text("publishedAt").to_owned(),
    }
}

fn encoded(text: &str) -> String {
    let escaped: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    escaped.concat()
}

const PUBLIC: Kind = Kind {
    is_own: false,
    state: State::Public,
};

/// What of the matrix is wrong.
type Wrong = Vec<String>;

impl Site {
    /// Tries the operation on an entry of somebody else, public, by each transport.
    async fn try_on_entry(&self, operation: &Operation<'_>, column: Column, wrong: &mut Wrong) {
        let (rule, token) = (operation.rule, self.token(column, operation));
        for as_form in [false, true] {
            let request = operation.about(&self.public(operation).await);
            let answer = if as_form {
                self.post_form(token, &request).await
            } else {
                self.post(token, &request).await
            };
            let by_get = self.get(token, &request).await;
            let found = Outcome::of(&answer.json(), &rule.field);
            let must = match expected(operation, column, PUBLIC) {
                // The list holds more than the one entry, or nothing.
                Outcome::Shown(_) | Outcome::Unknown if rule.field == "entries" => found,
                must => must,
            };
            let as_by_post = if operation.is_mutation {
                by_get.status == 405 && by_get.code() == "METHOD_NOT_ALLOWED"
            } else {
                told(&by_get) == told(&answer)
            };
            let is_kept = answer.header("cache-control") != "private, no-store";
            let may_be_kept = column == Column::Anonymous && !operation.is_mutation;
            // What is refused before its file is read is no answer to keep.
            let tells = answer.status != 200 || may_be_kept || !is_kept;
            if found != must || !as_by_post || !tells {
                wrong.push(format!(
                    "{rule:?} by {column:?}, as a form {as_form}: {found:?}, not {must:?}: {answer:?}; by GET {by_get:?}"
                ));
            }
        }
    }

    /// Tries an operation that is about no entry.
    async fn try_alone(&mut self, operation: &Operation<'_>, column: Column, wrong: &mut Wrong) {
        let asked = operation.rule;
        for as_form in [false, true] {
            let own = self.belongings(column).await;
            // A session of its own, as the operation may end it.
            let token = match column {
                Column::Account(role) => Some(self.server.sign_in(&name(role)).await),
                _ => self.token(column, operation).cloned(),
            };
            let request = operation.alone(&own);
            let by_get = self.get(token.as_ref(), &request).await;
            let answer = if as_form {
                self.post_form(token.as_ref(), &request).await.json()
            } else {
                self.post(token.as_ref(), &request).await.json()
            };
            let must = match asked.field.as_str() {
                "refreshSession" => Outcome::Inapplicable,
                _ => expected_alone(operation, column),
            };
            let found = Outcome::of(&answer, &asked.field);
            if found != must || (operation.is_mutation && by_get.status != 405) {
                wrong.push(format!(
                    "{asked:?} by {column:?}, as a form {as_form}: {found:?}, not {must:?}: {answer}; by GET {by_get:?}"
                ));
            }
        }
    }

    async fn belongings(&mut self, column: Column) -> Asker {
        let account = name(column.role().unwrap_or(MAKER));
        let session = self.server.sign_in(&account).await;
        let makes_tokens = account != name(Role::Contributor) && column != Column::Anonymous;
        let api_token = if makes_tokens {
            let input = json!({"name": "Own", "scopes": []});
            self.new_token(&session, input).await.1
        } else {
            kindling::auth::api_token::public_id(kindling::id::new())
        };
        Asker {
            email: format!("{account}@demo.example"),
            password: self.server.demo_password(&account),
            refresh: "no token".to_owned(),
            api_token,
            preview_link: self.new_link(&session, "Own").await.1,
        }
    }
}

async fn hold(is_meant: impl Fn(&Operation<'_>) -> bool) {
    let api = Introspection::of(&TestApp::on_sqlite().await).await;
    let folder = TempDir::new().expect("a folder");
    let mut site = Site::start(&folder).await;
    let (mut tried, mut wrong) = (0, Wrong::new());
    for rule in rules() {
        let operation = Operation::of(&api, &rule);
        let is_asked = rule.how != How::AnInternalField && rule.how != How::OfADraft;
        if !is_asked || !is_meant(&operation) {
            continue;
        }
        for column in COLUMNS {
            tried += 1;
            if operation.is_about_an_entry() {
                site.try_on_entry(&operation, column, &mut wrong).await;
            } else {
                site.try_alone(&operation, column, &mut wrong).await;
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn every_question_holds_for_everybody_over_http() {
    hold(|operation| !operation.is_mutation).await;
}

#[tokio::test]
async fn every_mutation_holds_for_everybody_over_http() {
    hold(|operation| operation.is_mutation).await;
}

/// What an answer says, without what it cost.
fn told(answer: &Answer) -> Value {
    let mut json = answer.json();
    json["extensions"] = Value::Null;
    json
}
