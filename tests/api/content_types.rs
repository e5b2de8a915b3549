//! What the API says of content types is what it checks: each field of each type is tried against its own description.

use async_graphql::Variables;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::Principal,
    content::types::Asset,
    delivery::{Delivery, Sender},
};
use sea_orm::{Iterable, sea_query::prelude::Uuid};
use serde_json::{Map, Value, json};

use crate::{
    introspection::Introspection,
    support::{TestApp, answer, content, editor, on_both_engines},
};

const QUERY: &str = "{ contentTypes { type name pluralName description isPositioned labelField thumbnailField
    operations { one many create update }
    fields { path kind format isLocalised maxLength maxItems min max targets choices requiredToSave requiredToPublish
        requiredWhen notBefore isUnique isInternal isReadOnly isFilterable isSortable description } } }";

async fn described(app: &TestApp) -> Vec<Value> {
    let answer = app.query_as_editor(QUERY).await;
    let types = answer["data"]["contentTypes"].as_array();
    types.unwrap_or_else(|| panic!("{answer}")).clone()
}

fn text<'value>(value: &'value Value, name: &str) -> &'value str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

fn fields(of: &Value) -> &[Value] {
    of["fields"].as_array().expect("fields")
}

/// The fields that editors write, without the groups that hold them.
fn written(of: &Value) -> impl Iterator<Item = &Value> {
    let is_group = |field: &Value| matches!(text(field, "kind"), "GROUP" | "FOCAL_POINT");
    let written = fields(of).iter();
    written.filter(move |field| !is_group(field) && field["isReadOnly"] == false)
}

/// An object with a value at this path.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, step| {
        Value::Object(Map::from_iter([(step.to_owned(), value)]))
    })
}

