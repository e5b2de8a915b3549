//! An account for each role, to try the demo with.

use entity::account::Role;
use sea_orm::{ActiveEnum, Iterable};

use crate::{
    app::App,
    auth::account::{self, NewAccount},
    crypto::{Secret, token},
    error::Result,
};

/// Makes the accounts, unless there is one already; returns their addresses and their passwords, which nothing keeps.
pub async fn create(app: &App) -> Result<Vec<(String, Secret)>> {
    let mut created = Vec::new();
    if !account::is_none(app).await? {
        return Ok(created);
    }
    for role in Role::iter() {
        let name = role.to_value();
        let password = token::password()?;
        let new = NewAccount {
            email: format!("{name}@demo.example"),
            name: format!("Demo {name}"),
            role,
            password: password.clone(),
        };
        let account = account::create(app, new).await?;
        created.push((account.email, password));
    }
    Ok(created)
}
