//! The limits and requirements of one content type, tried.

use serde_json::{Value, json};

use super::{
    fields,
    samples::{at, both, invalid, text_of, valid},
    text, written,
};
use crate::support::{TestApp, editor};

/// One content type, and an entry of it with all that saving needs.
pub(super) struct Trial<'a> {
    pub(super) app: &'a TestApp,
    pub(super) of: &'a Value,
    pub(super) asset: String,
}

impl Trial<'_> {
    pub(super) fn field(&self, path: &str) -> Option<&Value> {
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
    pub(super) async fn try_limits(&self, field: &Value) {
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
    pub(super) async fn try_publishing(&self) {
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
