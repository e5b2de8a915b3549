//! Second factors: what the owner of an account has beside the password, and what they must have.

mod ceremony;
pub mod change;
pub mod passkey;
pub mod passkey_sign_in;
pub mod policy;
mod qr;
pub mod recovery;
pub mod reset;
pub mod totp;

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::{Instant, account, passkey as passkeys, recovery_code, totp as totps};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, Select, prelude::Uuid,
};
use serde_json::Value;

pub(super) use ceremony::{Ceremony, ask as ask_passkeys};

use super::{
    attempt::{self, Bucket, Budget},
    session::Tokens,
};
use crate::{
    app::App,
    auth::audit::{AuditAction, AuditEvent},
    crypto::Secret,
    database::Snapshot,
    error::Result,
};

/// Attempts at the codes of one account's authenticator: of a million codes, three hold at a time.
const AT_TOTP: Budget = Budget {
    name: "totp",
    free: 10,
    first_wait: TimeDelta::seconds(30),
    longest_wait: TimeDelta::minutes(15),
};
/// Attempts at the recovery codes of one account: apart, so that nobody who tries the others keeps their owner from these.
const AT_RECOVERY: Budget = Budget {
    name: "recovery",
    ..AT_TOTP
};

/// Attempts at the passkeys of one account. Nobody guesses them; this keeps the log from being filled.
const AT_PASSKEY: Budget = Budget {
    name: "passkey",
    free: 30,
    first_wait: TimeDelta::seconds(1),
    longest_wait: TimeDelta::seconds(30),
};

/// The kinds of factors that can follow a first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// A code of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// A code that takes the place of a lost factor.
    RecoveryCode,
}

/// A factor, as it is shown.
pub enum Factor {
    /// A code of an authenticator app.
    TotpCode(Secret),
    /// A recovery code.
    RecoveryCode(Secret),
    /// What the browser gave for the options of the challenge.
    Passkey(Value),
}

/// The factors of an account.
#[derive(Clone, Debug, Default)]
pub struct Factors {
    /// Since when codes of an authenticator app are one.
    pub totp_since: Option<Instant>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<passkeys::Model>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
}

/// What must follow a first step of signing in.
#[derive(Clone, Debug)]
pub(super) enum Needed {
    /// The session.
    Nothing,
    /// One of these factors.
    Factor(Factors),
    /// The role needs a factor, and there is none: it must be made first.
    Enrolment,
}

/// What a new factor brings along.
#[derive(Clone, Debug)]
pub struct Added {
    /// Whose factor it is.
    pub account: Uuid,
    /// The recovery codes, to be shown once; none unless it is the first factor.
    pub recovery_codes: Vec<Secret>,
    /// The session, where signing in came to its end with it.
    pub tokens: Option<Tokens>,
}

impl Factors {
    /// Whether there is any factor. A recovery code alone is none.
    pub fn any(&self) -> bool {
        self.totp_since.is_some() || !self.passkeys.is_empty()
    }

    /// Of which kinds there are some.
    pub fn kinds(&self) -> Vec<FactorKind> {
        let kinds = [
            (self.totp_since.is_some(), FactorKind::Totp),
            (!self.passkeys.is_empty(), FactorKind::Passkey),
            (self.recovery_codes > 0, FactorKind::RecoveryCode),
        ];
        let there = kinds.into_iter().filter(|(is_there, _)| *is_there);
        there.map(|(_, kind)| kind).collect()
    }
}

/// The factors of an account, in a state of the database.
pub async fn read(snapshot: &Snapshot, account: Uuid) -> Result<Factors> {
    let mut factors = read_all(snapshot, &[account]).await?;
    Ok(factors.remove(&account).unwrap_or_default())
}

