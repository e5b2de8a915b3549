//! Values for arguments and inputs, made from the schema: for tests that try every one of them.

use serde_json::{Map, Value, json};

use super::{operations::content, stock::type_named};
use crate::introspection::{Introspection, is_list, named, text};

/// A step from an input object, or from a root field, to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    is_list: bool,
    /// The type that it leads to.
    pub(super) leads_to: String,
}

/// A root field, and the way from it to one of its inputs; the first step is an argument.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) root: &'static str,
    pub(super) field: Value,
    pub(super) steps: Vec<Step>,
}

impl Way {
    /// As it stands in a path, such as `input.content.sections.add.id`.
    pub(super) fn path(&self) -> String {
        let names: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
        names.join(".")
    }

    pub(super) fn name(&self) -> &str {
        text(&self.field["name"])
    }
}

/// All ways from root fields to arguments and inputs; none passes an input type twice.
pub(super) fn ways(api: &Introspection) -> Vec<Way> {
    let mut ways = Vec::new();
    for root in ["Query", "Mutation"] {
        for field in api.members(root, "fields") {
            let start = Way {
                root,
                field: field.clone(),
                steps: Vec::new(),
            };
            let arguments = field["args"].as_array().map_or(&[][..], Vec::as_slice);
            go_on(api, &start, arguments, &mut ways);
        }
    }
    ways
}

fn go_on(api: &Introspection, from: &Way, members: &[Value], ways: &mut Vec<Way>) {
    for member in members {
        let leads_to = named(&member["type"]).to_owned();
        if from.steps.iter().any(|step| step.leads_to == leads_to) {
            continue;
        }
        let mut way = from.clone();
        way.steps.push(Step {
            name: text(&member["name"]).to_owned(),
            is_list: is_list(&member["type"]),
            leads_to: leads_to.clone(),
        });
        ways.push(way.clone());
        go_on(api, &way, api.members(&leads_to, "inputFields"), ways);
    }
}

/// Makes values of input types.
pub(super) struct Maker<'a> {
    pub(super) api: &'a Introspection,
    /// For fields of type `ID` that must have a value.
    pub(super) id: String,
    /// The same in lists of references.
    pub(super) item: String,
    /// For revisions.
    pub(super) revision: i32,
}

impl Maker<'_> {
    /// The variables and the document of the root field, with this value at the end of the way.
    pub(super) fn request(&self, way: &Way, value: &Value, selection: &str) -> (String, Value) {
        let arguments = way.field["args"].as_array().into_iter().flatten();
        let needed = arguments.filter(|argument| {
            let name = text(&argument["name"]);
            name == way.steps[0].name || argument["type"]["kind"] == "NON_NULL"
        });
        let (mut declared, mut passed, mut variables) = (Vec::new(), Vec::new(), Map::new());
        for argument in needed {
            let (name, of) = (text(&argument["name"]), &argument["type"]);
            declared.push(format!("${name}: {}", written(of)));
            passed.push(format!("{name}: ${name}"));
            let given = if name == way.steps[0].name {
                self.along(&way.steps, value)
            } else {
                self.smallest(name, of)
            };
            variables.insert(name.to_owned(), given);
        }
        let kind = way.root.to_lowercase();
        let document = format!(
            "{kind}({}) {{ {}({}) {selection} }}",
            declared.join(", "),
            way.name(),
            passed.join(", ")
        );
        (document, Value::Object(variables))
    }

    /// The value of the first step, with the last one leading to `value`.
    fn along(&self, steps: &[Step], value: &Value) -> Value {
        let [step, rest @ ..] = steps else {
            return value.clone();
        };
        let mut inner = match rest {
            [] => value.clone(),
            [next, ..] => {
                let mut object = if self.is_one_of(&step.leads_to) {
                    json!({})
                } else {
                    self.object(&step.leads_to)
                };
                object[next.name.as_str()] = self.along(rest, value);
                object
            }
        };
        if step.is_list {
            inner = json!([inner]);
        }
        inner
    }

    /// An object of the type with what it must have.
    pub(super) fn object(&self, type_name: &str) -> Value {
        let of_entry = type_name.strip_suffix("Input").and_then(type_named);
        if let Some(of_entry) = of_entry {
            return content(of_entry);
        }
        if self.is_one_of(type_name) {
            return json!({"key": "x"});
        }
        let mut object = json!({});
        for field in self.api.members(type_name, "inputFields") {
            let name = text(&field["name"]);
            let is_needed = field["type"]["kind"] == "NON_NULL";
            if is_needed || name == "expectedRevision" {
                object[name] = match (type_name, name) {
                    ("PlacedReference", "id") => json!(self.item),
                    _ => self.smallest(name, &field["type"]),
                };
            }
        }
        object
    }

    /// The inputs that name one entry.
    fn is_one_of(&self, type_name: &str) -> bool {
        type_name.ends_with("By") && self.api.kind(type_name) == "INPUT_OBJECT"
    }

    fn smallest(&self, name: &str, of: &Value) -> Value {
        let type_name = named(of);
        let one = match type_name {
            "ID" => json!(self.id),
            "Int" if name.to_lowercase().contains("revision") => json!(self.revision),
            "Int" => json!(1),
            "Float" => json!(0.5),
            "Boolean" => json!(false),
            // Only a form can bring one.
            "Upload" => json!("a file"),
            "Url" => json!("https://somewhere.example/"),
            "Locale" => json!("en"),
            "String" => json!("something"),
            "JSON" => json!({}),
            name if self.api.kind(name) == "ENUM" => {
                self.api.members(name, "enumValues")[0]["name"].clone()
            }
            name if self.api.kind(name) == "INPUT_OBJECT" => self.object(name),
            name => panic!("the tests have no value of {name}"),
        };
        if is_list(of) { json!([one]) } else { one }
    }
}

/// The type as it is written in a document.
fn written(of: &Value) -> String {
    match text(&of["kind"]) {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => text(&of["name"]).to_owned(),
    }
}
