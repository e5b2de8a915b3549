//! What may be asked about entries of any type: their history, their uses, the work list, the log.

use serde_json::Value;

use super::corpus::{Asker, VIEWS, members};
use crate::introspection::{Introspection, is_list, named, text};

const PAGE: &str = "{ totalCount pageInfo { hasNextPage endCursor } }";

impl Asker<'_> {
    /// What is asked about one entry: its history, its differences, its uses.
    pub(super) fn about_entries(&self, field: &Value) -> Vec<String> {
        let (name, whole) = (text(&field["name"]), self.api.whole(named(&field["type"])));
        let numbers: Vec<&str> = members(field, "args")
            .filter(|argument| {
                argument["type"]["kind"] == "NON_NULL" && named(&argument["type"]) == "Int"
            })
            .map(|argument| text(&argument["name"]))
            .collect();
        let takes_a_view = members(field, "args").any(|argument| text(&argument["name"]) == "view");
        let views: &[&str] = if takes_a_view { &VIEWS } else { &[] };
        let mut documents = Vec::new();
        for id in &self.world.ids {
            let given = ["1", "2"].map(|number| {
                let numbers = numbers.iter().map(|name| format!(", {name}: {number}"));
                format!("id: \"{id}\"{}", numbers.collect::<String>())
            });
            let plain = given
                .iter()
                .map(|given| format!("{{ {name}({given}) {whole} }}"));
            documents.extend(plain.take(1 + numbers.len()));
            let others = views
                .iter()
                .map(|view| format!("{{ {name}({}, {view}) {whole} }}", given[0]));
            documents.extend(others);
        }
        documents
    }

    /// Lists of all types: as a whole, and with each condition, one to a document, as each may be refused.
    pub(super) fn across_types(&self, field: &Value, filter: &str) -> Vec<String> {
        let (name, whole) = (text(&field["name"]), self.api.whole(named(&field["type"])));
        let mut documents = vec![
            format!("{{ {name} {whole} }}"),
            format!("{{ {name}(last: 2) {PAGE} }}"),
        ];
        for condition in self.api.members(filter, "inputFields") {
            let (of, scalar) = (text(&condition["name"]), named(&condition["type"]));
            let values = match self.api.kind(scalar) {
                "INPUT_OBJECT" => operators_of(self.api, scalar)
                    .into_iter()
                    .flat_map(|(operator, of)| {
                        let values = self.values(&of, "Page").into_iter().take(1);
                        values.map(move |value| format!("{{{operator}: {value}}}"))
                    })
                    .collect(),
                _ => self.values(scalar, "Page"),
            };
            documents.extend(
                values
                    .iter()
                    .map(|value| format!("{{ {name}(where: {{{of}: {value}}}) {PAGE} }}")),
            );
        }
        documents
    }

    /// What keeps entries from becoming public.
    pub(super) fn checks(&self, field: &Value) -> Vec<String> {
        let (name, whole) = (text(&field["name"]), self.api.whole(named(&field["type"])));
        let ids = self.world.ids.iter();
        ids.flat_map(|id| {
            ["", ", expectedRevision: 1"].map(|revision| {
                format!("{{ {name}(input: {{entries: [{{id: \"{id}\"{revision}}}], withDependencies: true}}) {whole} }}")
            })
        })
        .collect()
    }
}

/// The operators of a condition that take one value, with their types.
fn operators_of(api: &Introspection, filter: &str) -> Vec<(String, String)> {
    let members = api.members(filter, "inputFields").iter();
    let single = members.filter(|operator| !is_list(&operator["type"]));
    let pair = |operator: &Value| {
        (
            text(&operator["name"]).to_owned(),
            named(&operator["type"]).to_owned(),
        )
    };
    single.map(pair).collect()
}
