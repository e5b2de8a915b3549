//! What is read is what async-graphql's own parser reads, and what is refused is refused with its place.

mod documents;

use async_graphql::{Pos, parser::parse_query};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, to_value};

use self::documents::{GAPS, change, changed, document};
use super::{Limits, definitions::ALONE, parse};
use crate::config::{Config, Environment};

fn limits() -> Limits {
    let matches = clap::Command::new("parse").args(crate::config::args());
    let config = Config::load(&matches.get_matches_from(["parse"]), &Environment::new());
    Limits::new(&config.expect("defaults").into())
}

fn read(text: &str) -> Result<Value, String> {
    let parsed = parse(text, &limits()).map_err(|error| error.message)?;
    Ok(to_value(parsed.0).expect("a document"))
}

/// What the specification refuses and async-graphql does not.
const STRICTER: [&str; 5] = [
    "there is nothing in \"()\"",
    "a second field of this name",
    "no fragment has this name",
    "a number begins with a needless zero",
    "expected a value without variables, found \"$\"",
];

/// Before a comment, async-graphql takes `on` for the name of a fragment, which the specification rules out.
fn is_spread_of_on(message: &str, gap: &str) -> bool {
    gap.contains('#') && message.starts_with("expected \"{\", found ")
}

proptest! {
    #[test]
    fn documents_are_read_as_async_graphql_reads_them(
        pieces in document(), change in change(), gap in select(GAPS.as_slice()),
    ) {
        let text = changed(pieces, &change).join(gap);
        let expected = parse_query(&text).map(|parsed| to_value(parsed).expect("a document"));
        match (read(&text), expected) {
            (Ok(read), Ok(expected)) => prop_assert_eq!(read, expected, "{}", text),
            (Err(_), Err(_)) => {}
            (Err(message), Ok(_)) => prop_assert!(
                STRICTER.contains(&message.as_str()) || is_spread_of_on(&message, gap), "{}: {}", message, text
            ),
            (Ok(_), Err(error)) => prop_assert!(false, "{}: {}", error, text),
        }
    }
}

#[test]
fn what_the_specification_allows_beyond_that_is_read() {
    for (text, same) in [
        ("query($a: Int = 1 @b) { c }", "query($a: Int @b = 1) { c }"),
        ("query($a: [ Int ! ] !) { c }", "query($a: [Int!]!) { c }"),
        ("{ ... on #x\n A { c } }", "{ ... on A { c } }"),
        ("\"What it is for\" query A { c }", "query A { c }"),
        ("\"\"\"x\"\"\" query($a: Int) { c }", "query($a: Int) { c }"),
        ("query(\"x\" $a: Int) { c }", "query($a: Int) { c }"),
        ("{ a(b: \"\\u{e9}\") }", "{ a(b: \"é\") }"),
        (
            "{ a(b: \"\"\"\\\"\"\"\"\"\") }",
            "{ a(b: \"\\\"\\\"\\\"\") }",
        ),
    ] {
        let expected = to_value(parse_query(same).expect("a document")).expect("a value");
        let read = read(text).map(without_places);
        assert_eq!(read, Ok(without_places(expected)), "{text}");
    }
}

/// The same document, wherever its parts stand.
fn without_places(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| name != "pos");
            let fields = fields.map(|(name, value)| (name, without_places(value)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.into_iter().map(without_places).collect(),
        other => other,
    }
}

