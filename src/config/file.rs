//! The settings file: TOML with one key per setting, kept with the line of each key.

use std::{collections::HashMap, fs, io, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ConfigError, Origin, SETTINGS, Setting, Shape, setting};

/// What the file says, by the name of the setting.
pub(super) type Values = HashMap<&'static str, (String, Origin)>;

/// Reads the file at `path`; no file is no mistake unless it is `required`.
pub(super) fn read(path: &Path, required: bool, mistakes: &mut Vec<ConfigError>) -> Values {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path, mistakes),
        Err(error) if !required && error.kind() == io::ErrorKind::NotFound => Values::new(),
        Err(source) => {
            mistakes.push(ConfigError::File {
                path: path.into(),
                source,
            });
            Values::new()
        }
    }
}

fn parse(text: &str, path: &Path, mistakes: &mut Vec<ConfigError>) -> Values {
    let origin = |span: Range<usize>| Origin::File {
        path: path.into(),
        line: line(text, span.start),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    // Only the message: the parser's own display quotes the line, and with it perhaps a password.
    mistakes.extend(errors.iter().map(|error| ConfigError::Syntax {
        problem: error.message().to_owned(),
        origin: origin(error.span().unwrap_or_default()),
    }));

    let mut values = Values::new();
    let mut entries: Vec<_> = table.into_inner().into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let origin = origin(key.span());
        match SETTINGS
            .iter()
            .find(|setting| setting.name == key.get_ref().as_ref())
        {
            // After a broken line anything may look like a key, also a piece of a password.
            None if !errors.is_empty() => {}
            None => mistakes.push(unknown(key.get_ref(), origin)),
            Some(setting) => match plain_text(setting, value.get_ref()) {
                Some(text) => drop(values.insert(setting.name, (text, origin))),
                None => mistakes.push(wrong_type(setting, value.get_ref(), origin)),
            },
        }
    }
    values
}

/// The value as the other sources would write it; nothing if its type does not fit the setting.
fn plain_text(setting: &Setting, value: &DeValue<'_>) -> Option<String> {
    match (setting.shape, value) {
        (Shape::Switch, DeValue::Boolean(value)) => Some(value.to_string()),
        (Shape::List, DeValue::Array(items)) => {
            let items: Option<Vec<_>> = items
                .iter()
                .map(Spanned::get_ref)
                .map(DeValue::as_str)
                .collect();
            items.map(|items| items.join(","))
        }
        (Shape::Plain | Shape::Secret, DeValue::String(value)) => Some(value.to_string()),
        (Shape::Plain, DeValue::Integer(value)) => Some(value.to_string()),
        _ => None,
    }
}

fn wrong_type(setting: &Setting, value: &DeValue<'_>, origin: Origin) -> ConfigError {
    let wanted = match setting.shape {
        Shape::Plain | Shape::Secret => "one string or whole number",
        Shape::Switch => "true or false without quotation marks",
        Shape::List => "an array of strings",
    };
    ConfigError::BadValue {
        name: setting.name,
        value: None,
        origin,
        problem: format!("is of TOML type {}, not {wanted}", value.type_str()),
        allowed: setting.allowed,
    }
}

fn unknown(key: &str, origin: Origin) -> ConfigError {
    ConfigError::UnknownKey {
        key: key.to_owned(),
        origin,
        suggestion: setting::nearest(key).map(|setting| setting.name),
    }
}

/// The line, counted from 1, of a position in bytes.
fn line(text: &str, position: usize) -> usize {
    text.bytes()
        .take(position)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}
