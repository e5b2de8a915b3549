//! What merging gives, for every kind of value that can be declared, in use or not.

use proptest::{collection, prelude::*, sample::subsequence};
use serde_json::json;

use super::*;

const LINK: Shape = Shape::Group(&[("label", Shape::PerLocale), ("url", Shape::Whole)]);

/// A field of each shape.
const COLUMNS: &[Column] = &[
    column("date", Shape::Whole),
    column("title", Shape::PerLocale),
    column("items", Shape::Set),
    column("links", Shape::List),
    column("link", LINK),
    column(
        "nested",
        Shape::Group(&[("inner", LINK), ("ids", Shape::Set)]),
    ),
];

const fn column(name: &'static str, shape: Shape) -> Column {
    Column {
        path: name,
        stored_as: name,
        shape,
    }
}

fn fields(state: Value) -> Fields {
    match state {
        Value::Object(fields) => fields,
        state => panic!("{state} is no object"),
    }
}

fn merged(base: Value, theirs: Value, yours: Value) -> Result<Value, Vec<String>> {
    let [base, theirs, yours] = [base, theirs, yours].map(fields);
    merge(COLUMNS, &base, &theirs, &yours)
        .map(Value::Object)
        .map_err(|clashes| clashes.into_iter().map(|clash| clash.path).collect())
}

