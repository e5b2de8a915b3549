//! Variables: values of the types that an operation declares, as the specification says. What is absent stays absent.

use std::fmt::Write;

use apollo_compiler::{
    Name, Node,
    ast::{self, Type},
    schema::{EnumType, InputObjectType},
};
use async_graphql::{
    Name as Key, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, OperationDefinition, Type as DeclaredType},
};
use serde_json::Number;

use super::types::{InputKind, Types, is_one_of};
use crate::{
    error::{Error, Problem, ProblemCode},
    graphql::errors,
};

/// The variables that an operation declares, each of its type; or what is wrong with them. Others are dropped.
pub(in crate::graphql) fn coerce(
    types: &Types,
    operation: &OperationDefinition,
    sent: &Variables,
) -> Result<Variables, ServerError> {
    let mut variables = Variables::default();
    let mut problems = Vec::new();
    let mut at = None;
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let Some(declared) = type_of(&definition.node.var_type.node) else {
            continue;
        };
        let mut path = Path(name.to_string());
        let coerced = match sent.get(name) {
            Some(value) => path.coerce(types, &declared, value.clone()).map(Some),
            None if declared.is_non_null() && definition.node.default_value.is_none() => {
                Err(MISSING.to_owned())
            }
            None => Ok(None),
        };
        match coerced {
            Ok(Some(value)) => {
                variables.insert(name.clone(), value);
            }
            Ok(None) => {}
            Err(fault) => {
                at = at.or(Some(definition.pos));
                problems.push(Problem {
                    code: if fault == MISSING {
                        ProblemCode::Required
                    } else {
                        ProblemCode::Invalid
                    },
                    message: fault,
                    path: path.0,
                });
            }
        }
    }
    let Some(at) = at else {
        return Ok(variables);
    };
    let mut error = errors::of(Error::Invalid(problems));
    error.locations.push(at);
    Err(error)
}

const MISSING: &str = "must have a value";

/// The type, in the words of the library that knows the schema; none if its name is none.
fn type_of(declared: &DeclaredType) -> Option<Type> {
    let named = match &declared.base {
        BaseType::Named(name) => Type::Named(Name::new(name.as_str()).ok()?),
        BaseType::List(item) => type_of(item)?.list(),
    };
    Some(if declared.nullable {
        named
    } else {
        named.non_null()
    })
}

/// Where a value stands, as it is told: `input.content.title`, `ids.2`. After an error it is that of the wrong value.
struct Path(String);

type Coerced = Result<Value, String>;

impl Path {
    fn coerce(&mut self, types: &Types, wanted: &Type, value: Value) -> Coerced {
        if value == Value::Null {
            return if wanted.is_non_null() {
                Err(MISSING.to_owned())
            } else {
                Ok(Value::Null)
            };
        }
        match wanted {
            Type::List(item) | Type::NonNullList(item) => self.coerce_list(types, item, value),
            Type::Named(name) | Type::NonNullNamed(name) => match types.input(name) {
                InputKind::Scalar => coerce_scalar(name, value),
                InputKind::Enum(defined) => coerce_enum(defined, value),
                InputKind::Object(defined) => self.coerce_object(types, defined, value),
            },
        }
    }

    /// A value that is no list stands for a list of itself.
    fn coerce_list(&mut self, types: &Types, item: &Type, value: Value) -> Coerced {
        let Value::List(values) = value else {
            return Ok(Value::List(vec![self.coerce(types, item, value)?]));
        };
        let mut items = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            let length = self.0.len();
            // Writing to a text does not fail.
            let _ = write!(self.0, ".{at}");
            items.push(self.coerce(types, item, value)?);
            self.0.truncate(length);
        }
        Ok(Value::List(items))
    }

    fn coerce_object(&mut self, types: &Types, of: &InputObjectType, value: Value) -> Coerced {
        let Value::Object(mut values) = value else {
            return Err(format!("must be an object of `{}`", of.name));
        };
        let mut fields = IndexMap::with_capacity(values.len());
        for (name, defined) in &of.fields {
            let length = self.0.len();
            let _ = write!(self.0, ".{name}");
            match values.swap_remove(name.as_str()) {
                Some(value) => {
                    let value = self.coerce(types, &defined.ty, value)?;
                    fields.insert(Key::new(name), value);
                }
                None if is_required(defined) => return Err(MISSING.to_owned()),
                None => {}
            }
            self.0.truncate(length);
        }
        if let Some(unknown) = values.keys().next() {
            return Err(format!("has no field `{unknown}`"));
        }
        let is_one = fields.len() == 1 && fields.values().all(|value| *value != Value::Null);
        if is_one_of(of) && !is_one {
            return Err(format!("must have exactly one field of `{}`", of.name));
        }
        Ok(Value::Object(fields))
    }
}

fn is_required(defined: &Node<ast::InputValueDefinition>) -> bool {
    defined.ty.is_non_null() && defined.default_value.is_none()
}

fn coerce_enum(defined: &EnumType, value: Value) -> Coerced {
    let is_known = match &value {
        Value::String(name) => defined.values.contains_key(name.as_str()),
        Value::Enum(name) => defined.values.contains_key(name.as_str()),
        _ => false,
    };
    if is_known {
        Ok(value)
    } else {
        Err(format!("must be a value of `{}`", defined.name))
    }
}

fn coerce_scalar(name: &str, value: Value) -> Coerced {
    let must = |what: &str| Err(format!("must be {what}"));
    match (name, value) {
        ("Int", Value::Number(number)) => {
            match whole(&number).and_then(|it| i32::try_from(it).ok()) {
                Some(whole) => Ok(Value::Number(whole.into())),
                None => must("a whole number of 32 bits"),
            }
        }
        ("Int", _) => must("a whole number"),
        ("Float", value @ Value::Number(_))
        | ("Boolean", value @ Value::Boolean(_))
        | ("String" | "ID", value @ Value::String(_)) => Ok(value),
        ("Float", _) => must("a number"),
        ("Boolean", _) => must("true or false"),
        ("String", _) => must("a text"),
        ("ID", Value::Number(number)) => match whole(&number) {
            Some(whole) => Ok(Value::String(whole.to_string())),
            None => must("a text or a whole number"),
        },
        ("ID", _) => must("a text or a whole number"),
        // Fields look at values of scalars of this schema, and tell all that is wrong with them at once.
        (_, value) => Ok(value),
    }
}

/// The number, if it is a whole one; `2.0` is.
fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it lies between numbers that both kinds have"
        )]
        (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
    })
}
