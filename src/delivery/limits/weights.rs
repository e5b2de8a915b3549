//! What the cost of fields depends on: which of them are lists, which of them are pages, and of what.

use std::collections::HashMap;

use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};

/// The number of a type.
pub(super) type TypeId = usize;

/// Everything about the types of the schema that costs depend on.
pub(super) struct Weights {
    ids: HashMap<String, TypeId>,
    types: Vec<Type>,
}

#[derive(Default)]
struct Type {
    fields: HashMap<String, Field>,
    /// The types that its values can have, if it is an interface or a union.
    possible: Vec<TypeId>,
}

/// A field of a type.
pub(super) struct Field {
    /// What it gives, or what each item of its list is; none if that has no fields.
    pub(super) of: Option<TypeId>,
    /// Whether it gives a list.
    pub(super) is_list: bool,
    /// Whether it takes `first` or `last`.
    pub(super) is_paged: bool,
    /// The arguments that take lists.
    pub(super) lists: Vec<String>,
}

impl Weights {
    /// Reads them out of a schema.
    pub(super) fn of(registry: &Registry) -> Self {
        let names = registry.types.keys().enumerate();
        let ids: HashMap<String, TypeId> = names.map(|(id, name)| (name.clone(), id)).collect();
        let types = registry.types.values().map(|meta| Type {
            fields: fields_of(meta)
                .into_iter()
                .map(|field| (field.name.clone(), Field::of(field, registry, &ids)))
                .collect(),
            possible: possible(meta)
                .into_iter()
                .filter_map(|name| ids.get(name).copied())
                .collect(),
        });
        let types = types.collect();
        Self { ids, types }
    }

    /// The type of this name.
    pub(super) fn id(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// The field of this name of a type.
    pub(super) fn field(&self, of: Option<TypeId>, name: &str) -> Option<&Field> {
        self.types.get(of?)?.fields.get(name)
    }

    /// The types that a value of this type can have, if that is more than itself.
    pub(super) fn possible(&self, id: Option<TypeId>) -> &[TypeId] {
        let known = id.and_then(|id| self.types.get(id));
        known.map_or(&[], |known| &known.possible)
    }

    /// Whether something of a type can be something of another one. What is not known may be anything.
    pub(super) fn can_be(&self, one: Option<TypeId>, condition: Option<TypeId>) -> bool {
        match (one, condition) {
            (Some(one), Some(condition)) => {
                one == condition || self.possible(Some(condition)).contains(&one)
            }
            _ => true,
        }
    }
}

impl Field {
    fn of(field: &MetaField, registry: &Registry, ids: &HashMap<String, TypeId>) -> Self {
        let name = MetaTypeName::concrete_typename(&field.ty);
        let has_fields = registry.types.get(name).is_some_and(MetaType::is_composite);
        let lists = field.args.values().filter(|argument| is_list(&argument.ty));
        Self {
            of: ids.get(name).copied().filter(|_| has_fields),
            is_list: is_list(&field.ty),
            is_paged: field.args.contains_key("first") || field.args.contains_key("last"),
            lists: lists.map(|argument| argument.name.clone()).collect(),
        }
    }
}

fn fields_of(meta: &MetaType) -> Vec<&MetaField> {
    match meta {
        MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => {
            fields.values().collect()
        }
        _ => Vec::new(),
    }
}

fn possible(meta: &MetaType) -> Vec<&str> {
    match meta {
        MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. } => {
            possible_types.iter().map(String::as_str).collect()
        }
        _ => Vec::new(),
    }
}

fn is_list(ty: &str) -> bool {
    ty.starts_with('[')
}