/// What is wrong, what is told of it, and its line and column.
const MISTAKES: [(&str, &str, usize, usize); 34] = [
    ("", "the document has no operation", 1, 1),
    (
        "fragment A on B { c }",
        "the document has no operation",
        1,
        22,
    ),
    ("{", "expected a name, found the end", 1, 2),
    (
        "{ a } }",
        "expected an operation or a fragment, found \"}\"",
        1,
        7,
    ),
    (
        "qery { a }",
        "expected an operation or a fragment, found a name",
        1,
        1,
    ),
    (
        "\"x\" { a }",
        "expected an operation or a fragment, found \"{\"",
        1,
        5,
    ),
    ("{}", "there is nothing in \"{}\"", 1, 1),
    ("query() { a }", "there is nothing in \"()\"", 1, 6),
    ("{ a() }", "there is nothing in \"()\"", 1, 4),
    ("{ a(b 1) }", "expected \":\", found a number", 1, 7),
    (
        "{\r\n  é\r}",
        "a character that stands for nothing here",
        2,
        3,
    ),
    (
        "{ a(b: \"é\", c: ?) }",
        "a character that stands for nothing here",
        1,
        16,
    ),
    ("{\n  a(b: \"secret) { d }\n}", "a text has no end", 2, 8),
    ("{ a(b: \"\"\"secret\"\") }", "a text has no end", 1, 8),
    (
        "{ a(b: \"secret\\q\") }",
        "a text has an escape that there is not",
        1,
        8,
    ),
    (
        "{ a(b: 1secret) }",
        "what begins like a number is none",
        1,
        8,
    ),
    ("{ a(b: -) }", "what begins like a number is none", 1, 8),
    ("{ a(b: 1.) }", "what begins like a number is none", 1, 8),
    ("{ a(b: 1e+) }", "what begins like a number is none", 1, 8),
    (
        "{ a(b: 007) }",
        "a number begins with a needless zero",
        1,
        8,
    ),
    ("{ a(b: 1e999) }", "a number that is too large", 1, 8),
    (
        "{ a(b: {c: 1, c: 2}) }",
        "a second field of this name",
        1,
        15,
    ),
    ("{ ... on { a } }", "expected a name, found \"{\"", 1, 10),
    (
        "{ ...a } fragment a { b }",
        "expected \"on\", found \"{\"",
        1,
        21,
    ),
    (
        "{ ...a } fragment on on A { b }",
        "no fragment has this name",
        1,
        19,
    ),
    (
        "{ a } fragment b on C { d } fragment b on C { d }",
        "a second fragment of this name",
        1,
        38,
    ),
    (
        "query a { b } query a { b }",
        "a second operation of this name",
        1,
        21,
    ),
    ("{ a } query b { c }", ALONE, 1, 7),
    ("query b { c } { a }", ALONE, 1, 15),
    ("{ a } { a }", ALONE, 1, 7),
    (
        "query($a: Int = $b) { c }",
        "expected a value without variables, found \"$\"",
        1,
        17,
    ),
    (
        "query($a: Int = [$b]) { c }",
        "expected a value without variables, found \"$\"",
        1,
        18,
    ),
    ("query($a: [Int Int]) { c }", "a list is of one type", 1, 11),
    ("query($a: []) { c }", "a list is of one type", 1, 11),
];

#[test]
fn mistakes_are_told_with_their_place_and_nothing_of_the_document() {
    let deep = "{ a".repeat(65);
    let long = format!("{{ {} }}", "a".repeat(201));
    let at_limits = [
        (
            deep.as_str(),
            "the document is nested more than 64 deep",
            1,
            193,
        ),
        (
            long.as_str(),
            "a name or a number of more than 200 characters",
            1,
            3,
        ),
    ];
    for (text, message, line, column) in MISTAKES.into_iter().chain(at_limits) {
        let error = parse(text, &limits()).expect_err(text);
        assert_eq!(error.message, message, "{text}");
        assert_eq!(error.locations, [Pos { line, column }], "{text}");
    }
}

#[test]
fn tokens_are_counted_and_all_of_them_told_where_there_are_too_many() {
    let tokens = |text: &str| parse(text, &limits()).map(|parsed| parsed.1);
    assert_eq!(tokens("{ ...a, b @include(if: $c) } # d").ok(), Some(13));
    let many = format!("{{ {} }}", "a ".repeat(30_000));
    let error = tokens(&many).expect_err("too many tokens");
    assert!(
        error.message.contains("tokens: 30002,"),
        "{}",
        error.message
    );
}
