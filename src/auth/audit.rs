//! The audit log: sign-ins, accounts, tokens and settings, written in the transaction of what they record.
//!
//! It is a log of its own: signing in never moves the content log, from which caches, tags and cursors of content derive.

use entity::{Instant, audit_counter, audit_event};
use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};

use crate::{
    error::{Error, Result},
    id,
};

/// Engines bound the number of parameters of a statement.
const EVENTS_PER_STATEMENT: usize = 1_000;

/// What the audit log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// Somebody got an account.
    AccountCreated,
    /// Somebody was invited to have an account.
    AccountInvited,
    /// Somebody came to the account that they were invited to.
    AccountJoined,
    /// An account got another name.
    AccountUpdated,
    /// Nobody can sign in with the account any more.
    AccountSuspended,
    /// The account is no longer suspended.
    AccountReactivated,
    /// The account is gone for ever.
    AccountErased,
    /// Somebody who is signed in gave themselves another password.
    PasswordChanged,
    /// A link was made that sets a new password.
    PasswordResetRequested,
    /// A new password was set with such a link.
    PasswordReset,
    /// A link was made that gives the account another e-mail address.
    EmailChangeRequested,
    /// The account has another e-mail address.
    EmailChanged,
    /// Somebody signed in.
    SignedIn,
    /// Somebody did not show who they are: a password or another factor was wrong.
    SignInFailed,
    /// A session ended before its time.
    SessionEnded,
    /// A refresh token that was spent came again; its session ended.
    RefreshTokenReused,
    /// There is a new key for access tokens.
    SigningKeyRotated,
    /// Documents of a client are trusted from now on.
    DocumentsPublished,
    /// Documents of a client are not trusted any more.
    DocumentsRemoved,
    /// An account got a second factor.
    FactorAdded,
    /// An account lost a second factor.
    FactorRemoved,
    /// An account lost all its second factors, by an admin.
    FactorsReset,
    /// A recovery code took the place of a factor.
    RecoveryCodeUsed,
    /// An account got new recovery codes, in the place of those before.
    RecoveryCodesMade,
    /// A role needs a second factor from now on.
    FactorRequired,
    /// A role needs no second factor any more.
    FactorNotRequired,
    /// Somebody made an API token.
    ApiTokenCreated,
    /// An API token got a new secret.
    ApiTokenRotated,
    /// An API token holds no more.
    ApiTokenRevoked,
    /// Somebody made a preview link.
    PreviewLinkCreated,
    /// A preview link opens nothing more.
    PreviewLinkRevoked,
    /// Somebody whom an OpenID provider knows got to sign in with an account.
    IdentityLinked,
    /// An account got another role.
    RoleChanged,
    /// Somebody had a job run again.
    JobRetried,
}

impl AuditAction {
    /// Returns the action's name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountInvited => "account.invited",
            Self::AccountJoined => "account.joined",
            Self::AccountUpdated => "account.updated",
            Self::AccountSuspended => "account.suspended",
            Self::AccountReactivated => "account.reactivated",
            Self::AccountErased => "account.erased",
            Self::PasswordChanged => "password.changed",
            Self::PasswordResetRequested => "password.reset_requested",
            Self::PasswordReset => "password.reset",
            Self::EmailChangeRequested => "email.change_requested",
            Self::EmailChanged => "email.changed",
            Self::SignedIn => "session.created",
            Self::SignInFailed => "session.refused",
            Self::SessionEnded => "session.ended",
            Self::RefreshTokenReused => "session.token_reused",
            Self::SigningKeyRotated => "signing_key.rotated",
            Self::DocumentsPublished => "documents.published",
            Self::DocumentsRemoved => "documents.removed",
            Self::FactorAdded => "factor.added",
            Self::FactorRemoved => "factor.removed",
            Self::FactorsReset => "factor.reset",
            Self::RecoveryCodeUsed => "factor.recovery_code_used",
            Self::RecoveryCodesMade => "factor.recovery_codes_made",
            Self::FactorRequired => "factor.required",
            Self::FactorNotRequired => "factor.not_required",
            Self::ApiTokenCreated => "api_token.created",
            Self::ApiTokenRotated => "api_token.rotated",
            Self::ApiTokenRevoked => "api_token.revoked",
            Self::PreviewLinkCreated => "preview_link.created",
            Self::PreviewLinkRevoked => "preview_link.revoked",
            Self::IdentityLinked => "account.identity_linked",
            Self::RoleChanged => "account.role_changed",
            Self::JobRetried => "job.retried",
        }
    }
}

/// Locks the counter of the audit log until the end of the transaction: whoever holds it sees what everybody before has
/// committed. It serialises checks across accounts, such as that an admin remains. No account may be locked after this, or two
/// transactions could wait for each other.
pub async fn hold(tx: &DatabaseTransaction) -> Result<()> {
    let counter = audit_counter::Entity::find()
        .lock_exclusive()
        .one(tx)
        .await?;
    counter.map(drop).ok_or_else(no_counter)
}

fn no_counter() -> Error {
    Error::internal("the counter of the audit log has no row")
}

/// An event of the audit log.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    action: AuditAction,
    account: Option<Uuid>,
    target: Option<String>,
    network: Option<String>,
}

impl AuditEvent {
    /// Creates an event that concerns this account; none if that is unknown.
    pub fn new(action: AuditAction, account: Option<Uuid>) -> Self {
        Self {
            action,
            account,
            target: None,
            network: None,
        }
    }

    /// Names what belongs to the account, by its id in the API. It must not be secret.
    #[must_use]
    pub fn at(self, target: String) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// Names the network that it came from; an empty one is unknown.
    #[must_use]
    pub fn from(self, network: String) -> Self {
        Self {
            network: Some(network).filter(|network| !network.is_empty()),
            ..self
        }
    }
}

/// Appends the events, done by `actor`. This must be the last statement before the commit: the counter's row stays locked until
/// then, so that the sequence has no gap and grows in the order of the commits.
pub async fn append(
    tx: &DatabaseTransaction,
    events: Vec<AuditEvent>,
    actor: Option<Uuid>,
    now: Instant,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).map_err(Error::internal)?;
    let counter = audit_counter::Entity::update_many()
        .col_expr(
            audit_counter::Column::LastSequence,
            Expr::col(audit_counter::Column::LastSequence).add(count),
        )
        .filter(Expr::col(audit_counter::Column::Id).eq(1))
        .exec_with_returning(tx)
        .await?;
    let counter = counter.first().ok_or_else(no_counter)?;
    let sequences = counter.last_sequence - count + 1..;
    let rows = sequences
        .zip(events)
        .map(|(sequence, event)| audit_event::ActiveModel {
            sequence: Set(sequence),
            id: Set(id::secret()),
            occurred_at: Set(now),
            actor_id: Set(actor),
            action: Set(event.action.name().to_owned()),
            account_id: Set(event.account),
            target: Set(event.target),
            network: Set(event.network),
        });
    let rows: Vec<_> = rows.collect();
    for part in rows.chunks(EVENTS_PER_STATEMENT) {
        audit_event::Entity::insert_many(part.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
