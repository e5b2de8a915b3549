//! The interfaces that an interface implements, as introspection returns them: async-graphql returns those of objects only.
//!
//! What an operation selects of `__Type.interfaces` is selected once more of each interface that another one implements, at the
//! root. Completion puts it where it belongs.

use async_graphql::{Name, Positioned, Value, indexmap::IndexMap, parser::types::Selection};
use async_graphql_value::Value as Argument;

use super::{
    plan::{Content, Items, Shape, selected},
    types::Types,
};

/// The type of introspection that has the field.
const DESCRIBED: &str = "__Type";
const INTERFACES: &str = "interfaces";
/// The key of the name of a described type, where a completion needs it. No document can have it.
const NAME_KEY: &str = ":name";
const ROOT_KEY: &str = ":implemented";

/// What is selected of implemented interfaces at the root, by their keys there.
#[derive(Default)]
pub(super) struct Implemented(Items);

/// What the interfaces of a described type consist of.
pub(super) struct Interfaces {
    shape: Shape,
    /// Each interface of the schema, with the keys at the root of those that it implements.
    of: Vec<(String, Vec<Name>)>,
}

impl Implemented {
    /// Whether a field of this owner is the one that is completed here.
    pub(super) fn completes(owner: &str, field: &str) -> bool {
        owner == DESCRIBED && field == INTERFACES
    }

    /// Selects what is selected of the interfaces of a type of each interface that is implemented, too. Returns how many these are, and
    /// what the field consists of.
    pub(super) fn select(
        &mut self,
        types: &Types,
        items: &Items,
        shape: Shape,
    ) -> (usize, Content) {
        let before = self.0.len();
        let of = types.interfaces().map(|(interface, implemented)| {
            let keys = implemented.iter().map(|name| {
                let key = Name::new(format!("{ROOT_KEY}{}", self.0.len()));
                let argument = (Name::new("name"), Argument::String(name.clone()));
                self.0
                    .push(selected(&key, "__type", Some(argument), items.clone()));
                key
            });
            (interface.to_owned(), keys.collect())
        });
        let of = of.collect();
        let content = Content::Interfaces(Box::new(Interfaces { shape, of }));
        (self.0.len() - before, content)
    }

    /// The selections that belong to the root.
    pub(super) fn at_root(self) -> Items {
        self.0
    }
}

/// The selection of the name of a described type, as completion needs it.
pub(super) fn name() -> Positioned<Selection> {
    selected(&Name::new(NAME_KEY), "name", None, Vec::new())
}

/// Takes what was selected for this module out of the root of an answer.
pub(super) fn take(root: &mut IndexMap<Name, Value>) -> IndexMap<Name, Value> {
    let keys = root.keys().filter(|key| key.starts_with(ROOT_KEY));
    let keys: Vec<Name> = keys.cloned().collect();
    let taken = keys.into_iter().filter_map(|key| {
        let value = root.swap_remove(&key)?;
        Some((key, value))
    });
    taken.collect()
}

impl Interfaces {
    /// What each of the interfaces consists of.
    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The interfaces of the type of this name, if it is an interface itself.
    pub(super) fn of(&self, name: &Value, at_root: &IndexMap<Name, Value>) -> Option<Value> {
        let Value::String(name) = name else {
            return None;
        };
        let (_, keys) = self.of.iter().find(|(interface, _)| interface == name)?;
        let values = keys.iter().filter_map(|key| at_root.get(key).cloned());
        Some(Value::List(values.collect()))
    }
}

/// The name of a described type, which is taken out.
pub(super) fn take_name(fields: &mut IndexMap<Name, Value>) -> Option<Value> {
    fields.swap_remove(NAME_KEY)
}
