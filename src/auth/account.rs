//! Accounts: what makes one, and what must be right about it.

use entity::{account, account::Role, password};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel};

use crate::{
    app::App,
    crypto::{
        Secret,
        password::{LENGTH, has_right_length},
    },
    error::{Error, Problem, ProblemCode, Result, on_constraint},
    event::{self, AccountEvent, Action},
    id,
};

const LONGEST_EMAIL: usize = 254;
const LONGEST_NAME: usize = 200;

/// Somebody who is to be able to sign in.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The address to sign in with.
    pub email: String,
    /// What others are shown.
    pub name: String,
    /// What the account may do.
    pub role: Role,
    /// Of 12 to 1,024 characters.
    pub password: Secret,
}

/// Creates an account, for whoever runs the program.
pub async fn create(app: &App, new: NewAccount) -> Result<account::Model> {
    let (account, password) = checked(app, new).await?;
    let tx = app.database.begin().await?;
    event::hold(&tx).await?;
    insert(&tx, &account, Some(password)).await?;
    tx.commit().await?;
    Ok(account)
}

/// Whether nobody has an account.
pub async fn is_none(app: &App) -> Result<bool> {
    let any = app
        .database
        .row::<_, account::Model>(account::Entity::find());
    Ok(any.await?.is_none())
}

/// The address as it is kept and looked up; nothing if it is none.
pub(super) fn address(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let (name, host) = email.split_once('@')?;
    let is_plain = |part: &str| {
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c);
        !part.is_empty() && !part.contains(foreign)
    };
    let is_host = matches!(url::Host::parse(host), Ok(url::Host::Domain(_)));
    (email.len() <= LONGEST_EMAIL && is_plain(name) && is_plain(host) && is_host).then_some(email)
}

/// The account and the hash of its password; refuses what is wrong, all at once and before any hashing.
pub(super) async fn checked(app: &App, new: NewAccount) -> Result<(account::Model, Secret)> {
    let mut problems = Vec::new();
    let mut refuse = |path: &str, message: &str| {
        problems.push(Problem::new(ProblemCode::Invalid, path, message));
    };
    let email = address(&new.email).unwrap_or_else(|| {
        refuse("email", "must be an e-mail address");
        String::new()
    });
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        refuse("name", "must have 1 to 200 characters on one line");
    }
    if !has_right_length(&new.password) {
        let (shortest, longest) = (LENGTH.start(), LENGTH.end());
        let message = format!("must have {shortest} to {longest} characters");
        refuse("password", &message);
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let password = app.crypto.passwords.hash(new.password).await?;
    let now = app.clock.now();
    let account = account::Model {
        id: id::new(),
        email,
        name,
        role: new.role,
        created_at: now,
        joined_at: Some(now),
        suspended_at: None,
    };
    Ok((account, password))
}

/// Writes the account, the hash of its password if it has one, and its event, as the last statements of the transaction.
/// The event counter must be held, so that two accounts with one address never wait for each other.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    account: &account::Model,
    password: Option<Secret>,
) -> Result<()> {
    let row = account.clone().into_active_model();
    let insert = account::Entity::insert(row)
        .exec_without_returning(tx)
        .await;
    on_constraint(insert, "account_email_key", || {
        Problem::new(ProblemCode::Taken, "email", "belongs to another account")
    })?;
    let (id, now) = (account.id, account.created_at);
    if let Some(hash) = password {
        let row = password::ActiveModel {
            account_id: Set(id),
            hash: Set(hash),
            changed_at: Set(now),
        };
        password::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
    }
    let event = AccountEvent::new(Action::AccountCreated, Some(id));
    event::record_of_accounts(tx, vec![event], None, now).await
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(
            address(" Ann@Example.ORG ").as_deref(),
            Some("ann@example.org")
        );
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@@example.org",
            "a nn@example.org",
            "ann@exam ple.org",
            "ann@127.0.0.1",
            "ann\0@example.org",
            "Ann <ann@example.org>",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
        assert_eq!(address(&format!("{}@example.org", "a".repeat(250))), None);
    }
}
