//! Writes the limits of fields into the schema's descriptions, from the one table that also checks them.

use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use entity::entry::ContentType;
use sea_orm::Iterable;

use crate::content::types::limits;

/// Writes the limits into the descriptions of registered types.
pub(super) fn describe(registry: &mut Registry) {
    for content_type in ContentType::iter() {
        describe_type(registry, content_type);
    }
    describe_inputs(registry);
}

fn describe_type(registry: &mut Registry, content_type: ContentType) {
    let (name, limits) = limits(content_type);
    for (path, limits) in limits {
        let (owners, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut owners = owners.split('.').filter(|owner| !owner.is_empty());
        let owner = owners.try_fold(name.to_owned(), |owner, step| {
            type_of(registry, &owner, step)
        });
        if let Some(owner) = owner {
            append(registry, &owner, last, &limits);
        }
    }
}

/// The name of the type of a field.
fn type_of(registry: &Registry, owner: &str, field: &str) -> Option<String> {
    let field = registry.types.get(owner)?.field_by_name(field)?;
    Some(MetaTypeName::concrete_typename(&field.ty).to_owned())
}

fn append(registry: &mut Registry, owner: &str, field: &str, limits: &str) {
    if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(owner)
        && let Some(field) = fields.get_mut(field)
    {
        let description = field.description.get_or_insert_default();
        if !description.ends_with(limits) {
            *description = [description.as_str(), limits].join(" ").trim().into();
        }
    }
}

/// What is written is described as what is read: `MilestoneInput.title` as `Milestone.title`.
fn describe_inputs(registry: &mut Registry) {
    let mut descriptions = Vec::new();
    for (input_name, input) in &registry.types {
        let MetaType::InputObject { input_fields, .. } = input else {
            continue;
        };
        let object = input_name
            .strip_suffix("TranslationInput")
            .or(input_name.strip_suffix("Input"))
            .and_then(|name| registry.types.get(name));
        for name in input_fields.keys() {
            let field = object.and_then(|object| object.field_by_name(name));
            if let Some(description) = field.and_then(|field| field.description.clone()) {
                descriptions.push((input_name.clone(), name.clone(), description));
            }
        }
    }
    for (input, name, description) in descriptions {
        if let Some(MetaType::InputObject { input_fields, .. }) = registry.types.get_mut(&input)
            && let Some(field) = input_fields.get_mut(&name)
        {
            field.description.get_or_insert(description);
        }
    }
}
