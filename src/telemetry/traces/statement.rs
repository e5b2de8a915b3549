//! Statements as parts of traces: what they do, and to which table.

use std::time::Duration;

use opentelemetry::{
    Context, KeyValue,
    trace::{Span, SpanBuilder, SpanKind, Status, Tracer},
};

use super::tracer_of;

/// Notes a statement that has ended now, as a part of what goes on, if that is noted.
pub fn statement(system: &'static str, sql: &str, took: Duration, has_failed: bool) {
    Context::map_current(|current| {
        let Some(tracer) = tracer_of(current) else {
            return;
        };
        let now = opentelemetry::time::now();
        let (verb, table) = told_of(sql);
        let name = match table {
            Some(table) => format!("{verb} {table}"),
            None => verb.clone(),
        };
        let mut attributes = vec![
            KeyValue::new("db.system.name", system),
            KeyValue::new("db.operation.name", verb),
        ];
        if let Some(table) = table {
            attributes.push(KeyValue::new("db.collection.name", table.to_owned()));
        }
        let span = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Client)
            .with_start_time(now.checked_sub(took).unwrap_or(now))
            .with_attributes(attributes);
        let mut span = tracer.build_with_context(span, current);
        if has_failed {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(now);
    });
}

/// The first word of a statement, and the first table that it names. Nothing else of it is told: it may hold values.
fn told_of(sql: &str) -> (String, Option<&str>) {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let before = match verb.as_str() {
        "SELECT" | "DELETE" => "FROM",
        "INSERT" => "INTO",
        "UPDATE" => {
            return (verb, words.next().and_then(name));
        }
        "SAVEPOINT" | "RELEASE" | "ROLLBACK" | "PRAGMA" => return (verb, None),
        _ => return ("OTHER".to_owned(), None),
    };
    let table = words
        .find(|word| word.eq_ignore_ascii_case(before))
        .and_then(|_| words.next())
        .and_then(name);
    (verb, table)
}

/// The name in a word, if it is nothing but a name.
fn name(word: &str) -> Option<&str> {
    let name = word.trim_matches(['"', ',', '(', ')']);
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::told_of;

    #[test]
    fn nothing_of_a_statement_is_told_but_what_it_does_and_to_which_table() {
        for (sql, verb, table) in [
            (
                r#"SELECT "a"."b" FROM "entry" WHERE x = 's3cret'"#,
                "SELECT",
                Some("entry"),
            ),
            (
                r#"INSERT INTO "page" ("id") VALUES ('s3cret')"#,
                "INSERT",
                Some("page"),
            ),
            (
                r#"UPDATE "page" SET "title" = 's3cret'"#,
                "UPDATE",
                Some("page"),
            ),
            (r#"DELETE FROM "mail""#, "DELETE", Some("mail")),
            ("SELECT 's3cret'", "SELECT", None),
            ("SELECT x FROM 's3cret'", "SELECT", None),
            ("UPDATE 's3cret'", "UPDATE", None),
            ("s3cret", "OTHER", None),
            ("", "OTHER", None),
        ] {
            assert_eq!(told_of(sql), (verb.to_owned(), table), "{sql}");
        }
    }
}
