//! Accounts: what makes one, and what must be right about it.

use entity::{Instant, account, account::Role, password};
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel, prelude::Uuid,
    sea_query::OnConflict,
};

use super::policy;
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::Secret,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
    fold::fold,
    id,
    identifier::{self, has_invisible},
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
    /// Of 12 to 1,024 characters, and not easy to guess.
    pub password: Secret,
}

/// Creates an account, for whoever runs the program.
pub async fn create(app: &App, new: NewAccount) -> Result<account::Model> {
    let (account, password) = checked(app, new).await?;
    let tx = app.database.begin().await?;
    audit::hold(&tx).await?;
    insert(&tx, &account, Some(password)).await?;
    tell_of_creation(&tx, &account).await?;
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
    let email = identifier::normalize(&identifier::trim(email).to_lowercase()).into_owned();
    let (name, host) = email.split_once('@')?;
    let is_plain = |part: &str| {
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c);
        !part.is_empty() && !part.contains(foreign)
    };
    let is_host = matches!(url::Host::parse(host), Ok(url::Host::Domain(_)));
    let is_address = is_plain(name) && is_plain(host) && is_host && !has_invisible(&email);
    (email.len() <= LONGEST_EMAIL && is_address).then_some(email)
}

/// The address as it is kept; adds a problem at `path` if it is none.
pub(super) fn checked_address(problems: &mut Vec<Problem>, path: &str, email: &str) -> String {
    address(email).unwrap_or_else(|| {
        let message = "must be an e-mail address";
        problems.push(Problem::new(ProblemCode::Invalid, path, message));
        String::new()
    })
}

/// The name as it is kept; adds a problem if it is none.
pub(super) fn checked_name(problems: &mut Vec<Problem>, name: &str) -> String {
    let name = identifier::normalize(identifier::trim_line(name)).into_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        let message = "must have 1 to 200 characters on one line";
        problems.push(Problem::new(ProblemCode::Invalid, "name", message));
    }
    name
}

/// An account that nobody has joined yet; adds what is wrong with it to the problems.
pub(super) fn checked_account(
    app: &App,
    problems: &mut Vec<Problem>,
    (email, name, role): (&str, &str, Role),
) -> account::Model {
    let email = checked_address(problems, "email", email);
    let name = checked_name(problems, name);
    account::Model {
        id: id::new(),
        email,
        name_folded: fold(&name),
        name,
        role,
        created_at: app.clock.now(),
        joined_at: None,
        suspended_at: None,
    }
}

/// The account and the hash of its password; refuses what is wrong, all at once and before any hashing.
pub(super) async fn checked(app: &App, new: NewAccount) -> Result<(account::Model, Secret)> {
    let mut problems = Vec::new();
    let person = (new.email.as_str(), new.name.as_str(), new.role);
    let mut account = checked_account(app, &mut problems, person);
    account.joined_at = Some(account.created_at);
    problems.extend(policy::problem(app, &new.password, &account).await?);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let password = app.crypto.passwords.hash(new.password).await?;
    Ok((account, password))
}

/// Writes the account, and the hash of its password if it has one. The counter of the audit log must be held, so that two accounts
/// with one address never wait for each other.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    account: &account::Model,
    password: Option<Secret>,
) -> Result<()> {
    let row = account.clone().into_active_model();
    let insert = account::Entity::insert(row)
        .exec_without_returning(tx)
        .await;
    on_constraint(insert, "account_email_key", is_taken)?;
    if let Some(hash) = password {
        set_password(tx, account.id, hash, account.created_at).await?;
    }
    Ok(())
}

/// What is wrong where another account has the address.
pub(super) fn is_taken() -> Problem {
    Problem::new(ProblemCode::Taken, "email", "belongs to another account")
}

/// Gives the account this password, in place of any that it has.
pub(super) async fn set_password(
    tx: &DatabaseTransaction,
    account: Uuid,
    hash: Secret,
    now: Instant,
) -> Result<()> {
    let row = password::ActiveModel {
        account_id: Set(account),
        hash: Set(hash),
        changed_at: Set(now),
    };
    let replace = OnConflict::column(password::Column::AccountId)
        .update_columns([password::Column::Hash, password::Column::ChangedAt])
        .to_owned();
    password::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Tells that somebody got an account, as the last statement of the transaction.
pub(super) async fn tell_of_creation(
    tx: &DatabaseTransaction,
    account: &account::Model,
) -> Result<()> {
    let event = AuditEvent::new(AuditAction::AccountCreated, Some(account.id));
    audit::append(tx, vec![event], None, account.created_at).await
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
