//! The matrix over HTTP, by POST and GET, with the access tokens of the demo's accounts.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Outcome, ROLES,
    alone::Asker,
    document::{How, rules},
    expected::{expected, expected_alone},
    operations::{Operation, Request, Subject},
    stock::{Kind, State},
};
use crate::{
    introspection::Introspection,
    support::{
        TestApp,
        pictures::{one_file, png},
        server::{Answer, Server},
    },
};

/// The demo, and access tokens in the order of [`ROLES`]; none for somebody who is not signed in.
struct Site {
    server: Server,
    tokens: Vec<Option<String>>,
}

impl Site {
    async fn start(folder: &TempDir) -> Self {
        let mut site = Self {
            server: Server::start(folder.path(), &[]),
            tokens: Vec::new(),
        };
        for column in 0..ROLES.len() {
            let token = site.sign_in(column).await;
            site.tokens.push(token);
        }
        site
    }

    async fn sign_in(&mut self, column: usize) -> Option<String> {
        match name(column) {
            Some(name) => Some(self.server.sign_in(&name).await),
            None => None,
        }
    }

    async fn post(&self, token: Option<&String>, request: &Request) -> Answer {
        let (document, variables) = (&request.document, request.variables.clone());
        if request.takes_a_file() {
            let form = one_file(document, variables["input"].clone(), "a.png", &png(1, 1));
            let bearer = token.map(|token| format!("Bearer {token}"));
            let bearer = bearer
                .iter()
                .map(|bearer| ("Authorization", bearer.as_str()));
            let headers: Vec<_> = bearer.chain([("GraphQL-Preflight", "1")]).collect();
            return self.server.send_form(&headers, &form).await;
        }
        match token {
            Some(token) => self.server.query_as(token, document, variables).await,
            None => self.server.query_with(&[], document, variables).await,
        }
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
            .post(self.tokens[ROLES.len() - 1].as_ref(), &request)
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

fn name(column: usize) -> Option<String> {
    ROLES[column].map(|role| format!("{role:?}").to_lowercase())
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
    /// Tries the operation on an entry of somebody else, public.
    async fn try_on_entry(&self, operation: &Operation<'_>, column: usize, wrong: &mut Wrong) {
        let (rule, token) = (operation.rule, self.tokens[column].as_ref());
        let request = operation.about(&self.public(operation).await);
        let answer = self.post(token, &request).await;
        let by_get = self.get(token, &request).await;
        let found = Outcome::of(&answer.json(), &rule.field);
        let must = match expected(rule, column, PUBLIC) {
            // The list holds more than the one entry, or nothing.
            Outcome::Shown(_) | Outcome::Unknown if rule.field == "entries" => found,
            must => must,
        };
        let as_by_post = if operation.is_mutation {
            by_get.status == 405 && by_get.code() == "METHOD_NOT_ALLOWED"
        } else {
            told(&by_get) == told(&answer)
        };
        if found != must || !as_by_post {
            let (who, answer) = (ROLES[column], answer.json());
            wrong.push(format!(
                "{rule:?} by {who:?}: {found:?}, not {must:?}: {answer}; by GET {by_get:?}"
            ));
        }
    }

    /// Tries an operation that is about no entry.
    async fn try_alone(&mut self, operation: &Operation<'_>, column: usize, wrong: &mut Wrong) {
        let rule = operation.rule;
        let who = name(column).unwrap_or_else(|| "author".to_owned());
        let password = self.server.demo_password(&who);
        // A session of its own, as the operation may end it.
        let token = self.sign_in(column).await;
        let asker = Asker {
            email: &format!("{who}@demo.example"),
            password: &password,
            refresh: "no token",
        };
        let request = operation.alone(&asker);
        let by_get = self.get(token.as_ref(), &request).await;
        let answer = self.post(token.as_ref(), &request).await.json();
        let must = match rule.field.as_str() {
            "refreshSession" => Outcome::Inapplicable,
            _ => expected_alone(rule, column),
        };
        let found = Outcome::of(&answer, &rule.field);
        if found != must || (operation.is_mutation && by_get.status != 405) {
            wrong.push(format!(
                "{rule:?} by {who}: {found:?}, not {must:?}: {answer}; by GET {by_get:?}"
            ));
        }
    }
}

#[tokio::test]
async fn every_operation_holds_for_every_role_over_http() {
    let api = Introspection::of(&TestApp::on_sqlite().await).await;
    let folder = TempDir::new().expect("a folder");
    let mut site = Site::start(&folder).await;
    let mut wrong = Wrong::new();
    let is_meant = |how: How| how != How::AnInternalField && how != How::OfADraft;
    for rule in rules().iter().filter(|rule| is_meant(rule.how)) {
        let operation = Operation::of(&api, rule);
        for column in 0..ROLES.len() {
            if operation.is_about_an_entry() {
                site.try_on_entry(&operation, column, &mut wrong).await;
            } else {
                site.try_alone(&operation, column, &mut wrong).await;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What an answer says, without what it cost.
fn told(answer: &Answer) -> Value {
    let mut json = answer.json();
    json["extensions"] = Value::Null;
    json
}
