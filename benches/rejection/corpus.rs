//! Documents that nobody sends by mistake: each under 32 KiB, each to be refused.

use std::fmt::Write;

/// The longest that they are, in bytes.
const LENGTH: usize = 32 * 1024;

/// What a document tries, and the document.
pub(crate) struct Hostile {
    pub(crate) tries: &'static str,
    pub(crate) document: String,
}

/// All of them.
pub(crate) fn corpus() -> Vec<Hostile> {
    let mut corpus = texts();
    corpus.extend(shapes());
    corpus.extend(at_the_limits());
    for hostile in &corpus {
        assert!(hostile.document.len() <= LENGTH, "{}", hostile.tries);
    }
    corpus
}

fn hostile(tries: &'static str, document: String) -> Hostile {
    Hostile { tries, document }
}

/// As often as it fits, in brackets.
fn filled(piece: &str) -> String {
    format!("{{{}}}", piece.repeat((LENGTH - 2) / piece.len()))
}

/// `count` pieces, each made from its number.
fn pieces(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

/// What is hard to read.
fn texts() -> Vec<Hostile> {
    vec![
        hostile("nothing but brackets", "{".repeat(LENGTH)),
        hostile("brackets of lists", filled("a(b:[[[[[[[[")),
        hostile("a comment and nothing else", "#".repeat(LENGTH)),
        hostile("comments, line by line", filled("#\n")),
        hostile("commas", ",".repeat(LENGTH)),
        hostile("letters of other scripts", filled("é")),
        hostile("one endless name", "a".repeat(LENGTH)),
        hostile(
            "a text without an end",
            format!("{{a(b:\"{}", "\\\"".repeat(LENGTH / 2 - 5)),
        ),
        hostile(
            "quotes within a block",
            format!("{{a(b:\"\"\"{}", "\\\"\"\"".repeat(LENGTH / 4 - 4)),
        ),
        hostile(
            "an endless number",
            format!("{{a(b:{})}}", "1".repeat(LENGTH - 8)),
        ),
        hostile("marks of numbers", filled("-+.")),
        hostile(
            "a mistake at the very end",
            format!("{{{} ]", "id\n".repeat(1_900)),
        ),
        hostile(
            "a long name in each error",
            format!("{{{}}}", "n".repeat(150).repeat(200) + " id"),
        ),
    ]
}

/// What becomes large once it is written out, or is large already.
fn shapes() -> Vec<Hostile> {
    let spread_twice = |count: usize| {
        let fragments = pieces(count, |at| {
            format!("fragment F{at} on Page {{ ...F{0} ...F{0} }}\n", at + 1)
        });
        format!(
            "{{ page(by: {{slug: \"a\"}}) {{ ...F0 }} }}\n{fragments}fragment F{count} on Page {{ id }}"
        )
    };
    let own_lists = "sections { items { ... on Milestone { image { translations { locale } } } } }";
    let pages = |inner: &str| format!("{{ pages(first: 100) {{ nodes {{ {inner} }} }} }}");
    vec![
        hostile("30 fragments, each spread twice", spread_twice(30)),
        hostile("90 fragments, each spread twice", spread_twice(90)),
        hostile(
            "a fragment that spreads itself",
            "{ ...F } fragment F on Query { ...F ...F }".to_owned(),
        ),
        hostile(
            "fragments in a circle",
            format!(
                "{{ ...F0 }} {}",
                pieces(90, |at| format!("fragment F{at} on Query {{ ...F{} ...F0 }}\n", (at + 1) % 90))
            ),
        ),
        hostile("aliases", filled("a:id ")),
        hostile("the same field again", filled("id ")),
        hostile("directives", filled("a@a ")),
        hostile("operations", "query A{id}".repeat(2_900)),
        hostile(
            "operations with names",
            pieces(400, |at| format!("query A{at} {{ __typename }}\n")),
        ),
        hostile(
            "fragments that nobody spreads",
            format!("{{ __typename }} {}", pieces(300, |at| format!("fragment F{at} on Query {{ __typename }}\n"))),
        ),
        hostile("lists of lists", pages(&own_lists.repeat(9))),
        hostile(
            "the schema's description in itself",
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
                .to_owned(),
        ),
        hostile("a list of many ids", format!("{{ nodes(ids: [{}]) {{ id }} }}", "\"a\" ".repeat(8_000))),
    ]
}

/// What is within every limit of size, and wrong.
fn at_the_limits() -> Vec<Hostile> {
    let definitions = pieces(50, |at| format!("$v{at}: Int "));
    let uses = pieces(200, |at| format!("a(b: $v{}) ", at % 50));
    let unknown = pieces(390, |at| format!("unknown{at} "));
    let mut shared =
        String::from("{ page(by: {slug: \"a\"}) { ...F } }\nfragment F on Page { sections { ");
    for at in 0..40 {
        let _ = write!(shared, "image {{ ...A{at} }} ");
    }
    shared.push_str("} }\n");
    for at in 0..40 {
        let fields = pieces(10, |field| format!("id{field}: x "));
        let _ = writeln!(shared, "fragment A{at} on Asset {{ {fields} }}");
    }
    let entries = [
        "Page",
        "StorySection",
        "Value",
        "ImpactStat",
        "Milestone",
        "Testimonial",
    ];
    let abstracts = |inner: &str| {
        let branches = entries.map(|name| format!("... on {name} {{ id key revision {inner} }} "));
        format!("node(id: \"a\") {{ {} }} ", branches.concat())
    };
    vec![
        hostile("fields that are not there", format!("{{ {unknown} }}")),
        hostile(
            "fields that are not there, and long",
            format!(
                "{{ {} }}",
                pieces(150, |at| format!("{}{at} ", "f".repeat(190)))
            ),
        ),
        hostile(
            "variables, often used",
            format!("query({definitions}) {{ {uses} }}"),
        ),
        hostile(
            "arguments that are not there",
            format!(
                "{{ pages({}) {{ totalCount }} }}",
                pieces(600, |at| format!("a{at}: 1 "))
            ),
        ),
        hostile(
            "the same argument again",
            format!("{{ pages({}) {{ totalCount }} }}", "first: 1 ".repeat(600)),
        ),
        hostile(
            "fields that clash",
            format!(
                "{{ {} }}",
                pieces(240, |at| format!("pages(first: {at}) {{ x }} "))
            ),
        ),
        hostile("many small fragments", shared),
        hostile(
            "branches for each type",
            format!("{{ {} }}", abstracts("nothing").repeat(20)),
        ),
        hostile(
            "inline fragments one in the other",
            format!(
                "{{ {}x{} }}",
                "... on Query { ".repeat(28),
                " y z }".repeat(28)
            ),
        ),
        hostile(
            "objects that no input has",
            format!(
                "{{ pages(where: {{{}}}) {{ totalCount }} }}",
                pieces(600, |at| format!("a{at}: 1 "))
            ),
        ),
        hostile(
            "directives that are not there",
            format!(
                "{{ {} }}",
                pieces(95, |at| format!("__typename @d{at}(a: 1) "))
            ),
        ),
        hostile(
            "types that are not there",
            format!(
                "{{ {} }}",
                pieces(380, |at| format!("... on T{at} {{ a }} "))
            ),
        ),
    ]
}
