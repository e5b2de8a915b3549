//! Trying documents before they are sent: whether they fit the schema of this program, and are within the limits.

use std::{fmt, sync::Arc};

use async_graphql::ServerError;

use crate::{
    config::Config,
    delivery::{document::prepare, limits::Limits},
    graphql::validation::Validation,
};

/// What documents are tried against.
pub struct Trial {
    validation: Validation,
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
    pub fn new(config: &Arc<Config>) -> Self {
        Self {
            validation: Validation::new(),
            limits: Limits::new(config),
        }
    }

    /// The names of the operations of a document, or all that is wrong with it.
    pub async fn of(&self, text: &str) -> Result<String, Vec<Fault>> {
        let prepared = prepare(text, &self.limits).map_err(|error| vec![Fault(error)])?;
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for operation in prepared.operations() {
            let name = operation.name.as_deref();
            faults.extend(self.validation.faults(&prepared.document, name).await);
            names.extend(name.map(ToOwned::to_owned));
        }
        // Each operation tells what is wrong with the whole document.
        faults.dedup_by(|a, b| a.message == b.message && a.locations == b.locations);
        names.sort_unstable();
        if faults.is_empty() {
            Ok(names.join(" "))
        } else {
            Err(faults.into_iter().map(Fault).collect())
        }
    }
}
