//! Documents at random: what there may be in them, and what somebody may get wrong.

use proptest::{collection::vec, option, prelude::*, sample::select};

/// What may stand between two pieces.
pub(super) const GAPS: [&str; 7] = [" ", "\n", "\r\n", ",", "\t\u{feff}", " # é \"{ \n", "#\n"];
const NAMES: [&str; 9] = [
    "a", "B_9", "_", "on", "query", "fragment", "true", "null", "typeName",
];
const NUMBERS: [&str; 8] = [
    "0",
    "-0",
    "17",
    "-1.5",
    "0.25e+3",
    "1E9",
    "1e400",
    "123456789012345678901",
];
const TEXTS: [&str; 7] = [
    "\"\"",
    "\"é # { \\\" \\\\\"",
    "\"\\u00e9\\n\"",
    "\"\"\"\"\"\"",
    "\"\"\" a \" \n   b\n    c \n\"\"\"",
    "\"\"\"\r\n\té\r\n\"\"\"",
    "\"\\/\"",
];
/// Without `!`, as async-graphql takes no blank before it.
const MARKS: [&str; 13] = [
    "$", "(", ")", "...", ":", "=", "@", "[", "]", "{", "|", "}", "&",
];

/// The pieces of a document, which gaps stand between.
pub(super) type Pieces = Vec<String>;

fn joined(parts: impl AsRef<[Pieces]>) -> Pieces {
    parts.as_ref().concat()
}

fn piece(text: &str) -> Pieces {
    vec![text.to_owned()]
}

fn within(open: &str, inner: Pieces, close: &str) -> Pieces {
    joined([piece(open), inner, piece(close)])
}

/// Nothing, where there is nothing in them.
fn in_brackets(items: Vec<Pieces>) -> Pieces {
    if items.is_empty() {
        return Pieces::new();
    }
    within("(", joined(items), ")")
}

fn name() -> impl Strategy<Value = Pieces> {
    select(NAMES.as_slice()).prop_map(piece)
}

/// A name that no keyword is, as fragments and the constants of enums have it.
fn plain_name() -> impl Strategy<Value = Pieces> {
    select(&["a", "B_9", "_", "typeName", "query"][..]).prop_map(piece)
}

fn value(is_constant: bool) -> BoxedStrategy<Pieces> {
    let words = select(&["true", "false", "null", "ENUM"][..]).prop_map(piece);
    let numbers = select(NUMBERS.as_slice()).prop_map(piece);
    let texts = select(TEXTS.as_slice()).prop_map(piece);
    let simple = prop_oneof![words, numbers, texts].boxed();
    let variable = plain_name().prop_map(|name| joined([piece("$"), name]));
    let leaf = if is_constant {
        simple
    } else {
        prop_oneof![3 => simple, 1 => variable].boxed()
    };
    let nested = leaf.prop_recursive(3, 12, 3, |inner| {
        let list = vec(inner.clone(), 0..3).prop_map(|items| within("[", joined(items), "]"));
        // No name twice: async-graphql keeps the last of them.
        let object = vec(inner, 0..3).prop_map(|items| {
            let fields = items
                .into_iter()
                .enumerate()
                .map(|(at, value)| joined([piece(&format!("k{at}")), piece(":"), value]));
            within("{", joined(fields.collect::<Vec<_>>()), "}")
        });
        prop_oneof![list, object]
    });
    nested.boxed()
}

fn arguments() -> impl Strategy<Value = Pieces> {
    let argument =
        (name(), value(false)).prop_map(|(name, value)| joined([name, piece(":"), value]));
    vec(argument, 0..3).prop_map(in_brackets)
}

fn directives() -> impl Strategy<Value = Pieces> {
    let directive =
        (name(), arguments()).prop_map(|(name, arguments)| joined([piece("@"), name, arguments]));
    prop_oneof![3 => Just(Pieces::new()), 1 => vec(directive, 1..3).prop_map(joined)]
}

