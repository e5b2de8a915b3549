//! Kindling as it is shipped, with the demo content.

use std::path::PathBuf;
use std::process::Command;

use super::Failure;
use super::pinning::Pinning;
use super::scratch::Scratch;
use super::server::{self, Server};

/// Starts the shipped binary with these settings beside the others; the first start on the same data imports the demo content.
pub(crate) async fn start(
    scratch: &Scratch,
    pinning: Pinning,
    database_url: Option<&str>,
    settings: &[&str],
) -> Result<Server, Failure> {
    let address = server::free_address()?;
    let mut command = pinning.server_command(env!("CARGO_BIN_EXE_kindling"));
    command.args(["serve", "--demo", "--listen", &address.to_string()]);
    command.args(["--management-listen", "off"]);
    // Editors here save more often than people do.
    command.args(["--rate-limit-signed-in-per-minute", "0"]);
    command.args(settings);
    on_data(&mut command, scratch, database_url);
    let log = data(scratch, database_url).with_extension("log");
    Server::start(command, address, log).await
}

/// Tells a command where its data is.
pub(crate) fn on_data(command: &mut Command, scratch: &Scratch, database_url: Option<&str>) {
    command.current_dir(scratch);
    command.arg("--data-dir").arg(data(scratch, database_url));
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
}

/// The folder with its data.
pub(crate) fn data(scratch: &Scratch, database_url: Option<&str>) -> PathBuf {
    scratch.path(match database_url {
        Some(_) => "kindling-postgres",
        None => "kindling-sqlite",
    })
}
