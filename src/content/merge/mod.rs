//! Merging two changes of the same content: field by field, locale by locale, and item by item in lists.
//!
//! Content is compared in the form in which its row is written as JSON. What a value is made of is declared with its field
//! ([`Shape`]), and never guessed from the JSON.

mod lists;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::lists::{merge_places, merge_sets};
use crate::error::Clash;

/// The fields of a row, by their names in its JSON.
pub type Fields = Map<String, Value>;

/// How a value can be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Not at all.
    Whole,
    /// By locale.
    PerLocale,
    /// By item; each stands there once, and is known wherever it stands.
    Set,
    /// By place; items may be alike.
    List,
    /// By member: their names, and what they are made of.
    Group(&'static [(&'static str, Shape)]),
}

/// A field of a row, as merging sees it.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its path in the API.
    pub path: &'static str,
    /// Its name in the JSON of the row.
    pub stored_as: &'static str,
    /// What its value is made of.
    pub shape: Shape,
}

/// A value that differs between two states of the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The path of the field in the API, with the locale behind it in a localised field, such as `title.en`.
    pub path: String,
    /// The value before; null for none.
    pub before: Value,
    /// The value after; null for none.
    pub after: Value,
}

/// What differs, in the order of the fields.
pub fn differences(columns: &[Column], before: &Fields, after: &Fields) -> Vec<Difference> {
    leaves(columns, &[before, after])
        .into_iter()
        .map(|leaf| Difference {
            before: leaf.of(before),
            after: leaf.of(after),
            path: leaf.path,
        })
        .filter(|difference| difference.before != difference.after)
        .collect()
}

/// `yours` and `theirs`, each made from `base`, in one; or where both changed the same.
pub fn merge(
    columns: &[Column],
    base: &Fields,
    theirs: &Fields,
    yours: &Fields,
) -> Result<Fields, Vec<Clash>> {
    let mut merged = theirs.clone();
    let mut clashes = Vec::new();
    for leaf in leaves(columns, &[base, theirs, yours]) {
        let (base, theirs, yours) = (leaf.of(base), leaf.of(theirs), leaf.of(yours));
        match merge_value(leaf.shape, &base, &theirs, &yours) {
            Some(value) => leaf.set(&mut merged, value),
            None => clashes.push(Clash {
                path: leaf.path,
                base,
                theirs,
                yours,
            }),
        }
    }
    if clashes.is_empty() {
        Ok(merged)
    } else {
        Err(clashes)
    }
}

/// Where `yours`, of which nobody knows any more what it was made from, differs from `theirs`.
pub fn clashes_without_base(columns: &[Column], theirs: &Fields, yours: &Fields) -> Vec<Clash> {
    let clash = |difference: Difference| Clash {
        path: difference.path,
        base: Value::Null,
        theirs: difference.before,
        yours: difference.after,
    };
    let differences = differences(columns, theirs, yours);
    differences.into_iter().map(clash).collect()
}

/// The content with the texts of the draft in one locale.
pub fn with_texts(columns: &[Column], mut content: Fields, draft: &Fields, locale: &str) -> Fields {
    for leaf in leaves(columns, &[&content, draft]) {
        if leaf.locale.as_deref() == Some(locale) {
            leaf.set(&mut content, leaf.of(draft));
        }
    }
    content
}

/// One value of the content that is changed as a whole, or merged as a list.
struct Leaf {
    path: String,
    /// The names on the way to it in the JSON of the row.
    names: Vec<String>,
    /// The last of the names, where it is a locale.
    locale: Option<String>,
    shape: Shape,
}

impl Leaf {
    fn of(&self, fields: &Fields) -> Value {
        let mut names = self.names.iter();
        let first = names.next().and_then(|name| fields.get(name));
        let value = names.fold(first, |value, name| value.and_then(|value| value.get(name)));
        value.cloned().unwrap_or_default()
    }

    /// Sets the value. A text that is none is taken out, and what is not there stays so.
    fn set(&self, fields: &mut Fields, value: Value) {
        let Some((last, owners)) = self.names.split_last() else {
            return;
        };
        let mut object = fields;
        for owner in owners {
            let owner = object
                .entry(owner.clone())
                .or_insert_with(|| Map::new().into());
            if !owner.is_object() {
                *owner = Map::new().into();
            }
            let Value::Object(inner) = owner else { return };
            object = inner;
        }
        if value.is_null() && (self.locale.is_some() || !object.contains_key(last)) {
            object.remove(last);
        } else {
            object.insert(last.clone(), value);
        }
    }

    /// The parts of this value in the states, if it has any.
    fn split(self, states: &[&Fields]) -> Vec<Leaf> {
        let inner = |name: &str, locale: Option<String>, shape| Leaf {
            path: format!("{}.{name}", self.path),
            names: self
                .names
                .iter()
                .cloned()
                .chain([name.to_owned()])
                .collect(),
            locale,
            shape,
        };
        match self.shape {
            Shape::Whole | Shape::Set | Shape::List => vec![self],
            Shape::PerLocale => {
                let values: Vec<Value> = states.iter().map(|state| self.of(state)).collect();
                let texts = values.iter().filter_map(Value::as_object);
                let locales: BTreeSet<&String> = texts.flat_map(Map::keys).collect();
                let leaf = |locale: &String| inner(locale, Some(locale.clone()), Shape::Whole);
                locales.into_iter().map(leaf).collect()
            }
            // A group that is there on one side only is one value.
            Shape::Group(_) if states.iter().any(|state| !self.of(state).is_object()) => {
                vec![self]
            }
            Shape::Group(members) => {
                let members = members.iter();
                let leaves = members.map(|(name, shape)| inner(name, None, *shape));
                leaves.flat_map(|leaf| leaf.split(states)).collect()
            }
        }
    }
}

/// All values of the states, in the order of the fields.
fn leaves(columns: &[Column], states: &[&Fields]) -> Vec<Leaf> {
    let leaf = |column: &Column| Leaf {
        path: column.path.to_owned(),
        names: vec![column.stored_as.to_owned()],
        locale: None,
        shape: column.shape,
    };
    columns
        .iter()
        .flat_map(|column| leaf(column).split(states))
        .collect()
}

/// The one value that holds both changes, if there is one.
fn merge_value(shape: Shape, base: &Value, theirs: &Value, yours: &Value) -> Option<Value> {
    if yours == base || yours == theirs {
        return Some(theirs.clone());
    }
    if theirs == base {
        return Some(yours.clone());
    }
    let (base, theirs, yours) = (base.as_array()?, theirs.as_array()?, yours.as_array()?);
    let merged = match shape {
        Shape::Set => merge_sets(base, theirs, yours),
        Shape::List => merge_places(base, theirs, yours),
        Shape::Whole | Shape::PerLocale | Shape::Group(_) => None,
    };
    merged.map(Value::Array)
}

#[cfg(test)]
mod tests;
