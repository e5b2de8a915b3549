//! How each root field is asked: generated from the schema, by the arguments that it takes.

use entity::{entry::ContentType, entry_id::EntryId};
use serde_json::{Value, json};

use super::{
    alone::{self, Asker, Sent},
    document::{How, Rule},
    stock::{list_of, type_named},
};
use crate::introspection::{Introspection, named, text};

/// An operation as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) document: String,
    pub(super) variables: Value,
}

impl Request {
    /// Whether it goes with a file, in the field `file` of its input.
    pub(super) fn takes_a_file(&self) -> bool {
        ["createAsset(", "replaceAsset("]
            .iter()
            .any(|field| self.document.contains(field))
    }
}

/// An entry that an operation is about.
pub(super) struct Subject {
    pub(super) id: EntryId,
    /// The number of its latest revision.
    pub(super) latest: i32,
    /// A moment at which it was public, if it ever was.
    pub(super) moment: String,
}

/// What is to be known of a root field to ask it.
pub(super) struct Operation<'a> {
    pub(super) rule: &'a Rule,
    pub(super) is_mutation: bool,
    field: &'a Value,
}

const SHOWN: &str = "{ ... on Entry { revision } }";
pub(super) const ERRORS: &str = "userErrors { code path message }";

impl<'a> Operation<'a> {
    pub(super) fn of(api: &'a Introspection, rule: &'a Rule) -> Self {
        let found = |root: &str| {
            let fields = api.members(root, "fields").iter();
            let mut fields = fields.filter(|field| text(&field["name"]) == rule.field);
            fields.next()
        };
        let mutation = found("Mutation");
        let field = mutation.or_else(|| found("Query"));
        Self {
            rule,
            is_mutation: mutation.is_some(),
            field: field.unwrap_or_else(|| panic!("there is no {}", rule.field)),
        }
    }

    /// The type of entries that it is about; any will do for those that take all.
    pub(super) fn content_type(&self) -> ContentType {
        let name = named(&self.field["type"]);
        let name = name
            .trim_start_matches("Update")
            .trim_start_matches("Replace")
            .trim_start_matches("Create");
        let name = name.trim_end_matches("Payload");
        let name = name.trim_end_matches("Connection");
        type_named(name).unwrap_or(ContentType::Value)
    }

    /// Whether it is about an entry that is there.
    pub(super) fn is_about_an_entry(&self) -> bool {
        !self.is_creation() && alone::sent(&self.rule.field, &Asker::default()).is_none()
    }

    /// Whether it makes an entry.
    fn is_creation(&self) -> bool {
        let made = self.rule.field.strip_prefix("create");
        made.is_some_and(|name| type_named(name).is_some())
    }

    /// Whether it belongs to one content type.
    pub(super) fn is_of_a_type(&self) -> bool {
        let field = &self.rule.field;
        let named = ["create", "update", "replace"]
            .iter()
            .find_map(|verb| field.strip_prefix(verb));
        named.is_some_and(|name| type_named(name).is_some())
    }

    /// Whether it reads entries of one content type.
    pub(super) fn is_read_of_a_type(&self) -> bool {
        self.argument("by").is_some()
            || (self.argument("where").is_some() && self.argument("view").is_some())
    }

    /// The root field that lists the entries that it is about.
    pub(super) fn list(&self) -> String {
        list_of(self.content_type())
    }

    fn argument(&self, name: &str) -> Option<&Value> {
        let arguments = self.field["args"].as_array().into_iter().flatten();
        let mut named = arguments.filter(|argument| text(&argument["name"]) == name);
        named.next()
    }

