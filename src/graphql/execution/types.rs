//! The types of the schema, as the specification sees them.

use std::{collections::HashMap, sync::LazyLock};

use apollo_compiler::{
    Name, Schema, ast,
    schema::{EnumType, ExtendedType, FieldDefinition, InputObjectType},
    validation::Valid,
};
use async_graphql::parser::types::OperationType;

use crate::{error::Error, graphql::sdl};

/// A field of introspection that async-graphql answers, and that the library that validates does not know.
const INTROSPECTION: &str = "extend type __Type { isOneOf: Boolean }";

/// The types of the schema. There is one schema, so that they are built once.
pub(crate) struct Types {
    pub(super) schema: Valid<Schema>,
    possible: HashMap<String, Vec<String>>,
}

/// The kinds of input types.
pub(super) enum InputKind<'a> {
    Scalar,
    Enum(&'a EnumType),
    Object(&'a InputObjectType),
}

static TYPES: LazyLock<Result<Types, String>> = LazyLock::new(Types::build);

impl Types {
    /// The types of the schema of this program. The first call takes some milliseconds.
    pub(crate) fn get() -> Result<&'static Self, Error> {
        let types = TYPES.as_ref();
        types.map_err(|fault| Error::internal(fault.clone()))
    }

    fn build() -> Result<Self, String> {
        let text = sdl() + INTROSPECTION;
        let schema = Schema::parse_and_validate(text, "schema.graphql");
        let schema = schema.map_err(|invalid| invalid.errors.to_string())?;
        let mut possible: HashMap<String, Vec<String>> = HashMap::new();
        for (name, defined) in &schema.types {
            let name = name.to_string();
            match defined {
                ExtendedType::Object(object) => {
                    for interface in &object.implements_interfaces {
                        let types = possible.entry(interface.to_string()).or_default();
                        types.push(name.clone());
                    }
                    possible.entry(name.clone()).or_default().push(name);
                }
                ExtendedType::Union(union) => {
                    let members = union.members.iter().map(ToString::to_string);
                    possible.insert(name, members.collect());
                }
                _ => {}
            }
        }
        Ok(Self { schema, possible })
    }

    /// The object at the root of the operations of this kind.
    pub(super) fn root(&self, kind: OperationType) -> Option<&str> {
        let kind = match kind {
            OperationType::Query => ast::OperationType::Query,
            OperationType::Mutation => ast::OperationType::Mutation,
            OperationType::Subscription => ast::OperationType::Subscription,
        };
        self.schema.root_operation(kind).map(Name::as_str)
    }

    /// A field of a type; fields of the schema's description among them.
    pub(super) fn field(&self, owner: &str, name: &str) -> Option<&FieldDefinition> {
        let field = self.schema.type_field(owner, name);
        field.ok().map(|field| &***field)
    }

    /// The field of a type whose name is most like this one; none if none is.
    pub(super) fn nearest_field(&self, owner: &str, name: &str) -> Option<&str> {
        let fields = match self.schema.types.get(owner)? {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => return None,
        };
        let distance = |field: &Name| strsim::osa_distance(field, name);
        let nearest = fields.keys().min_by_key(|field| distance(field))?;
        (distance(nearest) <= 1 + name.len() / 4).then_some(nearest.as_str())
    }

    /// The objects that a value of this type can be: itself, if it is one; none for what is no object.
    pub(super) fn possible(&self, name: &str) -> &[String] {
        self.possible.get(name).map_or(&[], Vec::as_slice)
    }

    /// The interfaces, with those that each implements.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.schema.types.iter().filter_map(|(name, defined)| {
            let ExtendedType::Interface(interface) = defined else {
                return None;
            };
            let implemented = interface.implements_interfaces.iter();
            Some((
                name.as_str(),
                implemented.map(ToString::to_string).collect(),
            ))
        })
    }

    /// Whether there is such a type.
    pub(super) fn has(&self, name: &str) -> bool {
        self.schema.types.contains_key(name)
    }

    /// Whether each value of the type has a type of its own: it is an interface or a union.
    pub(super) fn is_abstract(&self, name: &str) -> bool {
        matches!(
            self.schema.types.get(name),
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_))
        )
    }

    /// What an argument, or a field of an input, of this type takes.
    pub(super) fn input(&self, name: &str) -> InputKind<'_> {
        match self.schema.types.get(name) {
            Some(ExtendedType::Enum(defined)) => InputKind::Enum(defined),
            Some(ExtendedType::InputObject(defined)) => InputKind::Object(defined),
            _ => InputKind::Scalar,
        }
    }
}

/// Whether exactly one of the fields of the input has a value.
pub(super) fn is_one_of(input: &InputObjectType) -> bool {
    input.directives.has("oneOf")
}
