//! Signing in: by password, and over steps that follow, to a session.

use chrono::TimeDelta;
use entity::{Instant, account, password, session};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};
use serde_json::Value;

use super::{
    Client, FRESH, Principal,
    account::address,
    attempt::{self, Bucket, Budget},
    authority::{self, begin_on_accounts},
    challenge::{self, Purpose},
    factor::{self, Factor, FactorKind, Needed},
    session::{Tokens, begin},
    step,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::{Secret, password::has_right_length, token},
    database::{Transaction, only},
    error::{Error, ProblemCode, Result},
    telemetry::metrics::SignInStep,
};

/// Attempts at the password of one account.
const AT_ACCOUNT: Budget = Budget {
    name: "password:account",
    free: 10,
    first_wait: TimeDelta::seconds(30),
    longest_wait: TimeDelta::minutes(15),
};
/// Attempts at passwords from one network.
const FROM_NETWORK: Budget = Budget {
    name: "password:network",
    free: 100,
    first_wait: TimeDelta::seconds(1),
    longest_wait: TimeDelta::minutes(5),
};

/// What came of a step of signing in.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// A session has begun.
    Session(Box<Tokens>),
    /// Another step must follow.
    Challenge {
        /// The token that the next step takes.
        token: Secret,
        /// When it ends.
        expires_at: Instant,
        /// The kinds of factors that the next step can show.
        factors: Vec<FactorKind>,
        /// Whether there is none, and one must be made.
        must_enrol: bool,
        /// What the browser is to be asked for, if there are passkeys.
        passkey_options: Option<Value>,
    },
}

/// Signs in by password. Whether the address or the password is wrong, or the account cannot be signed in with, neither the
/// answer nor its time tells.
pub async fn sign_in(app: &App, client: &Client, email: &str, given: Secret) -> Result<SignIn> {
    if !has_right_length(&given) {
        log_failure(client, None);
        return Err(wrong_password());
    }
    let email = address(email).unwrap_or_default();
    let buckets = buckets(app, client, &email).await?;
    attempt::count(app, &buckets).await?;
    let (account, hash) = by_email(app, &email).await?;
    let is_right = app
        .crypto
        .passwords
        .verify(given.clone(), hash.clone())
        .await?;
    let id = account.as_ref().map(|account| account.id);
    let usable = account.filter(|account| {
        is_right && account.joined_at.is_some() && account.suspended_at.is_none()
    });
    let Some(account) = usable else {
        tell_of_failure(app, client, id).await?;
        return Err(wrong_password());
    };
    let outdated = hash
        .as_ref()
        .is_some_and(|hash| app.crypto.passwords.is_outdated(hash));
    let renewed = if outdated {
        Some(app.crypto.passwords.hash(given).await?)
    } else {
        None
    };
    let tx = app.database.begin().await?;
    if !still_stands(&tx, account.id, hash).await? {
        log_failure(client, Some(account.id));
        return Err(wrong_password());
    }
    if let Some(hash) = renewed {
        renew(&tx, account.id, hash).await?;
    }
    succeeded(&tx, &buckets, app.clock.now()).await?;
    proceed(app, tx, account, client).await
}

/// Whether the account can still be signed in with, by this password: it may have been taken back while it was verified. From
/// here on nobody else takes it back before the transaction ends.
async fn still_stands(tx: &DatabaseTransaction, id: Uuid, hash: Option<Secret>) -> Result<bool> {
    let account = account::Entity::find_by_id(id)
        .filter(account::Column::JoinedAt.is_not_null())
        .filter(account::Column::SuspendedAt.is_null())
        .lock_exclusive();
    let account: Option<account::Model> = only(tx, account).await?;
    let password: Option<password::Model> = only(tx, password::Entity::find_by_id(id)).await?;
    Ok(account.is_some() && password.map(|password| password.hash) == hash)
}

