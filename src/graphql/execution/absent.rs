//! Arguments without the variables that were not sent: absent is not null.

use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

/// The arguments of a field, given which variables are absent. An argument and a field of an input whose value is an absent
/// variable are absent themselves; in a list it is null.
pub(super) fn without_absent(
    arguments: &[(Positioned<Name>, Positioned<Value>)],
    is_absent: &impl Fn(&str) -> bool,
) -> Vec<(Positioned<Name>, Positioned<Value>)> {
    let present = arguments.iter().filter_map(|(name, value)| {
        let resolved = resolved(&value.node, is_absent)?;
        Some((name.clone(), Positioned::new(resolved, value.pos)))
    });
    present.collect()
}

/// The value; none if it is absent.
fn resolved(value: &Value, is_absent: &impl Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Variable(name) if is_absent(name) => None,
        Value::List(items) => {
            let items = items.iter();
            let items = items.map(|item| resolved(item, is_absent).unwrap_or(Value::Null));
            Some(Value::List(items.collect()))
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            let present = fields.filter_map(|(name, value)| {
                let value = resolved(value, is_absent)?;
                Some((name.clone(), value))
            });
            Some(Value::Object(present.collect()))
        }
        value => Some(value.clone()),
    }
}
