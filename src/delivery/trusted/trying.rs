//! Trying documents before they are sent: whether they fit the schema of this program, and are within the limits.

use std::{fmt, sync::Arc};

use async_graphql::ServerError;

use crate::{
    config::Config,
    delivery::{document::prepare, limits::Limits},
    error::Result,
    graphql::Types,
};

/// What documents are tried against.
pub struct Trial {
    types: &'static Types,
    limits: Limits,
}

/// Something that is wrong with a document.
#[derive(Debug)]
pub struct Fault(ServerError);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.locations.first() {
            Some(at) => write!(f, "{}:{}: {}", at.line, at.column, self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl Trial {
    /// The schema of this program, with the limits of the settings.
    pub fn new(config: &Arc<Config>) -> Result<Self> {
        Ok(Self {
            types: Types::get()?,
            limits: Limits::new(config),
        })
    }

    /// The names of the operations of a document, or all that is wrong with it.
    pub fn of(&self, text: &str) -> std::result::Result<String, Vec<Fault>> {
        let prepared = prepare(text, &self.limits).map_err(|error| vec![Fault(error)])?;
        let faults = prepared.document.faults(self.types);
        if !faults.is_empty() {
            return Err(faults.iter().cloned().map(Fault).collect());
        }
        let operations = prepared.operations().iter();
        let mut names: Vec<&str> = operations.filter_map(|it| it.name.as_deref()).collect();
        names.sort_unstable();
        Ok(names.join(" "))
    }
}