/// The factors of several accounts, in three statements; those without any are left out.
pub async fn read_all(snapshot: &Snapshot, accounts: &[Uuid]) -> Result<HashMap<Uuid, Factors>> {
    let ids = || accounts.iter().copied();
    let totps = totps::Entity::find().filter(totps::Column::AccountId.is_in(ids()));
    let passkeys = passkeys::Entity::find()
        .filter(passkeys::Column::AccountId.is_in(ids()))
        .order_by_asc(passkeys::Column::Id);
    let codes = recovery_code::Entity::find().filter(recovery_code::Column::AccountId.is_in(ids()));
    let totps: Vec<totps::Model> = snapshot.all(totps).await?;
    let passkeys: Vec<passkeys::Model> = snapshot.all(passkeys).await?;
    let codes: Vec<recovery_code::Model> = snapshot.all(codes).await?;
    let mut factors: HashMap<Uuid, Factors> = HashMap::new();
    for totp in totps {
        factors.entry(totp.account_id).or_default().totp_since = totp.confirmed_at;
    }
    for passkey in passkeys {
        let of_account = factors.entry(passkey.account_id).or_default();
        of_account.passkeys.push(passkey);
    }
    for code in codes {
        factors.entry(code.account_id).or_default().recovery_codes += 1;
    }
    Ok(factors)
}

/// The factors of an account that is locked.
pub(super) async fn held(tx: &DatabaseTransaction, account: Uuid) -> Result<Factors> {
    let totp = totp_of(account).one(tx).await?;
    Ok(Factors {
        totp_since: totp.and_then(|totp| totp.confirmed_at),
        passkeys: passkeys_of(account).all(tx).await?,
        recovery_codes: codes_of(account).all(tx).await?.len(),
    })
}

/// What must follow a first step for an account that is locked: neither its factors nor the policy of its role change until
/// the end of the transaction.
pub(super) async fn needed(tx: &DatabaseTransaction, account: &account::Model) -> Result<Needed> {
    let is_required = policy::is_required(tx, account.role).await?;
    let factors = held(tx, account.id).await?;
    Ok(match (factors.any(), is_required) {
        (true, _) => Needed::Factor(factors),
        (false, true) => Needed::Enrolment,
        (false, false) => Needed::Nothing,
    })
}

/// Counts an attempt at a factor, before it is looked at.
pub(super) async fn count(app: &App, account: Uuid, given: &Factor) -> Result<()> {
    attempt::count(app, &[bucket(account, given)]).await
}

/// Whether the factor is one of the account, which is locked. It is spent by that; gives what there is to tell.
pub(super) async fn accept(
    app: &App,
    tx: &DatabaseTransaction,
    account: Uuid,
    ceremony: Option<&Ceremony>,
    given: &Factor,
) -> Result<Option<Vec<AuditEvent>>> {
    let (holds, events) = match (given, ceremony) {
        (Factor::TotpCode(code), _) => (totp::accept(app, tx, account, code).await?, vec![]),
        (Factor::RecoveryCode(code), _) => {
            let event = AuditEvent::new(AuditAction::RecoveryCodeUsed, Some(account));
            (recovery::accept(tx, account, code).await?, vec![event])
        }
        (Factor::Passkey(answer), Some(ceremony)) => {
            let passkey = ceremony::accept(app, tx, account, ceremony, answer).await?;
            (passkey, vec![])
        }
        (Factor::Passkey(_), None) => (false, vec![]),
    };
    if holds {
        attempt::forget(tx, &bucket(account, given)).await?;
    }
    Ok(holds.then_some(events))
}

fn bucket(account: Uuid, given: &Factor) -> Bucket {
    let budget = match given {
        Factor::TotpCode(_) => AT_TOTP,
        Factor::RecoveryCode(_) => AT_RECOVERY,
        Factor::Passkey(_) => AT_PASSKEY,
    };
    budget.of(&account.simple().to_string())
}

fn totp_of(account: Uuid) -> Select<totps::Entity> {
    totps::Entity::find_by_id(account)
}

fn passkeys_of(account: Uuid) -> Select<passkeys::Entity> {
    passkeys::Entity::find()
        .filter(passkeys::Column::AccountId.eq(account))
        .order_by_asc(passkeys::Column::Id)
}

fn codes_of(account: Uuid) -> Select<recovery_code::Entity> {
    recovery_code::Entity::find().filter(recovery_code::Column::AccountId.eq(account))
}