    /// The operation about an entry.
    pub(super) fn about(&self, subject: &Subject) -> Request {
        let (name, id) = (&self.rule.field, subject.id.to_string());
        if let Some(input) = self.argument("input") {
            return self.with_input(
                named(&input["type"]),
                &entry_input(named(&input["type"]), &id, subject.latest),
            );
        }
        let view = match self.rule.how {
            How::InDraft => ", view: {perspective: DRAFT}".to_owned(),
            How::InThePast => format!(", view: {{asOf: \"{}\"}}", subject.moment),
            _ => String::new(),
        };
        let shown = match (self.rule.how, self.content_type()) {
            (How::AnInternalField, ContentType::TeamMember) => "{ inner: email }",
            (How::AnInternalField, _) => "{ inner: consent { scope } }",
            _ => SHOWN,
        };
        let document = match name.as_str() {
            "node" => {
                let view = match self.rule.how {
                    How::InDraft => "~draft".to_owned(),
                    How::InThePast => format!("~{}", subject.moment),
                    _ => String::new(),
                };
                format!("{{ node(id: \"{id}{view}\") {SHOWN} }}")
            }
            "usedBy" => format!("{{ usedBy(id: \"{id}\"{view}) {{ totalCount }} }}"),
            "history" => format!("{{ history(id: \"{id}\") {{ totalCount }} }}"),
            "publications" => format!("{{ publications(id: \"{id}\") {{ totalCount }} }}"),
            "diff" => format!("{{ diff(id: \"{id}\", from: 1, to: 1) {{ to }} }}"),
            "entries" => {
                "{ entries(first: 100, where: {type: [VALUE]}) { nodes { id revision } } }"
                    .to_owned()
            }
            "nodes" => format!("{{ nodes(ids: [\"{id}\"]{view}) {SHOWN} }}"),
            _ if self.argument("by").is_some() => {
                format!("{{ {name}(by: {{id: \"{id}\"}}{view}) {shown} }}")
            }
            _ if self.argument("where").is_some() => {
                format!("{{ {name}(where: {{id: {{in: [\"{id}\"]}}}}{view}) {{ nodes {shown} }} }}")
            }
            _ => format!("{{ {name}(id: \"{id}\"{view}) {SHOWN} }}"),
        };
        Request {
            document,
            variables: json!({}),
        }
    }

    /// The operation where it is about no entry that is there.
    pub(super) fn alone(&self, asker: &Asker) -> Request {
        let name = &self.rule.field;
        let kind = if self.is_mutation {
            "mutation"
        } else {
            "query"
        };
        let plain = |document: String| Request {
            document,
            variables: json!({}),
        };
        let input = match alone::sent(name, asker) {
            Some(Sent::Nothing(selected)) => {
                return plain(format!("{kind} {{ {name} {{ {selected} }} }}"));
            }
            Some(Sent::Id(id)) => {
                return plain(format!("{kind} {{ {name}(id: \"{id}\") {{ id }} }}"));
            }
            Some(Sent::Input(input)) => input,
            None => json!({ "content": content(self.content_type()) }),
        };
        let type_name = self.argument("input").map(|input| named(&input["type"]));
        self.with_input(type_name.expect("an input"), &input)
    }

    fn with_input(&self, type_name: &str, input: &Value) -> Request {
        let name = &self.rule.field;
        let (kind, selection) = if self.is_mutation {
            ("mutation", ERRORS)
        } else if name == "publishPlan" {
            ("query", "problems { code path message }")
        } else {
            ("query", "code path message")
        };
        Request {
            document: format!(
                "{kind}($input: {type_name}!) {{ {name}(input: $input) {{ {selection} }} }}"
            ),
            variables: json!({ "input": input }),
        }
    }
}

fn entry_input(type_name: &str, id: &str, latest: i32) -> Value {
    match type_name {
        "RestoreRevisionInput" => json!({"id": id, "revision": 1, "expectedRevision": latest}),
        "MoveEntryInput" | "DuplicateEntryInput" => json!({ "id": id }),
        "TakeBackInput" => json!({"entries": [{ "id": id }], "until": "2026-01-01T00:00:00Z"}),
        "CreatePreviewLinkInput" => json!({ "entry": id }),
        name if name.starts_with("Update") || name.starts_with("Replace") => {
            json!({"id": id, "expectedRevision": latest})
        }
        _ => json!({"entries": [{ "id": id }]}),
    }
}

/// What an entry of the type cannot be without.
pub(super) fn content(of: ContentType) -> Value {
    match of {
        ContentType::Milestone => json!({"date": "2008"}),
        ContentType::ImpactStat => json!({"value": "1.5"}),
        ContentType::Page => json!({"slug": "a-page"}),
        ContentType::StorySection => json!({"anchor": "a"}),
        ContentType::TeamMember => json!({"name": "Ada"}),
        ContentType::Testimonial => json!({"authorName": "Ada"}),
        _ => json!({}),
    }
}
