//! The schema as introspection tells it, for tests that must hold for all of it, also for what is added later.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::TestApp;

const QUERY: &str = "{ __schema { types {
    kind name description
    fields(includeDeprecated: true) { name description type { ...T } args { name description type { ...T } } }
    inputFields { name description type { ...T } }
    enumValues(includeDeprecated: true) { name description }
    possibleTypes { name }
} } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The types of the schema by their names, without GraphQL's own.
pub(crate) struct Introspection(BTreeMap<String, Value>);

impl Introspection {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let answer = app.query(QUERY).await;
        let types = answer["data"]["__schema"]["types"]
            .as_array()
            .expect("types");
        let types = types
            .iter()
            .map(|of| (text(&of["name"]).to_owned(), of.clone()));
        Self(types.filter(|(name, _)| !name.starts_with("__")).collect())
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, of)| (name.as_str(), of))
    }

    /// The fields, input fields or values of a type.
    pub(crate) fn members(&self, type_name: &str, of: &str) -> &[Value] {
        self.0
            .get(type_name)
            .and_then(|found| found[of].as_array())
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn kind(&self, type_name: &str) -> &str {
        self.0
            .get(type_name)
            .map_or("SCALAR", |found| text(&found["kind"]))
    }

    /// Every field of the type and of all below it; empty if nothing can be selected of it.
    pub(crate) fn whole(&self, type_name: &str) -> String {
        self.below(type_name, &mut Vec::new())
    }

    fn below(&self, type_name: &str, path: &mut Vec<String>) -> String {
        if path.iter().any(|above| above == type_name) {
            return "{ __typename }".to_owned();
        }
        path.push(type_name.to_owned());
        let selection = match self.kind(type_name) {
            "OBJECT" => {
                let fields = self.members(type_name, "fields").iter();
                let fields = fields.map(|field| {
                    // A picture that other fields show as a whole.
                    if field["name"] == "thumbnail" {
                        return "thumbnail { __typename id }".to_owned();
                    }
                    format!(
                        "{} {}",
                        text(&field["name"]),
                        self.below(named(&field["type"]), path)
                    )
                });
                format!("{{ __typename {} }}", fields.collect::<Vec<_>>().join(" "))
            }
            "UNION" | "INTERFACE" => {
                let types = self
                    .members(type_name, "possibleTypes")
                    .iter()
                    .map(|of| text(&of["name"]));
                let fragments =
                    types.map(|name| format!("... on {name} {}", self.below(name, path)));
                format!(
                    "{{ __typename {} }}",
                    fragments.collect::<Vec<_>>().join(" ")
                )
            }
            _ => String::new(),
        };
        path.pop();
        selection
    }
}

/// The name of the type within lists and non-nulls.
pub(crate) fn named(reference: &Value) -> &str {
    if reference["ofType"].is_null() {
        text(&reference["name"])
    } else {
        named(&reference["ofType"])
    }
}

/// Whether the type is a list, null or not.
pub(crate) fn is_list(reference: &Value) -> bool {
    match text(&reference["kind"]) {
        "LIST" => true,
        "NON_NULL" => is_list(&reference["ofType"]),
        _ => false,
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