/// Both objects in one, group by group; of the same value the second.
fn both(one: Value, other: Value) -> Value {
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
fn nobodys(of: &str) -> String {
    let content_type = ContentType::iter()
        .find(|known| format!("{known:?}").to_uppercase() == of.replace('_', ""));
    let content_type = content_type.unwrap_or_else(|| panic!("no type {of}"));
    EntryId {
        content_type,
        uuid: Uuid::now_v7(),
    }
    .to_string()
}

/// A text of the kind with so many characters.
fn text_of(kind: &str, length: usize) -> String {
    let (start, end) = match kind {
        "URL" | "LINK" => ("https://example.org/", ""),
        "EMAIL" => ("", "@example.org"),
        _ => ("", ""),
    };
    let filling = length.saturating_sub(start.len() + end.len()).max(1);
    format!("{start}{}{end}", "a".repeat(filling))
}

/// A value that the field takes; references to an asset, where they can be.
fn valid(field: &Value, asset: &str) -> Value {
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
fn invalid(field: &Value) -> Vec<Value> {
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

/// One content type, and an entry of it with all that saving needs.
struct Trial<'a> {
    app: &'a TestApp,
    of: &'a Value,
    asset: String,
}

impl Trial<'_> {
    fn field(&self, path: &str) -> Option<&Value> {
        fields(self.of).iter().find(|field| field["path"] == path)
    }

    /// What must be there for the field to be saved: with it in its group, or else always.
    fn indispensable(&self, path: &str) -> Value {
        let group = path.rsplit_once('.').map(|(group, _)| format!("{group}."));
        let needed = written(self.of).filter(|field| {
            let is_near = group
                .as_ref()
                .is_some_and(|group| text(field, "path").starts_with(group));
            field["requiredToSave"] == true && (field["requiredWhen"].is_null() || is_near)
        });
        needed.fold(json!({}), |content, field| {
            both(content, at(text(field, "path"), valid(field, &self.asset)))
        })
    }

    /// A new entry, as `{id, revision}`.
    async fn entry(&self) -> Value {
        if text(self.of, "type") == "ASSET" {
            return json!({"id": self.asset, "revision": self.revision().await});
        }
        let answer = self.try_create(self.indispensable("")).await;
        let entry = answer["entry"].clone();
        assert!(entry.is_object(), "{answer}");
        entry
    }

    async fn revision(&self) -> Value {
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids, view: {perspective: DRAFT}) { ... on Entry { revision } } }";
        let answer = self
            .app
            .query_as(editor(), query, json!({ "ids": [self.asset] }))
            .await;
        answer["data"]["nodes"][0]["revision"].clone()
    }

    async fn try_create(&self, content: Value) -> Value {
        self.mutate("create", json!({ "content": content })).await
    }

    /// What comes of saving this content, with what it cannot be without.
    async fn save(&self, path: &str, value: Value) -> Value {
        let entry = self.entry().await;
        let content = both(self.indispensable(path), at(path, value));
        let input =
            json!({"id": entry["id"], "expectedRevision": entry["revision"], "content": content});
        self.mutate("update", input).await
    }

    async fn mutate(&self, operation: &str, input: Value) -> Value {
        let (field, one) = (
            text(&self.of["operations"], operation),
            text(&self.of["operations"], "one"),
        );
        let name = field[..1].to_uppercase() + &field[1..];
        let document = format!(
            "mutation ($input: {name}Input!) {{ {field}(input: $input) {{ entry: {one} {{ id revision }} userErrors {{ code path message }} }} }}"
        );
        let answer = self
            .app
            .query_as(editor(), &document, json!({ "input": input }))
            .await;
        // What GraphQL itself refuses, such as words that are no choice, has its path there.
        match answer["errors"][0]["extensions"]["problems"].as_array() {
            Some(problems) => json!({"entry": null, "userErrors": problems}),
            None => answer["data"][field].clone(),
        }
    }

    /// The paths of what is wrong.
    fn paths(payload: &Value) -> Vec<String> {
        let errors = payload["userErrors"].as_array().expect("errors");
        let path = |error: &Value| error["path"].as_str().expect("a path").to_owned();
        errors.iter().map(path).collect()
    }

    /// Tries the limits of a field.
    async fn try_limits(&self, field: &Value) {
        let path = text(field, "path");
        let taken = self.save(path, valid(field, &self.asset)).await;
        assert_eq!(
            Self::paths(&taken),
            Vec::<String>::new(),
            "{field}: {taken}"
        );
        for wrong in invalid(field) {
            let refused = self.save(path, wrong.clone()).await;
            let paths = Self::paths(&refused);
            let tells = paths.iter().any(|told| told.contains(path));
            assert!(tells, "{path} took {wrong}: {refused}");
        }
        if let Some(most) = field["maxLength"]
            .as_u64()
            .filter(|_| field["kind"] != "LINKS")
        {
            let most = usize::try_from(most).expect("a length");
            let longest = self
                .save(path, json!(text_of(text(field, "kind"), most)))
                .await;
            assert_eq!(Self::paths(&longest), Vec::<String>::new(), "{field}");
        }
        if field["requiredToSave"] == true {
            let cleared = self.save(path, Value::Null).await;
            let paths = Self::paths(&cleared);
            let is_alone = field["requiredWhen"].is_string() && paths.is_empty();
            assert!(
                paths.iter().any(|told| told.ends_with(path)) || is_alone,
                "{path} may be left out: {cleared}"
            );
        }
        if let Some(other) = field["notBefore"].as_str() {
            let entry = self.entry().await;
            let later = both(
                at(other, json!("2010-05-01")),
                at(path, json!("2009-05-01")),
            );
            let input = json!({"id": entry["id"], "expectedRevision": entry["revision"], "content": both(self.indispensable(path), later)});
            let refused = self.mutate("update", input).await;
            assert!(
                Self::paths(&refused)
                    .iter()
                    .any(|told| told.ends_with(path)),
                "{path}: {refused}"
            );
        }
    }

    /// Tries what cannot be published without.
    async fn try_publishing(&self) {
        let entry = self.entry().await;
        let blocked = self.publish(&entry["id"]).await;
        let told: Vec<String> = Self::paths(&blocked);
        for field in fields(self.of) {
            let path = text(field, "path");
            let is_required = field["requiredToPublish"] == true
                && field["requiredToSave"] == false
                && field["requiredWhen"].is_null()
                && field["isReadOnly"] == false;
            let is_told = told.iter().any(|told| told.contains(&format!(".{path}")));
            if is_required && text(self.of, "type") != "ASSET" {
                assert!(is_told, "{path} is missing: {told:?}");
            }
            assert!(
                !is_told || field["requiredToPublish"] == true,
                "{path} is not missing: {told:?}"
            );
        }
        let needed = written(self.of).filter(|field| field["requiredToPublish"] == true);
        let needed = needed
            .filter(|field| !text(field, "path").contains('.') && field["kind"] != "REFERENCE");
        let content = needed.fold(json!({}), |content, field| {
            both(content, at(text(field, "path"), valid(field, &self.asset)))
        });
        let input =
            json!({"id": entry["id"], "expectedRevision": entry["revision"], "content": content});
        let saved = self.mutate("update", input).await;
        assert_eq!(Self::paths(&saved), Vec::<String>::new(), "{saved}");
        let published = self.publish(&entry["id"]).await;
        assert_eq!(Self::paths(&published), Vec::<String>::new(), "{published}");
    }

    async fn publish(&self, id: &Value) -> Value {
        let mutation = "mutation ($id: ID!) { publishEntries(input: {entries: [{id: $id}]}) { userErrors { code path message } } }";
        let answer = self
            .app
            .query_as(editor(), mutation, json!({ "id": id }))
            .await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"]["publishEntries"].clone()
    }
}