/// `on` and a name, with one blank between them: async-graphql takes no comment there.
fn condition() -> impl Strategy<Value = Pieces> {
    select(NAMES.as_slice()).prop_map(|name| piece(&format!("on {name}")))
}

fn selection_set() -> BoxedStrategy<Pieces> {
    let alias = option::of(name())
        .prop_map(|alias| alias.map_or_else(Pieces::new, |alias| joined([alias, piece(":")])));
    let field = (alias, name(), arguments(), directives())
        .prop_map(|(alias, name, arguments, directives)| {
            joined([alias, name, arguments, directives])
        })
        .boxed();
    let spread = (plain_name(), directives())
        .prop_map(|(name, directives)| joined([piece("..."), name, directives]));
    let leaf = prop_oneof![4 => field.clone(), 1 => spread];
    let selection = leaf.prop_recursive(4, 16, 4, move |inner| {
        let set = vec(inner, 1..4).prop_map(|items| within("{", joined(items), "}"));
        let condition = option::of(condition()).prop_map(Option::unwrap_or_default);
        prop_oneof![
            (field.clone(), set.clone()).prop_map(|(field, set)| joined([field, set])),
            (condition, directives(), set).prop_map(|(condition, directives, set)| {
                joined([piece("..."), condition, directives, set])
            }),
        ]
    });
    let items = vec(selection, 1..4);
    items
        .prop_map(|items| within("{", joined(items), "}"))
        .boxed()
}

/// Definitions of variables with one default: async-graphql has directives before it, the specification after it.
fn variables() -> impl Strategy<Value = Pieces> {
    let types = select(&["Int", "[a!]!", "[[B]!]"][..]).prop_map(piece);
    let default = value(true).prop_map(|value| joined([piece("="), value]));
    let definition =
        (plain_name(), types, option::of(default)).prop_map(|(name, kind, default)| {
            joined([
                piece("$"),
                name,
                piece(":"),
                kind,
                default.unwrap_or_default(),
            ])
        });
    vec(definition, 0..3).prop_map(in_brackets)
}

fn definition() -> impl Strategy<Value = Pieces> {
    let kind = select(&["query", "mutation", "subscription"][..]).prop_map(piece);
    let head = (kind, option::of(name()), variables(), directives());
    let operation =
        (head, selection_set()).prop_map(|((kind, name, variables, directives), set)| {
            joined([kind, name.unwrap_or_default(), variables, directives, set])
        });
    let fragment = (plain_name(), condition(), directives(), selection_set()).prop_map(
        |(name, condition, directives, set)| {
            joined([piece("fragment"), name, condition, directives, set])
        },
    );
    prop_oneof![1 => selection_set(), 3 => operation, 2 => fragment]
}

/// A few operations and fragments, whether or not they stand together.
pub(super) fn document() -> impl Strategy<Value = Pieces> {
    vec(definition(), 1..4).prop_map(joined)
}

/// One change, at a place that the number tells.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Leave,
    Remove(usize),
    Insert(usize, &'static str),
    Cut(usize),
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let words = [
        &MARKS[..],
        &NAMES[..],
        &NUMBERS[..],
        &["\"", "\\", "-", "1a", "01", "é"],
    ]
    .concat();
    prop_oneof![
        2 => Just(Change::Leave),
        1 => any::<usize>().prop_map(Change::Remove),
        2 => (any::<usize>(), select(words)).prop_map(|(at, word)| Change::Insert(at, word)),
        1 => any::<usize>().prop_map(Change::Cut),
    ]
}

/// The pieces after the change.
pub(super) fn changed(mut pieces: Pieces, change: &Change) -> Pieces {
    let length = pieces.len();
    match *change {
        Change::Leave => {}
        Change::Remove(at) => drop(pieces.remove(at % length)),
        Change::Insert(at, word) => pieces.insert(at % (length + 1), word.to_owned()),
        Change::Cut(at) => pieces.truncate(at % length),
    }
    pieces
}
