//! `kindling account create`: makes an account, for whoever runs the program.

use std::io::{Read, stdin};

use clap::{Args, Subcommand};
use entity::account::Role;
use sea_orm::ActiveEnum;

use super::tell;
use crate::{
    app::App,
    auth::account::{self, NewAccount},
    clock::Clock,
    config::Config,
    crypto::{Secret, token},
    error::{Error, Result},
};

/// The longest password has 1,024 characters of four bytes, and a line may end after it.
const LONGEST_INPUT: u64 = 4 * 1_024 + 2;

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account, with a random password that is printed once
    Create(Arguments),
}

/// What a new account needs.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Address to sign in with
    #[arg(long)]
    email: String,
    /// What others are shown
    #[arg(long)]
    name: String,
    /// What the account may do: contributor, author, editor or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// Take the password from standard input instead
    #[arg(long)]
    password_stdin: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::try_from_value(&text.to_owned())
        .map_err(|_| "must be contributor, author, editor or admin".to_owned())
}

pub(super) async fn run(config: Config, Command::Create(arguments): Command) -> Result<()> {
    let password = if arguments.password_stdin {
        given_password()?
    } else {
        token::password()?
    };
    let app = App::start(config, Clock::system()).await?;
    let new = NewAccount {
        email: arguments.email,
        name: arguments.name,
        role: arguments.role,
        password: password.clone(),
    };
    let created = account::create(&app, new).await;
    app.database.close().await;
    let email = created?.email;
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
