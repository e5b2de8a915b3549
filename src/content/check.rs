//! What is wrong with a row, by the limits of its fields and the rules of its type.

use std::collections::BTreeSet;

use entity::{entry_id::EntryId, link::Link, localized::Localized};

use super::{
    Content,
    field::{Field, Kind, LONGEST_LABEL, LONGEST_URL, Requirement},
    format::Format,
};
use crate::{
    error::{Problem, ProblemCode},
    identifier,
};

/// What keeps the row from being saved. Texts may be in these locales; in others they must be what they are in the row `before`.
pub fn saved<C: Content>(
    row: &C::Model,
    before: Option<&C::Model>,
    locales: &[String],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for field in C::FIELDS {
        check_field(field, row, &mut problems);
        let texts_before = before.and_then(|before| field.texts(before));
        if let Some(texts) = field.texts(row) {
            check_locales(field.name, texts, texts_before, locales, &mut problems);
        }
    }
    C::check(row, &mut problems);
    problems
}

fn check_locales(
    name: &str,
    texts: &Localized,
    before: Option<&Localized>,
    locales: &[String],
    problems: &mut Vec<Problem>,
) {
    let stored = before.into_iter().flat_map(|before| before.0.keys());
    let foreign: BTreeSet<&String> = texts.0.keys().chain(stored).collect();
    for locale in foreign {
        let is_same = before.and_then(|before| before.get(locale)) == texts.get(locale);
        if !is_same && !locales.contains(locale) {
            let message = format!("is in none of the site's locales: {}", locales.join(", "));
            let path = format!("{name}.{locale}");
            problems.push(Problem::new(ProblemCode::Invalid, path, message));
        }
    }
}

/// What keeps the row from becoming public.
pub fn public<C: Content>(row: &C::Model, default_locale: &str) -> Vec<Problem> {
    let lacks = |field: &&Field<C::Model>| match &field.kind {
        Kind::Text(get, _, _) => get(row).is_none_or(str::is_empty),
        Kind::Localized(get, _, _) => get(row).get(default_locale).is_none(),
        Kind::Number(get, _, _) => get(row).is_none(),
        Kind::Links(get, _) => get(row).is_empty(),
        Kind::Reference(..) | Kind::References(..) => field.targets(row).is_empty(),
    };
    let lacking = C::FIELDS
        .iter()
        .filter(|field| field.required.by(row))
        .filter(lacks);
    lacking
        .map(|field| {
            let path = match field.kind {
                Kind::Localized(..) => format!("{}.{default_locale}", field.name),
                _ => field.name.to_owned(),
            };
            let message = "must have a value before this can be public";
            let message = match field.required {
                Requirement::If(_, when) => format!("{message} {when}"),
                Requirement::Always | Requirement::Never => message.to_owned(),
            };
            Problem::new(ProblemCode::Required, path, message)
        })
        .collect()
}

const LONGEST_KEY: usize = 100;

/// What is wrong with the key of an entry.
pub fn key_fault(key: &str) -> Option<String> {
    let fault = text_fault(key, LONGEST_KEY, Format::Line);
    let invisible = || "must not hold characters that cannot be seen".to_owned();
    fault.or_else(|| identifier::has_invisible(key).then(invisible))
}

/// The longest reason for a change, in characters.
const LONGEST_MESSAGE: usize = 500;

/// What is wrong with the reason for a change.
pub fn message_fault(message: &str) -> Option<String> {
    text_fault(message, LONGEST_MESSAGE, Format::Lines)
}

fn check_field<M>(field: &Field<M>, row: &M, problems: &mut Vec<Problem>) {
    let name = field.name;
    let mut wrong = |path: String, message: String| {
        problems.push(Problem::new(ProblemCode::Invalid, path, message));
    };
    match &field.kind {
        Kind::Text(get, max, format) => {
            // A required text has no way to be left out; that it is empty matters when it is to be public.
            let may_be_empty = matches!(field.required, Requirement::Always);
            let text = get(row).filter(|text| !(may_be_empty && text.is_empty()));
            if let Some(fault) = text.and_then(|text| text_fault(text, *max, *format)) {
                wrong(name.to_owned(), fault);
            }
        }
        Kind::Localized(get, max, format) => {
            for (locale, text) in &get(row).0 {
                if let Some(fault) = text_fault(text, *max, *format) {
                    wrong(format!("{name}.{locale}"), fault);
                }
            }
        }
        Kind::Number(get, min, max) => {
            if get(row).is_some_and(|number| !(*min..=*max).contains(&number)) {
                wrong(name.to_owned(), format!("must be from {min} to {max}"));
            }
        }
        Kind::Links(get, max) => check_links(name, get(row), *max, &mut wrong),
        Kind::Reference(get, to) => {
            if get(row).is_some_and(|id| id.content_type != *to) {
                wrong(
                    name.to_owned(),
                    "must be an entry of the right type".to_owned(),
                );
            }
        }
        Kind::References(get, to, max) => {
            let ids: &[EntryId] = get(row);
            if ids.len() > *max {
                wrong(name.to_owned(), format!("must be at most {max} entries"));
            }
            for (at, id) in ids.iter().enumerate().take(*max) {
                if !to.contains(&id.content_type) {
                    wrong(
                        format!("{name}.{at}"),
                        "must be an entry of a type that can stand here".to_owned(),
                    );
                } else if ids[..at].contains(id) {
                    wrong(
                        format!("{name}.{at}"),
                        "must not stand here twice".to_owned(),
                    );
                }
            }
        }
    }
}

fn text_fault(text: &str, max: usize, format: Format) -> Option<String> {
    let length = text.chars().count();
    if length > max {
        return Some(format!("must be at most {max} characters, and is {length}"));
    }
    format.fault(text).map(str::to_owned)
}

fn check_links(name: &str, links: &[Link], max: usize, wrong: &mut impl FnMut(String, String)) {
    if links.len() > max {
        wrong(name.to_owned(), format!("must be at most {max} links"));
    }
    for (at, link) in links.iter().enumerate().take(max) {
        if let Some(fault) = text_fault(&link.label, LONGEST_LABEL, Format::Line) {
            wrong(format!("{name}.{at}.label"), fault);
        }
        if let Some(fault) = text_fault(&link.url, LONGEST_URL, Format::Url) {
            wrong(format!("{name}.{at}.url"), fault);
        }
    }
}
