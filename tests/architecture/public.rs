//! Finds the places that write what is public: the flag `published`, and the number in `published_revision`.

use crate::source::line_of;

/// Calls whose first argument is a column that is being written.
const WRITES_A_COLUMN: &[&str] = &[".col_expr(", ".set(", ".value(", ".values([("];
/// How a field of an active model is written; stands after `field:` or `field=`.
const WRITES_A_FIELD: &[&str] = &[
    "Set(",
    "ActiveValue::",
    "sea_orm::Set(",
    "sea_orm::ActiveValue::",
];

/// Lines on which code writes `published` or `published_revision`.
pub(crate) fn writes(code: &str) -> Vec<usize> {
    let mut compact = String::new();
    let mut lines = Vec::new();
    for (number, line) in code.lines().enumerate() {
        for c in line.chars().filter(|c| c.is_ascii() && !c.is_whitespace()) {
            compact.push(c);
            lines.push(number + 1);
        }
    }
    let fields = compact.match_indices("published").filter(|(at, word)| {
        let rest = compact[at + word.len()..].trim_start_matches("_revision");
        let value = rest.strip_prefix([':', '=']).unwrap_or_default();
        let is_whole = !compact[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        is_whole && WRITES_A_FIELD.iter().any(|write| value.starts_with(write))
    });
    let columns = WRITES_A_COLUMN
        .iter()
        .flat_map(|call| compact.match_indices(call))
        .filter(|(at, call)| {
            let argument = compact[at + call.len()..]
                .split([',', ')'])
                .next()
                .unwrap_or_default();
            argument.to_lowercase().contains("published")
        });
    fields.chain(columns).map(|(at, _)| lines[at]).collect()
}

/// Lines on which SQL in a string writes one of the two.
pub(crate) fn updates(text: &str) -> Vec<usize> {
    let sql = text.to_lowercase().replace('\n', " ");
    let sets = sql.match_indices("set ").filter(|(at, _)| {
        let set = sql[*at..].split(['"', ';']).next().unwrap_or_default();
        let statement = sql[..*at].rsplit(['"', ';']).next().unwrap_or_default();
        statement.contains("update ")
            && set
                .split("where ")
                .next()
                .is_some_and(|set| set.contains("published"))
    });
    sets.map(|(at, _)| line_of(text, at)).collect()
}

#[test]
fn the_scanner_sees_writes_of_what_is_public() {
    for write in [
        "Model { published: Set(true) }",
        "row.published = Set(\n false)",
        "u.col_expr(page::Column::Published, x)",
    ] {
        assert_eq!(writes(write), [1], "{write}");
    }
    for read in [
        "row.published == true",
        "filter(Column::Published.eq(true))",
        "published: bool",
        "is_published = Set(x)",
    ] {
        assert!(writes(read).is_empty(), "{read}");
    }
    assert_eq!(
        updates("\"UPDATE page\n SET latest = 1, published = 1 WHERE x\""),
        [2]
    );
    assert!(updates("\"UPDATE page SET latest = 1 WHERE published = 1\"").is_empty());
}
