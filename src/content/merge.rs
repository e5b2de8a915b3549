//! Merging two changes of the same content: field by field, locale by locale, and item by item in ordered lists.
//!
//! Content is compared in the form in which its row is written as JSON: a localised field is an object, a list an array.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::Clash;

/// The fields of a row, by their names in its JSON.
pub type Fields = Map<String, Value>;

/// A value that differs between two states of the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The field, such as `title`.
    pub field: String,
    /// The locale, in a localised field.
    pub locale: Option<String>,
    /// The value before; null for none.
    pub before: Value,
    /// The value after; null for none.
    pub after: Value,
}

/// What differs, in the order of the fields.
pub fn differences(before: &Fields, after: &Fields) -> Vec<Difference> {
    leaves(&[before, after])
        .into_iter()
        .map(|leaf| Difference {
            before: leaf.of(before),
            after: leaf.of(after),
            field: leaf.field,
            locale: leaf.locale,
        })
        .filter(|difference| difference.before != difference.after)
        .collect()
}

/// `yours` and `theirs`, each made from `base`, in one; or where both changed the same. The path of a clash names the field
/// as the row does.
pub fn merge(base: &Fields, theirs: &Fields, yours: &Fields) -> Result<Fields, Vec<Clash>> {
    let mut merged = theirs.clone();
    let mut clashes = Vec::new();
    for leaf in leaves(&[base, theirs, yours]) {
        let (base, theirs, yours) = (leaf.of(base), leaf.of(theirs), leaf.of(yours));
        match merge_value(&base, &theirs, &yours) {
            Some(value) => leaf.set(&mut merged, value),
            None => clashes.push(Clash {
                path: leaf.path(),
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
pub fn clashes_without_base(theirs: &Fields, yours: &Fields) -> Vec<Clash> {
    let clash = |difference: Difference| Clash {
        path: path(&difference.field, difference.locale.as_deref()),
        base: Value::Null,
        theirs: difference.before,
        yours: difference.after,
    };
    differences(theirs, yours).into_iter().map(clash).collect()
}

fn path(field: &str, locale: Option<&str>) -> String {
    match locale {
        Some(locale) => format!("{field}.{locale}"),
        None => field.to_owned(),
    }
}

/// One value of the content: a field, or a localised field in one locale.
struct Leaf {
    field: String,
    locale: Option<String>,
}

impl Leaf {
    fn path(&self) -> String {
        path(&self.field, self.locale.as_deref())
    }

    fn of(&self, fields: &Fields) -> Value {
        let value = fields.get(&self.field);
        let value = match &self.locale {
            Some(locale) => value.and_then(|texts| texts.get(locale)),
            None => value,
        };
        value.cloned().unwrap_or_default()
    }

    fn set(&self, fields: &mut Fields, value: Value) {
        let Some(locale) = &self.locale else {
            fields.insert(self.field.clone(), value);
            return;
        };
        let texts = fields
            .entry(self.field.clone())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(texts) = texts {
            if value.is_null() {
                texts.remove(locale);
            } else {
                texts.insert(locale.clone(), value);
            }
        }
    }
}

/// All values of the states.
fn leaves(states: &[&Fields]) -> Vec<Leaf> {
    let names: BTreeSet<&String> = states.iter().flat_map(|fields| fields.keys()).collect();
    let of_field = |field: &String| {
        let values = states.iter().filter_map(|fields| fields.get(field));
        let texts: Vec<&Map<String, Value>> = values.filter_map(Value::as_object).collect();
        if texts.is_empty() {
            return vec![Leaf {
                field: field.clone(),
                locale: None,
            }];
        }
        let locales: BTreeSet<&String> = texts.iter().flat_map(|texts| texts.keys()).collect();
        let leaf = |locale: &String| Leaf {
            field: field.clone(),
            locale: Some(locale.clone()),
        };
        locales.into_iter().map(leaf).collect()
    };
    names.into_iter().flat_map(of_field).collect()
}

/// The one value that holds both changes, if there is one.
fn merge_value(base: &Value, theirs: &Value, yours: &Value) -> Option<Value> {
    if yours == base || yours == theirs {
        Some(theirs.clone())
    } else if theirs == base {
        Some(yours.clone())
    } else if let (Value::Array(base), Value::Array(theirs), Value::Array(yours)) =
        (base, theirs, yours)
    {
        merge_lists(base, theirs, yours).map(Value::Array)
    } else {
        None
    }
}

/// Both changes of a list of ids, each different: what either removed is gone, what either added is there, and the order is
/// that of whoever changed it. None if both changed the order, if an item stands in a list twice, or is no id.
fn merge_lists(base: &[Value], theirs: &[Value], yours: &[Value]) -> Option<Vec<Value>> {
    // What is no id may be the same thing with a change in it, which would stand there twice.
    if [base, theirs, yours]
        .into_iter()
        .any(|list| has_twice(list) || !list.iter().all(Value::is_string))
    {
        return None;
    }
    let kept = |item: &Value| theirs.contains(item) && yours.contains(item);
    let order =
        |list: &[Value]| -> Vec<Value> { list.iter().filter(|item| kept(item)).cloned().collect() };
    let (of_base, of_theirs, of_yours) = (order(base), order(theirs), order(yours));
    let common = |list: &[Value]| -> Vec<Value> {
        let known = list.iter().filter(|item| of_base.contains(item));
        known.cloned().collect()
    };
    let (in_theirs, in_yours) = (common(&of_theirs), common(&of_yours));
    if in_theirs == of_base || in_theirs == in_yours {
        // Theirs is as it was, or both agree; what they added stands before what you added at the same place.
        let removed = |item: &&Value| base.contains(item) && !theirs.contains(item);
        let (moved, added) = (yours, theirs);
        Some(with_added(base, moved, added, removed))
    } else if in_yours == of_base {
        let removed = |item: &&Value| base.contains(item) && !yours.contains(item);
        Some(with_added(base, theirs, yours, removed))
    } else {
        None
    }
}

fn has_twice(list: &[Value]) -> bool {
    list.iter()
        .enumerate()
        .any(|(at, item)| list[..at].contains(item))
}

/// The list whose order holds, without what the other one removed, and with what the other one added, each behind the item
/// that it stands behind there.
fn with_added(
    base: &[Value],
    ordered: &[Value],
    other: &[Value],
    removed: impl Fn(&&Value) -> bool,
) -> Vec<Value> {
    let mut merged: Vec<Value> = ordered
        .iter()
        .filter(|item| !removed(item))
        .cloned()
        .collect();
    for (at, item) in other.iter().enumerate() {
        if base.contains(item) || merged.contains(item) {
            continue;
        }
        let before = other[..at]
            .iter()
            .rev()
            .find_map(|item| merged.iter().position(|known| known == item));
        merged.insert(before.map_or(0, |before| before + 1), item.clone());
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*, sample::subsequence};
    use serde_json::json;

    use super::*;

    fn merged(base: Value, theirs: Value, yours: Value) -> Result<Value, Vec<String>> {
        let [base, theirs, yours] = [base, theirs, yours].map(|state| match state {
            Value::Object(fields) => fields,
            state => panic!("{state} is no object"),
        });
        merge(&base, &theirs, &yours)
            .map(Value::Object)
            .map_err(|clashes| clashes.into_iter().map(|clash| clash.path).collect())
    }

    #[test]
    fn changes_of_different_fields_and_locales_merge() {
        let base = json!({"date": "2008", "title": {"en": "One"}, "image": null});
        let theirs = json!({"date": "2009", "title": {"en": "One", "es": "Uno"}, "image": null});
        let yours = json!({"date": "2008", "title": {"en": "First"}, "image": "a"});
        assert_eq!(
            merged(base, theirs, yours),
            Ok(json!({"date": "2009", "title": {"en": "First", "es": "Uno"}, "image": "a"}))
        );
    }

    #[test]
    fn changes_of_the_same_clash_unless_they_are_alike() {
        let base = json!({"title": {"en": "One", "es": "Uno"}, "date": "2008"});
        let theirs = json!({"title": {"en": "First", "es": "Primero"}, "date": "2009"});
        let yours = json!({"title": {"en": "Start"}, "date": "2009"});
        assert_eq!(
            merged(base, theirs, yours),
            Err(vec!["title.en".to_owned(), "title.es".to_owned()])
        );
    }

    #[test]
    fn what_both_append_stands_in_the_order_of_the_changes() {
        assert_eq!(
            merged(
                json!({"a": ["1", "2"]}),
                json!({"a": ["1", "2", "3"]}),
                json!({"a": ["0", "1", "2", "4"]})
            ),
            Ok(json!({"a": ["0", "1", "2", "3", "4"]}))
        );
    }

    #[test]
    fn one_moves_while_another_adds_and_removes() {
        assert_eq!(
            merged(
                json!({"a": ["1", "2", "3"]}),
                json!({"a": ["3", "1", "2"]}),
                json!({"a": ["1", "9", "3"]})
            ),
            Ok(json!({"a": ["3", "1", "9"]}))
        );
        assert_eq!(
            merged(
                json!({"a": ["1", "2", "3"]}),
                json!({"a": ["3", "1", "2"]}),
                json!({"a": ["2", "1", "3"]})
            ),
            Err(vec!["a".to_owned()])
        );
    }

    #[test]
    fn two_changes_of_one_link_clash() {
        let links = |label: &str, url: &str| json!({"a": [{"label": label, "url": url}]});
        assert_eq!(
            merged(links("Ours", "x"), links("Ours", "y"), links("Theirs", "x")),
            Err(vec!["a".to_owned()])
        );
    }

    fn lists() -> impl Strategy<Value = [Vec<u8>; 3]> {
        let base = collection::btree_set(0..9_u8, 0..6);
        base.prop_flat_map(|base| {
            let base: Vec<u8> = base.into_iter().collect();
            let changed = |new: std::ops::Range<u8>| {
                let kept = subsequence(base.clone(), 0..=base.len());
                let added = collection::btree_set(new, 0..4);
                (kept, added, any::<bool>()).prop_flat_map(|(kept, added, shuffled)| {
                    let all: Vec<u8> = kept.into_iter().chain(added).collect();
                    if shuffled {
                        Just(all).prop_shuffle().boxed()
                    } else {
                        Just(all).boxed()
                    }
                })
            };
            let (theirs, yours) = (changed(10..20), changed(15..25));
            (Just(base), theirs, yours).prop_map(|(base, theirs, yours)| [base, theirs, yours])
        })
    }

    proptest! {
        #[test]
        fn a_merged_list_holds_what_either_added_and_nothing_that_either_removed([base, theirs, yours] in lists()) {
            let json = |list: &[u8]| json!({"a": list.iter().map(ToString::to_string).collect::<Vec<_>>()});
            let Ok(merged) = merged(json(&base), json(&theirs), json(&yours)) else { return Ok(()) };
            let merged: Vec<String> = serde_json::from_value(merged["a"].clone()).expect("a list");
            for item in 0..25_u8 {
                let [was, in_theirs, in_yours] = [&base, &theirs, &yours].map(|list| list.contains(&item));
                let expected = if was { in_theirs && in_yours } else { in_theirs || in_yours };
                prop_assert_eq!(merged.iter().filter(|one| **one == item.to_string()).count(), usize::from(expected), "{} in {:?}", item, merged);
            }
        }

        #[test]
        fn whoever_changes_alone_gets_what_they_want([base, theirs, _] in lists()) {
            let json = |list: &[u8]| json!({"a": list.iter().map(ToString::to_string).collect::<Vec<_>>()});
            prop_assert_eq!(merged(json(&base), json(&theirs), json(&base)), Ok(json(&theirs)));
            prop_assert_eq!(merged(json(&base), json(&base), json(&theirs)), Ok(json(&theirs)));
        }
    }
}
