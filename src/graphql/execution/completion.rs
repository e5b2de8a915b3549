//! Completion: the result of an operation, brought to the shape that the specification gives it. Fields stand in the order of
//! the document; one that failed is null, or its parent is where it must not be; an object without fields is one.

use apollo_compiler::ast::Type;
use async_graphql::{Name, PathSegment, Response, ServerError, Value, indexmap::IndexMap};

use super::{
    interfaces,
    plan::{Content, FieldShape, Plan, Shape, TYPE_KEY},
};

/// Brings the data of a response to the shape of its operation. It is null where the root must not be what it is.
pub(in crate::graphql) fn complete_response(response: &mut Response, plan: &Plan) {
    complete(&mut response.data, &plan.shape, &response.errors);
}

fn complete(data: &mut Value, shape: &Shape, errors: &[ServerError]) {
    let mut completion = Completion {
        errors,
        path: Vec::new(),
        implemented: IndexMap::new(),
    };
    if matches!(data, Value::Null) {
        // Each of its fields has failed.
        *data = Value::Object(IndexMap::new());
    }
    if let Value::Object(fields) = data {
        completion.implemented = interfaces::take(fields);
        if completion.object(fields, shape).is_err() {
            *data = Value::Null;
        }
    }
}

/// Something is null that must not be.
struct NullError;

struct Completion<'a> {
    errors: &'a [ServerError],
    /// Where the value stands. Not followed where there are no errors: nobody asks for it.
    path: Vec<PathSegment>,
    /// What introspection tells of interfaces that others implement, by the keys of the plan.
    implemented: IndexMap<Name, Value>,
}

