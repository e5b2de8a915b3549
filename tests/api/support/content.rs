//! Content for the tests: the smallest of each type that can become public, and short ways to say what came back.

use chrono::TimeDelta;
use entity::{asset, entry_id::EntryId, impact_stat, milestone, page, story_section, team_member};
use entity::{localized::Localized, testimonial, value};
use kindling::{auth::Principal, content::Content};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::TestApp;

pub(crate) fn asset(file_name: &str) -> asset::Model {
    asset::Model {
        file_name: file_name.to_owned(),
        media_type: "image/webp".to_owned(),
        sha256: "0".repeat(64),
        storage_key: "0.webp".to_owned(),
        bytes: 1,
        alternative_text: english("A picture"),
        ..asset::Model::default()
    }
}

pub(crate) fn impact_stat(figure: &str) -> impact_stat::Model {
    impact_stat::Model {
        value: figure.parse().expect("a decimal number"),
        label: english("A figure"),
        ..impact_stat::Model::default()
    }
}

pub(crate) fn milestone(date: &str) -> milestone::Model {
    milestone::Model {
        date: date.parse().expect("a date"),
        title: english("A step"),
        ..milestone::Model::default()
    }
}

pub(crate) fn page(slug: &str) -> page::Model {
    page::Model {
        slug: slug.to_owned(),
        title: english("A page"),
        ..page::Model::default()
    }
}

pub(crate) fn story_section(anchor: &str) -> story_section::Model {
    story_section::Model {
        anchor: anchor.to_owned(),
        ..story_section::Model::default()
    }
}

pub(crate) fn team_member(name: &str) -> team_member::Model {
    team_member::Model {
        name: name.to_owned(),
        ..team_member::Model::default()
    }
}

pub(crate) fn testimonial(author: &str) -> testimonial::Model {
    testimonial::Model {
        quote: english("Well said"),
        author_name: author.to_owned(),
        ..testimonial::Model::default()
    }
}

pub(crate) fn value(title: &str) -> value::Model {
    value::Model {
        title: english(title),
        ..value::Model::default()
    }
}

fn english(text: &str) -> Localized {
    [("en", text)].into()
}

/// The content with other values in the fields that `fields` names, as they stand in a file of content.
pub(crate) fn with<M: Serialize + DeserializeOwned>(content: M, fields: Value) -> M {
    let object = serde_json::to_value(content).expect("JSON");
    serde_json::from_value(merged(object, fields)).expect("content of this type")
}

/// The object with other values in the fields that `fields` names.
pub(crate) fn merged(mut object: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else {
        panic!("{fields} is no object");
    };
    for (name, value) in fields {
        object[name] = value;
    }
    object
}

/// Checks that content of each of these kinds is refused with these words, and that nothing is left behind.
pub(crate) async fn assert_refused<C: Content>(
    app: &TestApp,
    valid: &C::Model,
    wrong: &[(Value, &str)],
) {
    for (fields, words) in wrong {
        let content = with(valid.clone(), fields.clone());
        let error = app.try_draft::<C>("wrong", content).await;
        let error = error.expect_err(words);
        assert_eq!(error.to_string(), *words, "{fields}");
        assert_eq!(error.code(), "BAD_INPUT", "{fields}");
    }
    assert!(app.app.database.is_empty().await.expect("an answer"));
}

/// Checks that content of each of these kinds can be saved, but not become public, with these words after its id.
pub(crate) async fn assert_not_publishable<C: Content>(
    app: &TestApp,
    valid: &C::Model,
    lacking: &[(Value, &str)],
) {
    for (at, (fields, words)) in lacking.iter().enumerate() {
        let content = with(valid.clone(), fields.clone());
        let id = app.draft::<C>(&format!("lacking-{at}"), content).await;
        let error = app.publish(&[id]).await.expect_err(words);
        assert_eq!(error.to_string(), format!("{id}.{words}"), "{fields}");
        let node = app
            .query(&format!("{{ node(id: \"{id}\") {{ id }} }}"))
            .await;
        assert!(node["data"]["node"].is_null(), "{node}");
    }
}

/// The keys of the entries on a page of a list, in their order.
pub(crate) fn keys(answer: &Value, list: &str) -> String {
    let nodes = answer["data"][list]["nodes"].as_array();
    let nodes = nodes.unwrap_or_else(|| panic!("no {list} in {answer}"));
    let keys = nodes
        .iter()
        .map(|node| node["key"].as_str().expect("a key"));
    keys.collect::<Vec<_>>().join(" ")
}

/// Code, path and message of the only error of an answer and of its only problem.
pub(crate) fn problem(answer: &Value) -> (&str, &str, &str) {
    let errors = answer["errors"].as_array();
    let [error] = errors.map_or(&[][..], Vec::as_slice) else {
        panic!("not one error: {answer}");
    };
    let code = error["extensions"]["code"].as_str().expect("a code");
    let problem = &error["extensions"]["problems"][0];
    let message = problem["message"].as_str().or(error["message"].as_str());
    (
        code,
        problem["path"].as_str().unwrap_or_default(),
        message.unwrap_or_default(),
    )
}

/// Three public entries, `a`, `b` and `c`, with these fields, and a draft, `d`, like the first; gives their ids.
///
/// They are created at 12:00, 13:00 and 14:00, and the draft at 15:00, when `b` is also saved once more.
pub(crate) async fn three<C: Content>(
    app: &TestApp,
    content: &C::Model,
    fields: [Value; 3],
) -> [EntryId; 4] {
    let [a, b, c] = fields.map(|fields| with(content.clone(), fields));
    let mut ids = Vec::new();
    for (key, content) in [("a", &a), ("b", &b), ("c", &c), ("d", &a)] {
        ids.push(app.draft::<C>(key, content.clone()).await);
        if key != "d" {
            app.app.clock.advance(TimeDelta::hours(1));
        }
    }
    app.update::<C>(ids[1], 1, b).await.expect("a revision");
    app.publish(&ids[..3]).await.expect("a publication");
    ids.try_into().expect("four ids")
}

impl TestApp {
    /// The answer to a query with variables by somebody who is not signed in.
    pub(crate) async fn query_with(&self, query: &str, variables: Value) -> Value {
        self.query_as(Principal::Anonymous, query, variables).await
    }
}
