//! `kindling schema`: prints the schema, as it stands in `schema.graphql`.

use std::{io::Write, process::ExitCode};

use crate::graphql;

pub(super) fn run() -> ExitCode {
    match std::io::stdout().write_all(graphql::sdl().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