#[test]
fn changes_of_different_fields_and_locales_merge() {
    let base = json!({"date": "2008", "title": {"en": "One"}, "link": null});
    let theirs = json!({"date": "2009", "title": {"en": "One", "es": "Uno"}, "link": null});
    let yours = json!({"date": "2008", "title": {"en": "First"}, "link": {"url": "a"}});
    assert_eq!(
        merged(base, theirs, yours),
        Ok(json!({"date": "2009", "title": {"en": "First", "es": "Uno"}, "link": {"url": "a"}}))
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
fn a_group_is_not_taken_for_texts() {
    let group = |label: Value, url: &str| json!({"link": {"label": label, "url": url}});
    let base = group(json!({"en": "Here"}), "a");
    let theirs = group(json!({"en": "Here", "es": "Aquí"}), "a");
    let yours = group(json!({"en": "There"}), "b");
    assert_eq!(
        merged(base.clone(), theirs.clone(), yours.clone()),
        Ok(group(json!({"en": "There", "es": "Aquí"}), "b"))
    );
    let cleared = json!({"link": null});
    assert_eq!(
        merged(base, cleared, yours),
        Err(vec!["link".to_owned()]),
        "one cleared what the other changed"
    );
    let draft = fields(group(json!({"url": "Adresse"}), "b"));
    let public = fields(group(json!({"en": "Here"}), "a"));
    assert_eq!(
        Value::Object(with_texts(COLUMNS, public.clone(), &draft, "url")),
        group(json!({"en": "Here", "url": "Adresse"}), "a"),
        "a locale is one of texts, whatever members are called"
    );
    assert_eq!(with_texts(COLUMNS, public.clone(), &public, "en"), public);
}

#[test]
fn what_both_append_stands_in_the_order_of_the_changes() {
    assert_eq!(
        merged(
            json!({"items": ["1", "2"]}),
            json!({"items": ["1", "2", "3"]}),
            json!({"items": ["0", "1", "2", "4"]})
        ),
        Ok(json!({"items": ["0", "1", "2", "3", "4"]}))
    );
}

#[test]
fn one_moves_while_another_adds_and_removes() {
    assert_eq!(
        merged(
            json!({"items": ["1", "2", "3"]}),
            json!({"items": ["3", "1", "2"]}),
            json!({"items": ["1", "9", "3"]})
        ),
        Ok(json!({"items": ["3", "1", "9"]}))
    );
    assert_eq!(
        merged(
            json!({"items": ["1", "2", "3"]}),
            json!({"items": ["3", "1", "2"]}),
            json!({"items": ["2", "1", "3"]})
        ),
        Err(vec!["items".to_owned()])
    );
}

#[test]
fn two_changes_of_one_place_clash_and_those_of_two_places_merge() {
    let link = |label: &str| json!({"label": label, "url": "x"});
    let links = |labels: &[&str]| {
        let links: Vec<Value> = labels.iter().map(|label| link(label)).collect();
        json!({"links": links})
    };
    let (base, theirs) = (links(&["a", "b"]), links(&["A", "b"]));
    assert_eq!(
        merged(base.clone(), theirs.clone(), links(&["a", "B", "c"])),
        Ok(links(&["A", "B", "c"]))
    );
    for clashing in [&["Ä", "b"][..], &["b"], &["b", "a"], &["0", "a", "b"]] {
        assert_eq!(
            merged(base.clone(), theirs.clone(), links(clashing)),
            Err(vec!["links".to_owned()]),
            "{clashing:?}"
        );
    }
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

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (0..3_u8).prop_map(|text| json!(text.to_string()))
    ]
}

fn texts() -> impl Strategy<Value = Value> {
    // A member's name is a locale, too.
    collection::btree_map(
        "(en|es|url)",
        (0..3_u8).prop_map(|text| json!(text.to_string())),
        0..3,
    )
    .prop_map(|texts| json!(texts))
}

fn ids() -> impl Strategy<Value = Value> {
    subsequence(vec!["1", "2", "3", "4"], 0..=4)
        .prop_shuffle()
        .prop_map(|ids| json!(ids))
}

fn link() -> impl Strategy<Value = Value> {
    let link = (texts(), text()).prop_map(|(label, url)| json!({"label": label, "url": url}));
    prop_oneof![1 => Just(Value::Null), 4 => link]
}

/// A value for each of the fields.
fn state() -> impl Strategy<Value = Fields> {
    let nested = (link(), ids()).prop_map(|(inner, ids)| json!({"inner": inner, "ids": ids}));
    let links = collection::vec(link(), 0..3).prop_map(|links| json!(links));
    (text(), texts(), ids(), links, link(), nested).prop_map(
        |(date, title, items, links, link, nested)| {
            fields(json!({"date": date, "title": title, "items": items, "links": links, "link": link, "nested": nested}))
        },
    )
}

/// One of both in each field, as somebody who changes some of them leaves it.
fn changed(base: &Fields, other: &Fields, which: u8) -> Fields {
    let pick = |(at, column): (usize, &Column)| {
        let from = if which >> at & 1 == 1 { other } else { base };
        (column.stored_as.to_owned(), from[column.stored_as].clone())
    };
    COLUMNS.iter().enumerate().map(pick).collect()
}

proptest! {
    #[test]
    fn a_merged_list_holds_what_either_added_and_nothing_that_either_removed([base, theirs, yours] in lists()) {
        let json = |list: &[u8]| json!({"items": list.iter().map(ToString::to_string).collect::<Vec<_>>()});
        let Ok(merged) = merged(json(&base), json(&theirs), json(&yours)) else { return Ok(()) };
        let merged: Vec<String> = serde_json::from_value(merged["items"].clone()).expect("a list");
        for item in 0..25_u8 {
            let [was, in_theirs, in_yours] = [&base, &theirs, &yours].map(|list| list.contains(&item));
            let expected = if was { in_theirs && in_yours } else { in_theirs || in_yours };
            prop_assert_eq!(merged.iter().filter(|one| **one == item.to_string()).count(), usize::from(expected), "{} in {:?}", item, merged);
        }
    }

    #[test]
    fn whoever_changes_alone_gets_what_they_want(base in state(), theirs in state()) {
        prop_assert_eq!(merge(COLUMNS, &base, &theirs, &base), Ok(theirs.clone()));
        prop_assert_eq!(merge(COLUMNS, &base, &base, &theirs), Ok(theirs.clone()));
        prop_assert_eq!(merge(COLUMNS, &base, &theirs, &theirs), Ok(theirs.clone()));
    }

    #[test]
    fn changes_of_different_fields_never_clash(base in state(), other in state(), which in 0..64_u8) {
        let (theirs, yours) = (changed(&base, &other, which), changed(&base, &other, !which));
        prop_assert_eq!(merge(COLUMNS, &base, &theirs, &yours), Ok(other));
    }

    #[test]
    fn what_merges_holds_each_change_and_what_clashes_was_changed_by_both(base in state(), theirs in state(), yours in state()) {
        let by_them: Vec<String> = differences(COLUMNS, &base, &theirs).into_iter().map(|one| one.path).collect();
        let by_you: Vec<String> = differences(COLUMNS, &base, &yours).into_iter().map(|one| one.path).collect();
        let touch = |paths: &[String], path: &str| {
            let is_within = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}."));
            paths.iter().any(|one| is_within(one, path) || is_within(path, one))
        };
        match merge(COLUMNS, &base, &theirs, &yours) {
            Err(clashes) => for clash in clashes {
                prop_assert!(touch(&by_them, &clash.path) && touch(&by_you, &clash.path), "{}", clash.path);
                prop_assert_ne!(&clash.theirs, &clash.yours);
            },
            Ok(merged) => {
                let changes = differences(COLUMNS, &base, &theirs).into_iter().map(|one| (one, &by_you))
                    .chain(differences(COLUMNS, &base, &yours).into_iter().map(|one| (one, &by_them)));
                let after = differences(COLUMNS, &base, &merged);
                for (change, others) in changes {
                    if !touch(others, &change.path) {
                        let kept = after.iter().find(|one| one.path == change.path);
                        prop_assert_eq!(kept.map(|one| &one.after), Some(&change.after), "{}", change.path);
                    }
                }
            }
        }
    }

    #[test]
    fn publishing_one_locale_takes_its_texts_alone(public in state(), draft in state()) {
        let mixed = with_texts(COLUMNS, public.clone(), &draft, "es");
        for leaf in leaves(COLUMNS, &[&public, &draft, &mixed]) {
            let of = if leaf.locale.as_deref() == Some("es") { &draft } else { &public };
            prop_assert_eq!(leaf.of(&mixed), leaf.of(of), "{}", leaf.path);
        }
    }
}