impl Completion<'_> {
    fn object(
        &mut self,
        fields: &mut IndexMap<Name, Value>,
        shape: &Shape,
    ) -> Result<(), NullError> {
        if let Some(name) = interfaces::take_name(fields) {
            self.interfaces(fields, shape, &name);
        }
        let is_in_order = fields.len() == shape.0.len()
            && fields
                .keys()
                .zip(&shape.0)
                .all(|(key, field)| *key == field.key);
        if !is_in_order {
            let ordered = shape.0.iter().map(|field| {
                let value = fields.swap_remove(&field.key);
                (field.key.clone(), value.unwrap_or_default())
            });
            *fields = ordered.collect();
        }
        for (value, field) in fields.values_mut().zip(&shape.0) {
            self.field(value, field)?;
        }
        Ok(())
    }

    /// Puts the interfaces of the described type of this name where they were left out.
    fn interfaces(&self, fields: &mut IndexMap<Name, Value>, shape: &Shape, name: &Value) {
        for field in &shape.0 {
            if let Content::Interfaces(interfaces) = &*field.content
                && let Some(value) = interfaces.of(name, &self.implemented)
            {
                fields.insert(field.key.clone(), value);
            }
        }
    }

    fn field(&mut self, value: &mut Value, field: &FieldShape) -> Result<(), NullError> {
        self.at(
            || PathSegment::Field(field.key.to_string()),
            |completion| completion.value(value, &field.of, &field.content),
        )
    }

    fn at<T>(&mut self, segment: impl Fn() -> PathSegment, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.errors.is_empty() {
            return work(self);
        }
        self.path.push(segment());
        let done = work(self);
        self.path.pop();
        done
    }

    fn value(&mut self, value: &mut Value, of: &Type, content: &Content) -> Result<(), NullError> {
        let can_be_object = !of.is_list() && !matches!(content, Content::Leaf);
        if matches!(value, Value::Null) && can_be_object && self.has_errors_below() {
            // It is there, but nothing of it.
            *value = Value::Object(IndexMap::new());
        }
        let completed = match value {
            Value::Null if of.is_non_null() => return Err(NullError),
            Value::List(items) if of.is_list() => self.items(items, of.item_type(), content),
            Value::Object(fields) => match content {
                Content::Leaf => Ok(()),
                Content::Object(shape) => self.object(fields, shape),
                Content::Interfaces(interfaces) => self.object(fields, interfaces.shape()),
                Content::ByType(shapes) => match type_of(fields, shapes) {
                    Some(shape) => self.object(fields, shape),
                    None => Err(NullError),
                },
            },
            _ => Ok(()),
        };
        match completed {
            Err(NullError) if of.is_non_null() => Err(NullError),
            Err(NullError) => {
                *value = Value::Null;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn items(
        &mut self,
        items: &mut [Value],
        of: &Type,
        content: &Content,
    ) -> Result<(), NullError> {
        if matches!(content, Content::Leaf) {
            return Ok(());
        }
        for (at, item) in items.iter_mut().enumerate() {
            self.at(
                || PathSegment::Index(at),
                |completion| completion.value(item, of, content),
            )?;
        }
        Ok(())
    }

    /// Whether anything of the value has failed, and not the value itself.
    fn has_errors_below(&self) -> bool {
        let mut errors = self.errors.iter();
        errors.any(|error| error.path.len() > self.path.len() && error.path.starts_with(&self.path))
    }
}

/// The shape of an object, by its type, which is taken out.
fn type_of<'s>(
    fields: &mut IndexMap<Name, Value>,
    shapes: &'s [(String, Shape)],
) -> Option<&'s Shape> {
    let Some(Value::String(name)) = fields.swap_remove(TYPE_KEY) else {
        return None;
    };
    let mut shapes = shapes.iter();
    shapes.find(|(of, _)| *of == name).map(|(_, shape)| shape)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use apollo_compiler::{ast::Type, ty};
    use async_graphql::{Name, PathSegment, Pos, ServerError, Value};
    use serde_json::json;

    use super::{Content, FieldShape, Shape};

    fn field(key: &str, of: Type, content: Content) -> FieldShape {
        FieldShape {
            key: Name::new(key),
            of,
            content: Arc::new(content),
        }
    }

    /// `{ list: [{ must: String!, may: String }]` with this type of the list, and `other: String }`.
    fn shape(list: Type) -> Shape {
        let item = Shape(vec![
            field("must", ty!(String!), Content::Leaf),
            field("may", ty!(String), Content::Leaf),
        ]);
        Shape(vec![
            field("list", list, Content::Object(item)),
            field("other", ty!(String), Content::Leaf),
        ])
    }

    fn error_at(path: &serde_json::Value) -> ServerError {
        let path = path.as_array().cloned().unwrap_or_default().into_iter();
        let path = path.map(|segment| match segment.as_u64() {
            Some(index) => PathSegment::Index(usize::try_from(index).expect("an index")),
            None => PathSegment::Field(segment.as_str().expect("a key").to_owned()),
        });
        ServerError {
            path: path.collect(),
            ..ServerError::new("failed", Some(Pos::default()))
        }
    }

    fn completed(of: &Shape, data: serde_json::Value, errors: &[ServerError]) -> String {
        let mut data = Value::from_json(data).expect("a value");
        super::complete(&mut data, of, errors);
        serde_json::to_string(&data).expect("JSON")
    }

    #[test]
    fn fields_stand_in_their_order_and_those_that_failed_are_null() {
        let errors = [
            error_at(&json!(["list", 0, "may"])),
            error_at(&json!(["other"])),
        ];
        let data = json!({"list": [{"must": "a"}, {"may": "c", "must": "b"}]});
        assert_eq!(
            completed(&shape(ty!([Item!]!)), data, &errors),
            r#"{"list":[{"must":"a","may":null},{"must":"b","may":"c"}],"other":null}"#
        );
    }

    #[test]
    fn null_goes_up_to_what_may_be_null() {
        let errors = [error_at(&json!(["list", 0, "must"]))];
        let data = json!({"other": "o", "list": [{"may": "a"}, {"must": "b", "may": "c"}]});
        for (list, expected) in [
            (
                ty!([Item]!),
                r#"{"list":[null,{"must":"b","may":"c"}],"other":"o"}"#,
            ),
            (ty!([Item!]), r#"{"list":null,"other":"o"}"#),
            (ty!([Item!]!), "null"),
        ] {
            assert_eq!(completed(&shape(list), data.clone(), &errors), expected);
        }
    }

    #[test]
    fn an_object_of_which_all_has_failed_is_there() {
        let item = || Shape(vec![field("may", ty!(String), Content::Leaf)]);
        let root = Shape(vec![field("item", ty!(Item!), Content::Object(item()))]);
        let data = json!({"item": null});
        let below = [error_at(&json!(["item", "may"]))];
        assert_eq!(
            completed(&root, data.clone(), &below),
            r#"{"item":{"may":null}}"#
        );
        let itself = [error_at(&json!(["item"]))];
        assert_eq!(completed(&root, data, &itself), "null");
        assert_eq!(completed(&root, json!(null), &itself), "null");
        let both = Shape(vec![field("item", ty!(Item), Content::Object(item()))]);
        assert_eq!(completed(&both, json!(null), &itself), r#"{"item":null}"#);
    }

    #[test]
    fn objects_of_several_types_have_the_fields_of_theirs() {
        let of = |name: &str, key: &str| {
            let shape = Shape(vec![field(key, ty!(String!), Content::Leaf)]);
            (name.to_owned(), shape)
        };
        let content = Content::ByType(vec![of("A", "a"), of("B", "b")]);
        let root = Shape(vec![field("items", ty!([Item!]!), content)]);
        let data = json!({"items": [{":type": "B", "b": "x"}, {"a": "y", ":type": "A"}]});
        assert_eq!(
            completed(&root, data, &[]),
            r#"{"items":[{"b":"x"},{"a":"y"}]}"#
        );
    }
}
