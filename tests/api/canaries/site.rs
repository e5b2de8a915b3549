//! The program that is tested, with all that it says in errors.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::server::{Answer, Server};

/// The server, and what it has told.
pub(super) struct Site {
    pub(super) server: Server,
    told: Mutex<Vec<String>>,
}

impl Site {
    pub(super) fn new(server: Server) -> Self {
        let told = Mutex::default();
        Self { server, told }
    }

    /// The payload of a mutation of this input, or of a query; `bearer` may be empty.
    pub(super) async fn ask(&self, bearer: &str, field: &str, shown: &str, input: Value) -> Value {
        let document = document(field, shown);
        let variables = json!({ "input": input });
        let answer = if bearer.is_empty() {
            self.server.query_with(&[], &document, variables).await
        } else {
            self.server.query_as(bearer, &document, variables).await
        };
        self.note(&answer);
        answer.json()["data"][field].clone()
    }

    /// The same where it must do what it is asked for.
    pub(super) async fn done(&self, bearer: &str, field: &str, shown: &str, input: Value) -> Value {
        let payload = self.ask(bearer, field, shown, input).await;
        assert_eq!(
            payload["userErrors"],
            json!([]),
            "{field}: {:?}",
            self.told()
        );
        payload
    }

    /// Keeps what an answer tells of errors. All of it, if it is none of GraphQL.
    pub(super) fn note(&self, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.body);
        let mut told = self.told.lock().expect("what was told");
        match serde_json::from_str::<Value>(&text) {
            Ok(body) => errors(&body, &mut told),
            Err(_) => told.push(text.into_owned()),
        }
        if answer.status >= 400 {
            told.push(format!("{:?}", answer.headers()));
        }
    }

    /// All errors so far, as they went over the wire.
    pub(super) fn told(&self) -> String {
        self.told.lock().expect("what was told").join("\n")
    }

    /// The log so far.
    pub(super) fn log(&self) -> String {
        let lines = self.server.log();
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        lines.join("\n")
    }
}

/// The document of a mutation with one input.
pub(super) fn document(field: &str, shown: &str) -> String {
    let (first, rest) = field.split_at(1);
    let of = format!("{}{rest}Input", first.to_uppercase());
    format!(
        "mutation($input: {of}!) {{ {field}(input: $input) {{ {shown} userErrors {{ code path message }} }} }}"
    )
}

/// What stands under the names of errors, however deep.
fn errors(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "errors" || name == "userErrors" {
                    found.push(value.to_string());
                } else {
                    errors(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| errors(value, found)),
        _ => {}
    }
}
