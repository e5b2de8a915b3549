//! What the API says of content types is what it checks: each field of each type is tried against its own description.

mod samples;
mod trial;

use entity::entry::ContentType;
use kindling::content::types::Asset;
use sea_orm::Iterable;
use serde_json::{Value, json};

use self::trial::Trial;
use crate::{
    introspection::Introspection,
    support::{TestApp, content, editor, on_both_engines},
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
