//! White space at the ends of what editors send is not stored.

use entity::entry::ContentType;
use kindling::content::types;
use sea_orm::Iterable;
use serde_json::{Map, Value, json};

use crate::{
    introspection::{Introspection, named},
    support::{content::merged, editor, on_both_engines},
};

/// A text field of an input: its path, and a text that it takes.
struct TextField {
    path: &'static str,
    text: &'static str,
    is_of_lines: bool,
    is_localized: bool,
}

/// The text fields of a content type that editors write.
fn text_fields(api: &Introspection, content_type: ContentType) -> Vec<TextField> {
    let (name, limits) = types::limits(content_type);
    let is_written = |path: &str| {
        let mut owner = format!("{name}Input");
        path.split('.').all(|step| {
            let fields = api.members(&owner, "inputFields");
            let field = fields.iter().find(|field| field["name"] == step);
            let inner = field.map(|field| named(&field["type"]).to_owned());
            owner = inner.unwrap_or_default();
            !owner.is_empty()
        })
    };
    let texts = limits.into_iter().filter_map(|(path, limits)| {
        let (_, form) = limits.split_once(" characters")?;
        let is_text = limits.starts_with("At most") && !limits.contains("links,");
        let form = form.split('.').next().unwrap_or_default();
        let (text, is_of_lines) = match form {
            ": lower-case letters and digits, in words joined by hyphens" => ("a-slug-1", false),
            ": an e-mail address" => ("ana@example.org", false),
            " on one line" => ("a line", false),
            form if form.starts_with(": an http") => ("https://example.org/a?b#c", false),
            "" | " of Markdown" => ("one\n\n    two", true),
            form => panic!("{path}: {form:?} is new: say what such a text is"),
        };
        (is_text && is_written(path)).then_some(TextField {
            path,
            text,
            is_of_lines,
            is_localized: limits.contains("Localised."),
        })
    });
    texts.collect()
}

/// An object with a value at this path.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, step| {
        Value::Object(Map::from_iter([(step.to_owned(), value)]))
    })
}

/// What each type has besides.
fn indispensable(name: &str, path: &str) -> Value {
    match (name, path) {
        ("ImpactStat", "source.url") => json!({"value": "1", "source": {"name": "A study"}}),
        ("ImpactStat", _) => json!({"value": "1"}),
        ("Milestone", _) => json!({"date": "2008"}),
        ("StorySection", "callToAction.label") => json!({"callToAction": {"url": "/a"}}),
        _ => json!({}),
    }
}

/// Both objects in one, group by group.
fn both(one: Value, other: Value) -> Value {
    let (Value::Object(mut fields), Value::Object(others)) = (one, other) else {
        panic!("objects");
    };
    for (key, value) in others {
        let value = match fields.remove(&key) {
            Some(before) => merged(before, value),
            None => value,
        };
        fields.insert(key, value);
    }
    Value::Object(fields)
}

const BEFORE: &str = " \u{a0}\t\u{feff}\n";
const AFTER: &str = "\u{2003}\u{200b}\r\n \u{2060} ";

on_both_engines! {
    async fn every_text_is_stored_without_white_space_at_its_ends(app: TestApp) {
        let api = Introspection::of(&app).await;
        let mut count = 0;
        // An asset is created of a file, and its texts go the same way.
        for content_type in ContentType::iter().filter(|it| *it != ContentType::Asset) {
            let (name, _) = types::limits(content_type);
            for field in text_fields(&api, content_type) {
                count += 1;
                let sent = format!("{BEFORE}{}{AFTER}", field.text);
                let stored = if field.is_of_lines { format!("{BEFORE}{}", field.text) } else { field.text.to_owned() };
                let content = both(indispensable(name, field.path), at(field.path, json!(sent)));
                let id = app.created(&editor(), name, content).await;
                let group: Vec<&str> = field.path.split('.').collect();
                let selection = group.join(" { ") + &" }".repeat(group.len() - 1);
                let read = async |locale: &str| {
                    let query = format!("query ($ids: [ID!]!) {{ nodes(ids: $ids, view: {{perspective: DRAFT, locales: [\"{locale}\"]}}) \
                        {{ ... on {name} {{ {selection} }} }} }}");
                    let answer = app.query_as(editor(), &query, json!({ "ids": [id] })).await;
                    let mut value = answer["data"]["nodes"][0].clone();
                    for step in &group {
                        value = value[*step].take();
                    }
                    value
                };
                assert_eq!(read("en").await, json!(stored), "{name}.{}", field.path);
                let change = |content: Value, translations: Value| json!({
                    "id": id, "expectedRevision": 1, "content": content, "translations": translations,
                });
                if field.is_localized {
                    let texts = both(json!({"locale": "es"}), at(field.path, json!(sent)));
                    let input = change(json!({}), json!([texts]));
                    app.done(&editor(), &format!("update{name}"), input, "__typename").await;
                    assert_eq!(read("es").await, json!(stored), "{name}.{} in es", field.path);
                }
                // What cannot be seen is as good as nothing.
                let results = [" \u{200b}\u{2800}\n", ""].map(|text| change(at(field.path, json!(text)), json!([])));
                let [blank, empty] = results;
                let blank = app.refused(&editor(), &format!("update{name}"), blank).await;
                let empty = app.refused(&editor(), &format!("update{name}"), empty).await;
                assert_eq!(blank, empty, "{name}.{}", field.path);
            }
        }
        assert!(count > 25, "{count} fields only");
    }

    async fn links_keys_and_messages_are_stored_without_white_space_at_their_ends(app: TestApp) {
        let link = json!({"label": format!("{BEFORE}Web{AFTER}"), "url": format!("{BEFORE}https://example.org/{AFTER}")});
        let input = json!({
            "key": "\u{a0} ana \n", "message": format!("a reason{AFTER}"), "content": {"name": "Ana", "links": [link]},
        });
        let payload = app.done(&editor(), "createTeamMember", input, "teamMember { key links { label url } id }").await;
        let member = &payload["teamMember"];
        assert_eq!(member["key"], "ana");
        assert_eq!(member["links"], json!([{"label": "Web", "url": "https://example.org/"}]));
        let history = "query ($id: ID!) { history(id: $id) { nodes { message } } }";
        let answer = app.query_as(editor(), history, json!({"id": member["id"]})).await;
        assert_eq!(answer["data"]["history"]["nodes"][0]["message"], "a reason", "{answer}");
    }

    async fn a_name_of_an_account_can_be_seen(app: TestApp) {
        let admin = crate::support::account(kindling::auth::Role::Admin);
        app.admit(&admin).await;
        let invite = |name: &str| json!({"email": " \u{2003}ana@example.org\n", "name": name, "role": "EDITOR"});
        let refused = app.refused(&admin, "inviteAccount", invite("\u{200b}\u{2800}")).await;
        assert!(refused.iter().any(|told| told.contains("name")), "{refused:?}");
        let account = app.done(&admin, "inviteAccount", invite("\u{a0} Ana \n"), "account { name email }").await;
        assert_eq!(account["account"], json!({"name": "Ana", "email": "ana@example.org"}));
    }
}
