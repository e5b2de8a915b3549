//! Values that fields take, and values that they do not, by what is said of them.

use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::Iterable;
use serde_json::{Map, Value, json};

use super::text;

/// An object with a value at this path.
pub(super) fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, step| {
        Value::Object(Map::from_iter([(step.to_owned(), value)]))
    })
}

/// Both objects in one, group by group; of the same value the second.
pub(super) fn both(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut fields), Value::Object(others)) => {
            for (key, value) in others {
                let before = fields.remove(&key);
                let value = before.map_or(value.clone(), |before| both(before, value));
                fields.insert(key, value);
            }
            Value::Object(fields)
        }
        (_, other) => other,
    }
}

/// An id of the type that nobody has.
pub(super) fn nobodys(of: &str) -> String {
    let content_type = ContentType::iter()
        .find(|known| format!("{known:?}").to_uppercase() == of.replace('_', ""));
    let content_type = content_type.unwrap_or_else(|| panic!("no type {of}"));
    EntryId {
        content_type,
        uuid: kindling::id::new(),
    }
    .to_string()
}

/// A text of the kind with so many characters.
pub(super) fn text_of(kind: &str, length: usize) -> String {
    let (start, end) = match kind {
        "URL" | "LINK" => ("https://example.org/", ""),
        "EMAIL" => ("", "@example.org"),
        _ => ("", ""),
    };
    let filling = length.saturating_sub(start.len() + end.len()).max(1);
    format!("{start}{}{end}", "a".repeat(filling))
}

/// A value that the field takes; references to an asset, where they can be.
pub(super) fn valid(field: &Value, asset: &str) -> Value {
    let kind = text(field, "kind");
    match kind {
        "LINE" | "TEXT" | "MARKDOWN" | "SLUG" | "URL" | "LINK" | "EMAIL" => {
            let most = field["maxLength"].as_u64().expect("a limit").min(30);
            json!(text_of(kind, usize::try_from(most).expect("a length")))
        }
        "PARTIAL_DATE" => json!("2008-05"),
        "DATE" => json!("2008-05-01"),
        "DECIMAL" => json!("1.5"),
        "INTEGER" | "NUMBER" => field["min"].clone(),
        "FLAG" => json!(false),
        "CHOICE" => field["choices"]
            .as_array()
            .expect("choices")
            .last()
            .expect("a choice")
            .clone(),
        "LINKS" => json!([{"label": "Web", "url": "https://example.org"}]),
        "REFERENCE" => json!(asset),
        "REFERENCES" => json!({"set": []}),
        kind => panic!("{kind} is new: say what such a field takes"),
    }
}

/// Values that the field does not take, each by one of its limits.
pub(super) fn invalid(field: &Value) -> Vec<Value> {
    let kind = text(field, "kind");
    let beyond = |limit: &str, by: f64| field[limit].as_f64().map(|limit| json!(limit + by));
    let most = |limit: &str| {
        field[limit]
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
    };
    match kind {
        "LINE" | "TEXT" | "MARKDOWN" | "SLUG" | "URL" | "LINK" | "EMAIL" => {
            let long = json!(text_of(kind, most("maxLength").expect("a limit") + 1));
            let mut wrong = vec![long];
            match kind {
                "LINE" => wrong.push(json!("two\nlines")),
                "SLUG" => wrong.push(json!("No Slug")),
                "URL" => wrong.push(json!("/within")),
                "EMAIL" => wrong.push(json!("nobody")),
                "LINK" => wrong.push(json!("javascript:alert(1)")),
                _ => {}
            }
            wrong
        }
        "INTEGER" | "NUMBER" => [beyond("min", -0.5), beyond("max", 0.5)]
            .into_iter()
            .flatten()
            .collect(),
        "PARTIAL_DATE" | "DATE" => vec![json!("2008-13"), json!("soon")],
        "DECIMAL" => vec![json!("many")],
        "CHOICE" => vec![json!("NOTHING_OF_THE_KIND")],
        "LINKS" => {
            let link = json!({"label": "Web", "url": "https://example.org"});
            let long = text_of("URL", most("maxLength").expect("a limit") + 1);
            vec![
                json!(vec![link; most("maxItems").expect("a limit") + 1]),
                json!([{"label": "Web", "url": long}]),
            ]
        }
        "REFERENCE" | "REFERENCES" => {
            let targets = field["targets"].as_array().expect("targets");
            let mut others = ["ASSET", "PAGE", "VALUE"].into_iter();
            let other = others
                .find(|of| !targets.contains(&json!(of)))
                .expect("another type");
            if kind == "REFERENCE" {
                return vec![json!(nobodys(other))];
            }
            let one = targets[0].as_str().expect("a type");
            let many: Vec<String> = (0..=most("maxItems").expect("a limit"))
                .map(|_| nobodys(one))
                .collect();
            vec![json!({ "set": [nobodys(other)] }), json!({ "set": many })]
        }
        "FLAG" => Vec::new(),
        kind => panic!("{kind} is new: say what such a field does not take"),
    }
}
