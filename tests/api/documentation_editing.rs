//! What the guide to editing shows is what happens: its requests are sent in their order, and answered as it says.

use std::collections::HashMap;

use entity::entry_id::EntryId;
use kindling::{
    auth::{
        Role,
        account::{NewAccount, create},
    },
    crypto::Secret,
};
use serde_json::Value;

use crate::support::{accounts::PASSWORD, on_both_engines};

const EDITING: &str = include_str!("../../docs/editing.md");
const README: &str = include_str!("../../README.md");

/// The ids that the guide shows, and those that there are.
#[derive(Default)]
struct Ids(HashMap<String, String>);

impl Ids {
    fn in_request(&self, request: &str) -> String {
        let known = self.0.iter();
        known.fold(request.to_owned(), |text, (shown, real)| {
            text.replace(shown, real)
        })
    }

    /// Whether the answer is what is shown, with other ids and moments.
    fn fit(&mut self, shown: &Value, real: &Value) -> bool {
        match (shown, real) {
            (Value::Object(shown), Value::Object(real)) => {
                shown.len() == real.len()
                    && shown.iter().all(|(name, value)| {
                        real.get(name).is_some_and(|real| self.fit(value, real))
                    })
            }
            (Value::Array(shown), Value::Array(real)) => {
                shown.len() == real.len()
                    && shown
                        .iter()
                        .zip(real)
                        .all(|(one, other)| self.fit(one, other))
            }
            (Value::String(shown), Value::String(real)) => self.text_fits(shown, real),
            (shown, real) => shown == real,
        }
    }

    fn text_fits(&mut self, shown: &str, real: &str) -> bool {
        let is_moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).is_ok();
        let is_id = |text: &str| text.parse::<EntryId>().is_ok();
        if is_id(shown) && is_id(real) {
            let known = self.0.entry(shown.to_owned());
            return known.or_insert_with(|| real.to_owned()) == real;
        }
        (is_moment(shown) && is_moment(real)) || self.in_request(shown) == real
    }
}

/// Each request with the answer that follows it.
fn examples() -> Vec<(&'static str, Value)> {
    let blocks = EDITING.split("```graphql\n").skip(1);
    let example = |block: &'static str| {
        let (request, rest) = block.split_once("```").expect("an end");
        let answer = rest.split("```json\n").nth(1).expect("an answer");
        let answer = answer.split("```").next().expect("an end");
        (request, serde_json::from_str(answer).expect("JSON"))
    };
    blocks.map(example).collect()
}

on_both_engines! {
    async fn the_guide_to_editing_tells_what_happens(app: TestApp) {
        let named = NewAccount {
            email: "editor@example.org".to_owned(), name: "The editors".to_owned(), role: Role::Editor, password: Secret::new(PASSWORD),
        };
        create(&app.app, named).await.expect("an account");
        let session = app.sign_in("editor@example.org").await;
        let editor = app.bearer(&session["accessToken"]).await.expect("an editor");
        let mut ids = Ids::default();
        let examples = examples();
        assert!(examples.len() > 12, "the guide shows requests");
        for (request, shown) in examples {
            let answer = app.query_as(editor.clone(), &ids.in_request(request), Value::Null).await;
            assert!(answer["errors"].is_null(), "{request}\n{answer:#}");
            assert!(ids.fit(&shown, &answer["data"]), "{request}\nis answered with\n{:#}", answer["data"]);
        }
    }

    async fn the_first_edit_of_the_readme_works(app: TestApp) {
        app.new_account("editor@demo.example", Role::Editor).await;
        let first_edit = README.split("## A first edit").nth(1).expect("the section");
        let bodies: Vec<Value> = first_edit
            .split("--data '")
            .skip(1)
            .filter_map(|rest| serde_json::from_str(rest.split('\'').next()?).ok())
            .collect();
        let [sign_in, create, publish] = bodies.as_slice() else { panic!("{bodies:?}") };
        let text = |body: &Value| body["query"].as_str().expect("a query").to_owned();
        let password = serde_json::json!({"password": PASSWORD});
        let session = app.query_with(&text(sign_in), password).await;
        let session = &session["data"]["signIn"]["session"];
        let editor = app.bearer(&session["accessToken"]).await.expect("an editor");
        let created = app.query_as(editor.clone(), &text(create), Value::Null).await;
        let id = &created["data"]["createValue"]["value"]["id"];
        let published = app.query_as(editor, &text(publish), serde_json::json!({"id": id})).await;
        let shown = first_edit.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        let shown: Value = serde_json::from_str(shown.expect("an answer")).expect("JSON");
        assert_eq!(published["data"], shown["data"]);
    }
}
