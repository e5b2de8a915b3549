//! The schema is the one that is committed, and explains itself.

use std::process::Command;

use async_graphql::Variables;
use entity::entry::ContentType;
use kindling::{
    content::types,
    delivery::{Delivery, Sender},
};
use sea_orm::Iterable;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    introspection::{Introspection, named, text},
    support::{TestApp, answer, server::Server, tools::node_folder},
};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
/// The scalars of GraphQL itself, which its specification explains.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let served = kindling::graphql::sdl();
    let differing = served
        .lines()
        .zip(committed.lines())
        .position(|(one, other)| one != other);
    assert!(
        served == committed,
        "schema.graphql is not up to date (line {:?}); renew it with: cargo run -- schema > schema.graphql",
        differing.map(|line| line + 1)
    );
}

#[tokio::test]
async fn introspection_says_what_the_committed_schema_says_by_the_rules_of_graphql_js() {
    let Some(folder) = node_folder() else {
        return;
    };
    let data = TempDir::new().expect("a folder");
    let mut server = Server::start(data.path(), &[]);
    let token = server.sign_in("editor").await;
    let output = Command::new("node")
        .arg(folder.join("schema.mjs"))
        .arg(format!("http://{}/graphql", server.address))
        .args([COMMITTED, &token])
        .output()
        .expect("Node.js");
    let told = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&told)
    );
}

#[tokio::test]
async fn everything_in_the_schema_has_a_description() {
    let api = Introspection::of(&TestApp::on_sqlite().await).await;
    let mut silent = Vec::new();
    let mut check = |place: String, described: &Value| {
        if described["description"]
            .as_str()
            .is_none_or(|text| text.trim().is_empty())
        {
            silent.push(place);
        }
    };
    let mut count = 0;
    for (name, of) in api.types().filter(|(name, _)| !BUILT_IN.contains(name)) {
        count += 1;
        check(name.to_owned(), of);
        for members in ["fields", "inputFields", "enumValues"] {
            for member in api.members(name, members) {
                let place = format!("{name}.{}", text(&member["name"]));
                for argument in member["args"].as_array().into_iter().flatten() {
                    check(format!("{place}({})", text(&argument["name"])), argument);
                }
                check(place, member);
            }
        }
    }
    assert!(count > 20, "introspection tells of {count} types only");
    assert_eq!(silent, [""; 0], "without a description");
}

#[tokio::test]
async fn every_limit_of_a_field_stands_in_its_description() {
    let api = Introspection::of(&TestApp::on_sqlite().await).await;
    let checked: usize = ContentType::iter()
        .map(|content_type| check_limits(&api, content_type))
        .sum();
    assert!(checked > 40, "{checked} fields only");
}

#[tokio::test]
async fn every_scalar_names_what_specifies_it() {
    let app = TestApp::on_sqlite().await;
    let answer = app
        .query("{ __schema { types { kind name specifiedByURL } } }")
        .await;
    let types = answer["data"]["__schema"]["types"].as_array();
    let scalars = types
        .expect("types")
        .iter()
        .filter(|of| of["kind"] == "SCALAR" && !BUILT_IN.contains(&text(&of["name"])));
    let scalars: Vec<&Value> = scalars.collect();
    assert!(scalars.len() > 6, "{scalars:?}");
    for scalar in scalars {
        let url = scalar["specifiedByURL"].as_str().unwrap_or_default();
        assert!(url.starts_with("https://"), "{scalar}");
    }
}

#[tokio::test]
async fn introspection_names_the_interfaces_that_interfaces_implement() {
    let app = TestApp::on_sqlite().await;
    let asked = async |query: &str| {
        let answer = app.query(query).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"].clone()
    };
    let query = r#"{
        __type(name: "Entry") { kind its: interfaces { ...Named possibleTypes { name } } name }
        __typename
    }
    fragment Named on __Type { name kind }"#;
    let data = asked(query).await;
    let its = data["__type"]["its"].as_array().expect("interfaces");
    assert_eq!((its.len(), &its[0]["name"]), (1, &json!("Node")));
    assert_eq!(its[0]["kind"], "INTERFACE");
    let possible = its[0]["possibleTypes"].as_array().expect("types");
    assert_eq!(possible.len(), ContentType::iter().count());
    let keys = data.as_object().expect("an object").keys();
    assert_eq!(keys.collect::<Vec<_>>(), ["__type", "__typename"]);
    let keys = data["__type"].as_object().expect("an object").keys();
    assert_eq!(keys.collect::<Vec<_>>(), ["its", "kind", "name"]);
    let query = r#"{ __type(name: "Page") { interfaces { name interfaces { name } } } }"#;
    let object = asked(query).await;
    let expected = json!([{"name": "Node", "interfaces": []}, {"name": "Entry", "interfaces": [{"name": "Node"}]}]);
    assert_eq!(object["__type"]["interfaces"], expected);
    for (name, expected) in [("Node", json!([])), ("StorySectionItem", Value::Null)] {
        let found = asked(&format!(
            "{{ __type(name: \"{name}\") {{ interfaces {{ name }} }} }}"
        ))
        .await;
        assert_eq!(found["__type"]["interfaces"], expected, "{name}");
    }
}

/// Checks the fields of a content type, and returns how many there are.
fn check_limits(api: &Introspection, content_type: ContentType) -> usize {
    let (content, fields) = types::limits(content_type);
    for (path, limits) in &fields {
        let (owner, name) = match path.split_once('.') {
            Some((owner, name)) => (named(&described(api, content, owner)["type"]), name),
            None => (content, *path),
        };
        let description = text(&described(api, owner, name)["description"]);
        assert!(
            description.ends_with(limits),
            "{content} {path}: no {limits:?} in {description:?}"
        );
    }
    fields.len()
}

fn described<'a>(api: &'a Introspection, owner: &str, name: &str) -> &'a Value {
    let field = api
        .members(owner, "fields")
        .iter()
        .find(|field| field["name"] == name);
    field.unwrap_or_else(|| panic!("{owner} has no field {name}"))
}

#[tokio::test]
async fn introspection_and_suggestions_are_for_development_only() {
    let app = TestApp::on_sqlite().await;
    let production = Delivery::new(&app.in_production());
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Page\") { name } }",
        "{ mileston { nodes { id } } }",
    ] {
        let sender = Sender::new(kindling::auth::Principal::Anonymous);
        let answer = answer(&production, query, Variables::default(), sender).await;
        let answer = answer.to_string();
        assert_eq!(
            answer.contains("introspection is allowed only"),
            query.contains("__"),
            "{query}: {answer}"
        );
        assert!(
            !answer.contains("PageInfo")
                && !answer.contains("\"Page\"")
                && !answer.contains("milestones"),
            "{query}: {answer}"
        );
    }
    assert!(
        app.query("{ mileston { id } }")
            .await
            .to_string()
            .contains("milestone")
    );
    assert_eq!(
        app.query("{ __type(name: \"Page\") { name } }").await["data"]["__type"]["name"],
        "Page"
    );
}
