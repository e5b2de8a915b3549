//! `--help`, short enough for a screen, and `kindling settings` for what does not fit there.

use std::{io::Write, process::ExitCode};

use clap::Command;

use crate::config;

/// Below the help of each command that takes settings.
const OF_SETTINGS: &str = "All settings can be given as flags, as environment variables (KINDLING_LISTEN for --listen) or in \
the file; `kindling settings` lists them.";

/// The command line with the flags of all settings, and with what stands below the help of each command.
pub(super) fn command(command: Command) -> Command {
    with_note(command.args(config::args()))
}

fn with_note(command: Command) -> Command {
    let own = command.get_after_help().map(ToString::to_string);
    let texts = own.into_iter().chain([OF_SETTINGS.to_owned()]);
    let text = texts.collect::<Vec<_>>().join("\n\n");
    command.after_help(text).mut_subcommands(with_note)
}

/// Prints all settings.
pub(super) fn print_settings() -> ExitCode {
    match std::io::stdout().write_all(config::list().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
