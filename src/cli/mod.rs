//! The command line: one file per command.

mod account;
mod check;
mod documents;
mod help;
mod keys;
mod media;
mod migrate;
mod output;
mod schema;
mod serve;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::output::{complain, tell};
use crate::{
    config::{self, Config, Mistakes},
    error::explained,
    telemetry::log::Log,
};

/// The futures of GraphQL's fields lie one in the other. Only what is used of a stack takes memory.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A headless CMS: typed content, drafts, history and publishing over GraphQL, in one binary.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve content over GraphQL, after bringing the database up to date
    Serve(serve::Arguments),
    /// Bring the database up to date, and stop
    Migrate,
    /// Create, invite, list and change accounts
    #[command(subcommand, after_help = account::EXAMPLES)]
    Account(account::Command),
    /// Replace the keys that sign access tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Publish, list, check and remove trusted GraphQL documents
    #[command(subcommand)]
    Documents(documents::Command),
    /// Bind the media store to the database, or sweep it
    #[command(subcommand)]
    Media(media::Command),
    /// Print the GraphQL schema
    Schema,
    /// Try the settings, the database and the media store, and say what is wrong; changes nothing
    Check,
    /// List all settings: flags, environment variables, values and defaults
    Settings,
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let matches = help::command(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.command {
        Command::Schema => return schema::run(),
        Command::Settings => return help::print_settings(),
        _ => {}
    }
    let (flags, env) = (settings_of(&matches), config::environment());
    match Config::load(flags, &env) {
        Ok(config) => start(cli.command, config, Config::given(flags, &env)),
        Err(mistakes) => {
            complain(&Mistakes(&mistakes).to_string());
            ExitCode::from(2)
        }
    }
}

/// The matches of the innermost subcommand hold the flags after it as well as those before it.
fn settings_of(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, matches)) => settings_of(matches),
        None => matches,
    }
}

fn start(command: Command, config: Config, given: Vec<String>) -> ExitCode {
    let log = match Log::start(&config) {
        Ok(log) => log,
        Err(message) => {
            complain(&message);
            return ExitCode::from(2);
        }
    };
    let code = execute(command, config, given, &log);
    log.flush();
    code
}

fn execute(command: Command, config: Config, given: Vec<String>, log: &Log) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            log.print(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ran = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => Box::pin(serve::run(config, arguments, log)).await,
            Command::Account(command) => account::run(config, command).await,
            Command::Keys(command) => keys::run(config, command).await,
            Command::Documents(command) => documents::run(config, command).await,
            Command::Media(command) => Box::pin(media::run(config, command)).await,
            Command::Migrate => migrate::run(config).await,
            Command::Check => check::run(config, given).await,
            Command::Schema | Command::Settings => Ok(()),
        }
    });
    // What still runs on a thread of its own, such as hashing a password, holds nothing up.
    runtime.shutdown_background();
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.print(&explained(&error));
            ExitCode::FAILURE
        }
    }
}
