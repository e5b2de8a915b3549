//! The mistakes that settings can have, each with the place to mend it.

use std::{fmt, io, path::PathBuf};

use super::Origin;

/// One mistake in the settings. No message repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A source gives a setting a value that it does not take.
    #[error("{name}{}: {problem} ({origin}); allowed: {allowed}", shown(.value.as_deref()))]
    BadValue {
        /// The setting.
        name: &'static str,
        /// What was given, with passwords masked; nothing for a secret.
        value: Option<String>,
        /// Who gave it.
        origin: Origin,
        /// What is wrong with it.
        problem: String,
        /// What would be right.
        allowed: &'static str,
    },
    /// A setting is not set that another one needs.
    #[error("{name}: must be set, too, where {by} is: {reason}")]
    Missing {
        /// The setting that is not set.
        name: &'static str,
        /// The one that needs it.
        by: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// There is too little memory for the largest answer.
    #[error(
        "answer_memory_bytes: must be at least twice limit_answer_bytes: an answer is there as values and as JSON"
    )]
    AnswerMemory,
    /// The file has a key that is no setting.
    #[error("{key}: no such setting ({origin}){}", hint(*.suggestion))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The file and line.
        origin: Origin,
        /// The setting that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// The environment has a variable that is no setting. Its value is not repeated: it may be a secret.
    #[error("{name}: no setting has this environment variable{}", hint_or_list(.suggestion.as_deref()))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The variable that was probably meant.
        suggestion: Option<String>,
    },
    /// The file is not TOML.
    #[error("{problem} ({origin})")]
    Syntax {
        /// What the parser says; it quotes no values.
        problem: String,
        /// The file and line.
        origin: Origin,
    },
    /// The file cannot be read.
    #[error("the settings file {} cannot be read: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn shown(value: Option<&str>) -> String {
    value
        .map(|value| format!(" = {value:?}"))
        .unwrap_or_default()
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion
        .map(|name| format!("; did you mean {name}?"))
        .unwrap_or_default()
}

fn hint_or_list(suggestion: Option<&str>) -> String {
    match suggestion {
        Some(_) => hint(suggestion),
        None => "; `kindling settings` lists those that there are".to_owned(),
    }
}

/// Prints a list of mistakes as a block to read: a heading, then one line each.
#[derive(Debug)]
pub struct Mistakes<'a>(pub &'a [ConfigError]);

impl fmt::Display for Mistakes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the settings have a mistake:")?,
            count => write!(f, "the settings have {count} mistakes:")?,
        }
        self.0
            .iter()
            .try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}
