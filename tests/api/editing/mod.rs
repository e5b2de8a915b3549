//! Editing through the API: mutations, what they give back, and what is to be put right.

mod autosave;
mod bad_input;
mod drafts;
mod going;
mod hidden;
mod history;
mod lists;
mod merging;
mod planning;
mod publishing;
mod searching;
mod taking_back;
mod trimming;
mod twice;
mod work_list;
mod writing;

use kindling::auth::Principal;
use serde_json::{Value, json};

use crate::support::TestApp;

/// What every mutation tells that went wrong.
pub(crate) const ERRORS: &str = "userErrors { __typename code path message
    ... on ConflictError { expectedRevision latestRevision fields { path base theirs yours } }
    ... on ReferencedError { ownerId field isRequired } }";

impl TestApp {
    /// What a mutation gives back, if GraphQL itself has nothing to say against it.
    pub(crate) async fn mutate(
        &self,
        who: &Principal,
        mutation: &str,
        input: Value,
        fields: &str,
    ) -> Value {
        let answer = self.try_mutate(who, mutation, input, fields).await;
        assert!(answer["errors"].is_null(), "{mutation}: {answer:#}");
        answer["data"][mutation].clone()
    }

    /// The whole answer to a mutation.
    pub(crate) async fn try_mutate(
        &self,
        who: &Principal,
        mutation: &str,
        input: Value,
        fields: &str,
    ) -> Value {
        let mut name = mutation.to_owned();
        let first = name.remove(0).to_uppercase();
        let type_name = match mutation {
            "discardDrafts" | "restoreEntries" => "EntriesInput".to_owned(),
            "unpublishEntries" | "archiveEntries" | "eraseEntries" => {
                "RemoveEntriesInput".to_owned()
            }
            _ => format!("{first}{name}Input"),
        };
        let query = format!(
            "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ {fields} {ERRORS} }} }}"
        );
        let variables = json!({ "input": input });
        self.query_as(who.clone(), &query, variables).await
    }

    /// Changes that must be accepted.
    pub(crate) async fn done(
        &self,
        who: &Principal,
        mutation: &str,
        input: Value,
        fields: &str,
    ) -> Value {
        let payload = self.mutate(who, mutation, input, fields).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation}");
        payload
    }

    /// The id of a new entry.
    pub(crate) async fn created(&self, who: &Principal, of: &str, content: Value) -> String {
        let mut name = of.to_owned();
        let field = name.remove(0).to_lowercase().to_string() + &name;
        let mutation = format!("create{of}");
        let input = json!({ "content": content });
        let fields = format!("{field} {{ id }}");
        let payload = self.done(who, &mutation, input, &fields).await;
        payload[field]["id"].as_str().expect("an id").to_owned()
    }

    /// The code and the path of each thing that is to be put right, ids as the name of their type.
    pub(crate) async fn refused(
        &self,
        who: &Principal,
        mutation: &str,
        input: Value,
    ) -> Vec<String> {
        told(&self.mutate(who, mutation, input, "__typename").await)
    }
}

/// The code and the path of each thing that is to be put right, ids as `ID`.
pub(crate) fn told(payload: &Value) -> Vec<String> {
    let errors = payload["userErrors"].as_array().expect("errors");
    let step = |step: &str| match step.parse::<entity::entry_id::EntryId>() {
        Ok(_) => "ID".to_owned(),
        Err(_) => step.to_owned(),
    };
    let error = |error: &Value| {
        let path = error["path"].as_str().expect("a path").split('.');
        let path: Vec<String> = path.map(step).collect();
        let code = error["code"].as_str().expect("a code");
        assert!(!error["message"].as_str().expect("words").is_empty());
        format!("{code} {}", path.join(".")).trim().to_owned()
    };
    errors.iter().map(error).collect()
}

/// Targets without an expected revision.
pub(crate) fn entries(ids: &[&str]) -> Value {
    let target = |id: &&str| json!({ "id": id });
    json!(ids.iter().map(target).collect::<Vec<_>>())
}