/// What follows the first step of signing in, whichever it was: a session, or another step. Commits. The only other way to
/// here is a challenge of [`Purpose::SignIn`] with null for its state, which [`complete`] takes.
pub(super) async fn proceed(
    app: &App,
    tx: Transaction,
    account: account::Model,
    client: &Client,
) -> Result<SignIn> {
    let account = step::standing(&tx, account.id).await?;
    let account = account.ok_or_else(wrong_password)?;
    let factors = match factor::needed(&tx, &account).await? {
        Needed::Nothing => {
            let tokens = begin(app, tx, account, client, Vec::new()).await?;
            return Ok(SignIn::Session(Box::new(tokens)));
        }
        Needed::Factor(factors) => Some(factors),
        Needed::Enrolment => None,
    };
    step::ask(app, tx, account.id, factors.as_ref()).await
}

/// Comes to the end of signing in, with the token that a step before gave. What is needed for that is read now, whatever was
/// asked then: neither who asks nor the step before decides it.
pub async fn complete(
    app: &App,
    client: &Client,
    token: &Secret,
    given: Option<&Factor>,
) -> Result<SignIn> {
    let challenge = step::look(app, token).await?;
    let id = challenge.account.ok_or(Error::Unauthenticated)?;
    if let Some(given) = given {
        factor::count(app, id, given).await?;
    }
    let tx = app.database.begin().await?;
    let account = step::standing(&tx, id).await?;
    let account = account.ok_or_else(wrong_password)?;
    step::check_age(&tx, id, &challenge).await?;
    challenge::spend(&tx, Purpose::SignIn, &challenge, app.clock.now()).await?;
    let needed = factor::needed(&tx, &account).await?;
    match (needed, &challenge.state, given) {
        (_, None, None) | (Needed::Nothing, ..) => proceed(app, tx, account, client).await,
        (Needed::Enrolment, ..) => Err(step::enrol_first()),
        (Needed::Factor(_), _, None) => Err(step::factor_needed()),
        (Needed::Factor(_), asked, Some(given)) => {
            let ceremony = asked.as_ref().and_then(|asked| asked.ceremony.as_ref());
            let Some(events) = factor::accept(app, &tx, id, ceremony, given).await? else {
                drop(tx);
                tell_of_failure(app, client, Some(id)).await?;
                return Err(step::wrong_factor());
            };
            let tokens = begin(app, tx, account, client, events).await?;
            Ok(SignIn::Session(Box::new(tokens)))
        }
    }
}

/// Takes the password once more, for what needs it fresh; returns until when it counts as such.
pub async fn confirm_password(
    app: &App,
    client: &Client,
    principal: &Principal,
    given: Secret,
) -> Result<Instant> {
    let (account, session) = principal.signed_in()?;
    // Whoever has a session that was revoked must not try passwords with it.
    authority::check(app, principal).await?;
    let select = account::Entity::find_by_id(account);
    let account = app.database.row::<_, account::Model>(select).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    let wrong = || {
        Error::invalid(
            ProblemCode::Credentials,
            "password",
            "the password is wrong",
        )
    };
    if !has_right_length(&given) {
        return Err(wrong());
    }
    let buckets = buckets(app, client, &account.email).await?;
    attempt::count(app, &buckets).await?;
    let (_, hash) = by_email(app, &account.email).await?;
    if !app.crypto.passwords.verify(given, hash).await? {
        tell_of_failure(app, client, Some(account.id)).await?;
        return Err(wrong());
    }
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[]).await?;
    freshen(&tx, session.id, now).await?;
    succeeded(&tx, &buckets, now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(now + FRESH)
}

/// Notes that whoever has this session has shown who they are. Whoever calls this empties `app.recent` after the commit.
pub(super) async fn freshen(tx: &DatabaseTransaction, session: Uuid, now: Instant) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::PasswordAt, Expr::value(now))
        .filter(session::Column::Id.eq(session))
        .exec(tx)
        .await?;
    Ok(())
}

