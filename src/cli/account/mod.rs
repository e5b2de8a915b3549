//! `kindling account`: what whoever runs the program can do with accounts, without signing in.

mod create;
mod manage;

use clap::{Args, Subcommand};
use entity::account::Role;
use sea_orm::ActiveEnum;

use crate::{app::App, clock::Clock, config::Config, error::Result};

/// Shown below the help.
pub(super) const EXAMPLES: &str = "Examples:
  kindling account create --email ann@example.org --name Ann --role admin
  kindling account invite --email bob@example.org --name Bob --role editor
  kindling account reset-link --email bob@example.org
  kindling account change-role --email bob@example.org --role author
  kindling account list";

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account, with a random password that is printed once
    Create(create::Arguments),
    /// Make an account for somebody, and print the link with which they come to it
    Invite(Person),
    /// Print a new link for somebody: to set a new password, or to accept the invitation
    ResetLink(Named),
    /// Print all accounts: address, role, status and name
    List,
    /// Let nobody sign in with an account
    Suspend(Named),
    /// Let an account that was suspended be signed in with again
    Reactivate(Named),
    /// Give an account another role
    ChangeRole(NewRole),
    /// Erase an account for ever
    Erase(Named),
}

/// Somebody who is to have an account.
#[derive(Debug, Args)]
pub(super) struct Person {
    /// Address to sign in with
    #[arg(long)]
    email: String,
    /// What others are shown
    #[arg(long)]
    name: String,
    /// What the account may do: contributor, author, editor or admin
    #[arg(long, value_parser = role)]
    role: Role,
}

/// An account that is there.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its address
    #[arg(long)]
    email: String,
}

/// An account and what it may do from now on.
#[derive(Debug, Args)]
pub(super) struct NewRole {
    /// Its address
    #[arg(long)]
    email: String,
    /// What it may do: contributor, author, editor or admin
    #[arg(long, value_parser = role)]
    role: Role,
}

fn role(text: &str) -> Result<Role, String> {
    Role::try_from_value(&text.to_owned())
        .map_err(|_| "must be contributor, author, editor or admin".to_owned())
}

pub(super) async fn run(config: Config, command: Command) -> Result<()> {
    // Before anything is opened: whoever types a password may take their time.
    let password = create::password(&command)?;
    let clock = Clock::system();
    let app = match &command {
        // The first account may come before the first start of the server.
        Command::Create(_) => App::start(config, clock).await?,
        _ => App::open(config, clock).await?,
    };
    let done = match command {
        Command::Create(arguments) => create::run(&app, arguments, password).await,
        Command::Invite(person) => manage::invite(&app, &person).await,
        Command::ResetLink(named) => manage::link(&app, &named.email).await,
        Command::List => manage::list(&app).await,
        Command::Suspend(named) => manage::suspend(&app, &named.email).await,
        Command::Reactivate(named) => manage::reactivate(&app, &named.email).await,
        Command::ChangeRole(new) => manage::change_role(&app, &new.email, new.role).await,
        Command::Erase(named) => manage::erase(&app, &named.email).await,
    };
    app.database.close().await;
    done
}
