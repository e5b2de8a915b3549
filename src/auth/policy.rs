//! What a password must be: long enough, and nothing that those who know the account would guess. Nothing else.

use entity::account;

use crate::{
    app::App,
    crypto::{
        Secret,
        password::{LENGTH, has_right_length},
    },
    error::{Error, Problem, ProblemCode, Result},
};

/// What is wrong with a password for this account, if anything is. What is far too long is refused without looking at it.
pub(super) async fn problem(
    app: &App,
    password: &Secret,
    account: &account::Model,
) -> Result<Option<Problem>> {
    let invalid = |message: String| Some(Problem::new(ProblemCode::Invalid, "password", message));
    if !has_right_length(password) {
        let (shortest, longest) = (LENGTH.start(), LENGTH.end());
        return Ok(invalid(format!(
            "must have {shortest} to {longest} characters"
        )));
    }
    let words = words(app, account);
    let weakness = app
        .crypto
        .passwords
        .weakness(password.clone(), words)
        .await?;
    Ok(weakness.and_then(|reason| invalid(format!("is too easy to guess: {reason}"))))
}

/// Refuses a password that is not good enough for this account.
pub(super) async fn check(app: &App, password: &Secret, account: &account::Model) -> Result<()> {
    match problem(app, password, account).await? {
        Some(problem) => Err(Error::Invalid(vec![problem])),
        None => Ok(()),
    }
}

/// What everybody knows of the account and of the site.
fn words(app: &App, account: &account::Model) -> Vec<String> {
    let site = &app.site.name;
    let parts = [&account.email, &account.name, site].map(|text| {
        let parts = text.split(|c: char| !c.is_alphanumeric());
        parts.map(str::to_owned).collect::<Vec<_>>()
    });
    let whole = [&account.email, &account.name, site.as_str(), "kindling"].map(str::to_owned);
    parts.into_iter().flatten().chain(whole).collect()
}