/// Refuses those who have not shown who they are in the last five minutes.
pub async fn require_fresh(app: &App, principal: &Principal) -> Result<()> {
    let Principal::Account { session, .. } = principal else {
        return Ok(());
    };
    let is_fresh = |shown_at: Instant| app.clock.is_recent(shown_at, FRESH);
    if is_fresh(session.password_at) {
        return Ok(());
    }
    // It may have been shown to another instance, a moment ago.
    let select = session::Entity::find_by_id(session.id);
    let row: Option<session::Model> = app.database.row(select).await?;
    if row.is_some_and(|row| is_fresh(row.password_at)) {
        Ok(())
    } else {
        Err(Error::PasswordRequired)
    }
}

/// What an attempt is counted in. Where the account was signed in with before, it is counted apart: nobody elsewhere can use
/// up the attempts of its owner.
async fn buckets(app: &App, client: &Client, email: &str) -> Result<Vec<Bucket>> {
    let network = client.network();
    let mut select = session::Entity::find()
        .filter(session::Column::Network.eq(&network))
        .filter(account::Column::Email.eq(email));
    let of_account = Expr::col((session::Entity, session::Column::AccountId))
        .equals((account::Entity, account::Column::Id));
    QuerySelect::query(&mut select)
        .inner_join(account::Entity, of_account)
        .limit(1);
    let known: Option<session::Model> = app.database.row(select).await?;
    let mut name = token::digest(&Secret::new(email));
    // Strangers share the network of those whose address cannot be read.
    if known.is_some() && client.address().is_some() {
        name = format!("{name}@{network}");
    }
    let mut buckets = vec![AT_ACCOUNT.of(&name)];
    if !network.is_empty() {
        buckets.push(FROM_NETWORK.of(&network));
    }
    Ok(buckets)
}

/// Forgets the attempts at an account, and from which networks they came.
pub(super) async fn forget_attempts(tx: &DatabaseTransaction, email: &str) -> Result<()> {
    let name = token::digest(&Secret::new(email));
    attempt::forget_all(tx, &AT_ACCOUNT.of(&name)).await
}

async fn succeeded(tx: &DatabaseTransaction, buckets: &[Bucket], now: Instant) -> Result<()> {
    for (at, bucket) in buckets.iter().enumerate() {
        if at == 0 {
            attempt::forget(tx, bucket).await?;
        } else {
            attempt::forgive(tx, bucket, now).await?;
        }
    }
    Ok(())
}

/// Logs that somebody did not show who they are, and writes it to the event log. Attempts are limited, and so are the lines.
pub(super) async fn tell_of_failure(
    app: &App,
    client: &Client,
    account: Option<Uuid>,
) -> Result<()> {
    log_failure(client, account);
    let tx = app.database.begin().await?;
    let event = AuditEvent::new(AuditAction::SignInFailed, account).from(client.network());
    audit::append(&tx, vec![event], None, app.clock.now()).await?;
    app.telemetry.metrics.sign_ins.count(SignInStep::Failed);
    tx.commit().await
}

/// Logs a failure, with the account if it is known: neither what was sent for its address nor the secret.
fn log_failure(client: &Client, account: Option<Uuid>) {
    let network = client.network();
    let account = account.map(|account| format!("account_{}", account.simple()));
    tracing::info!(network, account, "a sign-in failed");
}

/// The account with this address, and the hash of its password, as far as they are there.
async fn by_email(app: &App, email: &str) -> Result<(Option<account::Model>, Option<Secret>)> {
    let select = account::Entity::find().filter(account::Column::Email.eq(email));
    let account: Option<account::Model> = app.database.row(select).await?;
    // Asked for in any case: it takes its time.
    let id = account.as_ref().map_or(Uuid::nil(), |account| account.id);
    let select = password::Entity::find_by_id(id);
    let password: Option<password::Model> = app.database.row(select).await?;
    Ok((account, password.map(|password| password.hash)))
}

/// The same password, hashed with the settings of now.
async fn renew(tx: &DatabaseTransaction, account: Uuid, hash: Secret) -> Result<()> {
    let row = password::ActiveModel {
        account_id: Set(account),
        hash: Set(hash),
        ..Default::default()
    };
    password::Entity::update(row).validate()?.exec(tx).await?;
    Ok(())
}

fn wrong_password() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::invalid(ProblemCode::Credentials, "", message)
}
