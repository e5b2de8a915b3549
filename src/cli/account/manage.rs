//! What admins do with accounts, by whoever runs the program. It sends no mail: links are printed.

use entity::{account, account::Role};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Person;
use crate::{
    app::App,
    auth::{
        Client, Principal,
        directory::Status,
        invitation::{self, Delivery, Invitation},
        password_reset, people,
    },
    cli::tell,
    crypto::Secret,
    error::{Error, ProblemCode, Result},
};

const WHO: Principal = Principal::System;

pub(super) async fn invite(app: &App, person: &Person) -> Result<()> {
    let invitation = Invitation {
        email: &person.email,
        name: &person.name,
        role: person.role,
    };
    let client = Client::default();
    let invited = invitation::invite(app, &client, &WHO, &invitation, Delivery::Hand).await?;
    tell_link(&invited.account, invited.link)
}

pub(super) async fn link(app: &App, email: &str) -> Result<()> {
    let (account, client) = (named(app, email).await?, Client::default());
    if account.joined_at.is_none() {
        let invited = invitation::resend(app, &client, &WHO, account.id, Delivery::Hand).await?;
        return tell_link(&invited.account, invited.link);
    }
    let (account, link) = password_reset::create_link(app, &client, &WHO, account.id).await?;
    tell_link(&account, Some(link))
}

pub(super) async fn list(app: &App) -> Result<()> {
    let all = account::Entity::find().order_by_asc(account::Column::Email);
    for account in app.database.rows(all).await? {
        let (email, role) = (&account.email, account.role.to_value());
        let status = match Status::of(&account) {
            Status::Invited => "invited",
            Status::Active => "active",
            Status::Suspended => "suspended",
        };
        tell(&format!("{email}  {role}  {status}  {}", account.name))?;
    }
    Ok(())
}

pub(super) async fn suspend(app: &App, email: &str) -> Result<()> {
    let id = named(app, email).await?.id;
    let account = people::suspend(app, &Client::default(), &WHO, id).await?;
    tell(&format!("{} is suspended", account.email))
}

pub(super) async fn reactivate(app: &App, email: &str) -> Result<()> {
    let id = named(app, email).await?.id;
    let account = people::reactivate(app, &Client::default(), &WHO, id).await?;
    tell(&format!("{} is no longer suspended", account.email))
}

pub(super) async fn change_role(app: &App, email: &str, role: Role) -> Result<()> {
    let id = named(app, email).await?.id;
    let account = people::change_role(app, &Client::default(), &WHO, id, role).await?;
    let role = account.role.to_value();
    tell(&format!("{} has the role {role}", account.email))
}

pub(super) async fn erase(app: &App, email: &str) -> Result<()> {
    let account = named(app, email).await?;
    people::erase(app, &Client::default(), &WHO, account.id).await?;
    tell(&format!("{} is gone", account.email))
}

/// The account with this address.
async fn named(app: &App, email: &str) -> Result<account::Model> {
    let email = email.trim().to_lowercase();
    let select = account::Entity::find().filter(account::Column::Email.eq(email));
    let account = app.database.row::<_, account::Model>(select).await?;
    let message = "belongs to no account";
    account.ok_or_else(|| Error::invalid(ProblemCode::NotFound, "email", message))
}

fn tell_link(account: &account::Model, link: Option<Secret>) -> Result<()> {
    let email = &account.email;
    tell(&format!(
        "Give this link to {email}; it works once, within 72 hours:"
    ))?;
    match link {
        Some(link) => tell(&format!("  {}", link.expose())),
        None => Ok(()),
    }
}
