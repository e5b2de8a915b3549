//! How large the variables of a request are.

use async_graphql::{Value, Variables};

/// How large values are, all together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Values of any kind, lists and objects among them.
    pub(super) values: u64,
    /// Lists and objects one in the other.
    pub(super) depth: u64,
    /// Items of the longest list.
    pub(super) list_items: u64,
}

impl Extent {
    /// Of all variables. They came as JSON, whose reader bounds how deep they are.
    pub(super) fn of(variables: &Variables) -> Self {
        let mut extent = Self::default();
        variables.values().for_each(|value| extent.add(value, 0));
        extent
    }

    fn add(&mut self, value: &Value, depth: u64) {
        self.values += 1;
        match value {
            Value::List(items) => {
                self.depth = self.depth.max(depth + 1);
                self.list_items = self.list_items.max(items.len() as u64);
                for item in items {
                    self.add(item, depth + 1);
                }
            }
            Value::Object(fields) => {
                self.depth = self.depth.max(depth + 1);
                fields.values().for_each(|value| self.add(value, depth + 1));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use serde_json::json;

    use super::Extent;

    #[test]
    fn values_are_counted_wherever_they_stand() {
        let variables = json!({"a": [[1, 2], [], [3, 4, 5]], "b": {"c": {"d": null}}, "e": "text"});
        let expected = Extent {
            values: 13,
            depth: 2,
            list_items: 3,
        };
        assert_eq!(Extent::of(&Variables::from_json(variables)), expected);
        assert_eq!(Extent::of(&Variables::default()), Extent::default());
    }
}
