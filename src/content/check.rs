//! What is wrong with a row, by the limits of its fields and the rules of its type.

use std::collections::BTreeSet;

use entity::{entry::ContentType, entry_id::EntryId, link::Link, localized::Localized};

use super::{
    Content,
    model::field::{Field, Kind, MAX_LINK_LABEL_CHARS, MAX_URL_CHARS, Requirement, Stored},
    model::format::Format,
    model::group,
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
            check_locales(field.path, texts, texts_before, locales, &mut problems);
        }
    }
    problems.extend(group::lacking(C::FIELDS, row));
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
    let lacks = |field: &&Field<C::Model>| (field.get)(row).is_empty_in(default_locale);
    let lacking = C::FIELDS
        .iter()
        .filter(|field| field.required.by(row))
        .filter(lacks);
    lacking
        .map(|field| {
            let path = if field.is_localised {
                format!("{}.{default_locale}", field.path)
            } else {
                field.path.to_owned()
            };
            let message = "must have a value before this can be public";
            let message = match field.required {
                Requirement::ToPublishIf(_, when) => format!("{message} {when}"),
                _ => message.to_owned(),
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
    let path = field.path;
    let mut wrong = |path: String, message: String| {
        problems.push(Problem::new(ProblemCode::Invalid, path, message));
    };
    match (field.kind, (field.get)(row)) {
        (Kind::Text(format, max), Stored::Text(text)) => {
            // A required text has no way to be left out; that it is empty matters when it is to be public.
            let may_be_empty = matches!(field.required, Requirement::ToPublish);
            let text = text.filter(|text| !(may_be_empty && text.is_empty()));
            if let Some(fault) = text.and_then(|text| text_fault(text, max, format)) {
                wrong(path.to_owned(), fault);
            }
        }
        (Kind::Text(format, max), Stored::Texts(texts)) => {
            for (locale, text) in &texts.0 {
                if let Some(fault) = text_fault(text, max, format) {
                    wrong(format!("{path}.{locale}"), fault);
                }
            }
        }
        (Kind::Integer(min, max), Stored::Number(Some(number)))
            if !(f64::from(min)..=f64::from(max)).contains(&number) =>
        {
            wrong(path.to_owned(), format!("must be from {min} to {max}"));
        }
        (Kind::Float(min, max), Stored::Number(Some(number))) if !(min..=max).contains(&number) => {
            wrong(path.to_owned(), format!("must be from {min} to {max}"));
        }
        (Kind::Links(max), Stored::Links(links)) => check_links(path, links, max, &mut wrong),
        (Kind::Reference(to), Stored::One(Some(id))) if id.content_type != to => {
            let message = "must be an entry of the right type";
            wrong(path.to_owned(), message.to_owned());
        }
        (Kind::References(to, max), Stored::Many(ids)) => {
            check_references(path, ids, (to, max), &mut wrong);
        }
        _ => {}
    }
    if let Some(order) = field.not_before.filter(|order| (order.is_before)(row)) {
        wrong(
            path.to_owned(),
            format!("must not lie before {}", order.other),
        );
    }
}

fn check_references(
    path: &str,
    ids: &[EntryId],
    (to, max): (&[ContentType], usize),
    wrong: &mut impl FnMut(String, String),
) {
    if ids.len() > max {
        wrong(path.to_owned(), format!("must be at most {max} entries"));
    }
    for (at, id) in ids.iter().enumerate().take(max) {
        let message = if !to.contains(&id.content_type) {
            "must be an entry of a type that can stand here"
        } else if ids[..at].contains(id) {
            "must not stand here twice"
        } else {
            continue;
        };
        wrong(format!("{path}.{at}"), message.to_owned());
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
        if let Some(fault) = text_fault(&link.label, MAX_LINK_LABEL_CHARS, Format::Line) {
            wrong(format!("{name}.{at}.label"), fault);
        }
        if let Some(fault) = text_fault(&link.url, MAX_URL_CHARS, Format::Url) {
            wrong(format!("{name}.{at}.url"), fault);
        }
    }
}