on_both_engines! {
    async fn each_field_is_checked_as_it_is_described(app: TestApp) {
        let asset = app.draft::<Asset>("picture", content::asset("picture.png")).await.to_string();
        let types = described(&app).await;
        assert_eq!(types.len(), ContentType::iter().count());
        for of in &types {
            let trial = Trial { app: &app, of, asset: asset.clone() };
            for field in written(of) {
                Box::pin(trial.try_limits(field)).await;
            }
            Box::pin(trial.try_publishing()).await;
            let named = [&of["labelField"], &of["thumbnailField"]];
            for path in named.into_iter().filter_map(Value::as_str) {
                assert!(trial.field(path).is_some(), "{path} is no field of {of}");
            }
        }
    }
}

#[tokio::test]
async fn the_schema_has_the_fields_that_are_described() {
    let app = TestApp::on_sqlite().await;
    let api = Introspection::of(&app).await;
    let names = |type_name: &str, of: &str, common: &[&str]| -> Vec<String> {
        let members = api
            .members(type_name, of)
            .iter()
            .map(|member| text(member, "name").to_owned());
        let mut names: Vec<String> = members
            .filter(|name| !common.contains(&name.as_str()))
            .collect();
        names.sort();
        names
    };
    for of in described(&app).await {
        let one = text(&of["operations"], "one");
        let name = one[..1].to_uppercase() + &one[1..];
        let described = |is: &str| -> Vec<String> {
            let paths = fields(&of)
                .iter()
                .filter(|field| field[is] == true)
                .map(|field| text(field, "path").to_owned());
            let mut paths: Vec<String> = paths.collect();
            paths.sort();
            paths
        };
        let common = ["and", "or", "not", "id", "key", "createdAt", "updatedAt"];
        assert_eq!(
            names(&format!("{name}Filter"), "inputFields", &common),
            described("isFilterable"),
            "{name}"
        );
        let common = ["KEY", "CREATED_AT", "UPDATED_AT", "POSITION"];
        let sorted = names(&format!("{name}OrderField"), "enumValues", &common);
        let sorted: Vec<String> = sorted
            .iter()
            .map(|field| field.replace('_', "").to_lowercase())
            .collect();
        let sortable: Vec<String> = described("isSortable")
            .iter()
            .map(|path| path.to_lowercase())
            .collect();
        assert_eq!(sorted, sortable, "{name}");
        let top = |is_of: fn(&Value) -> bool| {
            let paths = fields(&of)
                .iter()
                .filter(|field| is_of(field))
                .map(|field| text(field, "path").to_owned());
            let mut paths: Vec<String> = paths.filter(|path| !path.contains('.')).collect();
            paths.sort();
            paths
        };
        let input = names(&format!("{name}Input"), "inputFields", &[]);
        assert_eq!(input, top(|field| field["isReadOnly"] == false), "{name}");
        let texts = names(
            &format!("{name}TranslationInput"),
            "inputFields",
            &["locale"],
        );
        assert_eq!(texts, top(|field| field["isLocalised"] == true), "{name}");
        let shown = names(&name, "fields", &[]);
        for path in top(|_| true) {
            assert!(shown.contains(&path), "{name} has no {path}");
        }
    }
}

#[tokio::test]
async fn content_types_are_described_to_those_who_may_introspect() {
    let app = TestApp::on_sqlite().await;
    let delivery = Delivery::new(&app.in_production());
    let sender = Sender::new(Principal::Anonymous);
    let refused = answer(
        &delivery,
        "{ contentTypes { name } }",
        Variables::default(),
        sender,
    )
    .await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{refused}"
    );
}

on_both_engines! {
    async fn entries_of_all_types_have_a_label_and_a_picture(app: TestApp) {
        let picture = app.public::<Asset>("picture", content::with(content::asset("picture.png"), json!({"decorative": true}))).await;
        let milestone = json!({"date": "2008", "title": "The beginning", "image": picture.to_string()});
        let milestone = app.created(&editor(), "Milestone", milestone).await;
        let section = app.created(&editor(), "StorySection", json!({"anchor": "how-we-began"})).await;
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids, view: {perspective: DRAFT}) {
            ... on Entry { label thumbnail { fileName } } } }";
        let ids = json!({"ids": [milestone, section, picture.to_string()]});
        let answer = app.query_as(editor(), query, ids).await;
        assert_eq!(
            answer["data"]["nodes"],
            json!([
                {"label": "The beginning", "thumbnail": {"fileName": "picture.png"}},
                {"label": "how-we-began", "thumbnail": null},
                {"label": "picture.png", "thumbnail": {"fileName": "picture.png"}},
            ]),
            "{answer}"
        );
    }
}
