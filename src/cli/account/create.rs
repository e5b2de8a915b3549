//! `kindling account create`: makes an account that can be signed in with at once.

use std::io::{Read, stdin};

use clap::Args;

use super::{Command, Person};
use crate::{
    app::App,
    auth::account::{self, NewAccount},
    cli::tell,
    crypto::{Secret, token},
    error::{Error, Result},
};

/// The longest password has 1,024 characters of four bytes, and a line may end after it.
const LONGEST_INPUT: u64 = 4 * 1_024 + 2;

/// What a new account needs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    person: Person,
    /// Take the password from standard input instead
    #[arg(long)]
    password_stdin: bool,
}

/// The password that the command is to give to the account: from standard input, or a new one. Other commands have none.
pub(super) fn password(command: &Command) -> Result<Secret> {
    match command {
        Command::Create(arguments) if arguments.password_stdin => given_password(),
        _ => token::password(),
    }
}

pub(super) async fn run(app: &App, arguments: Arguments, password: Secret) -> Result<()> {
    let new = NewAccount {
        email: arguments.person.email,
        name: arguments.person.name,
        role: arguments.person.role,
        password: password.clone(),
    };
    let email = account::create(app, new).await?.email;
    if arguments.password_stdin {
        tell(&format!("{email} can sign in"))
    } else {
        let password = password.expose();
        tell(&format!("{email} can sign in with the password {password}"))
    }
}

/// What stands on standard input, without the end of its line.
fn given_password() -> Result<Secret> {
    let mut text = String::new();
    stdin()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .map_err(Error::internal)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(text.strip_suffix('\r').unwrap_or(text)))
}
