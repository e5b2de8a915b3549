//! The event log: append-only, written in the transaction of the change, without gaps and in the order of the commits.

mod lineage;
pub mod moment;
pub mod tail;

use entity::{Instant, entry_id::EntryId, event, event_counter};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::Func,
};

use crate::{
    database::LogPosition,
    error::{Error, Result},
    id,
};

/// Engines bound the number of parameters of a statement.
const EVENTS_PER_STATEMENT: usize = 1_000;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An entry began to exist.
    EntryCreated,
    /// A new revision was saved.
    EntryUpdated,
    /// A revision became the public one.
    EntryPublished,
    /// The entry is no longer public.
    EntryUnpublished,
    /// The public revision became the latest one again.
    DraftDiscarded,
    /// What an earlier revision said was saved as a new one.
    RevisionRestored,
    /// The entry was put into the trash.
    EntryArchived,
    /// The entry was taken out of the trash.
    EntryRestored,
    /// The entry is gone for ever.
    EntryErased,
    /// The entry got another place in the list of its type.
    EntryMoved,
    /// A file was cleaned of private metadata; all revisions of the entry that had it have the clean one.
    FileCleaned,
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
}

impl Action {
    /// The action's name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::EntryCreated => "entry.created",
            Self::EntryUpdated => "entry.updated",
            Self::EntryPublished => "entry.published",
            Self::EntryUnpublished => "entry.unpublished",
            Self::DraftDiscarded => "entry.draft_discarded",
            Self::RevisionRestored => "entry.revision_restored",
            Self::EntryArchived => "entry.archived",
            Self::EntryRestored => "entry.restored",
            Self::EntryErased => "entry.erased",
            Self::EntryMoved => "entry.moved",
            Self::FileCleaned => "entry.file_cleaned",
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
        }
    }
}

/// Who does something; nobody for Kindling itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The account.
    pub account: Option<Uuid>,
    /// The API token that does it in the name of the account.
    pub token: Option<Uuid>,
}

/// Something that happens to an entry in a transaction.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happens.
    pub action: Action,
    /// To which entry.
    pub entry: EntryId,
    /// To which revision of it.
    pub revision: i32,
}

/// Takes the counter early, where a change must see all changes before it and none beside it: whoever holds the counter
/// sees what everybody before has committed. No entry may be locked after this, or two changes could wait for each other.
pub async fn hold(tx: &DatabaseTransaction) -> Result<event_counter::Model> {
    let counter = event_counter::Entity::find()
        .lock_exclusive()
        .one(tx)
        .await?;
    counter.ok_or_else(no_counter)
}

fn no_counter() -> Error {
    Error::internal("the event counter has no row")
}

/// Appends the events, which occurred now, or when the last event did if the clock was set back since. This must be the last statement before the commit: the counter's row stays locked until then,
/// so that the sequence has no gap and grows in the order of the commits.
pub async fn record(
    tx: &DatabaseTransaction,
    events: &[Event],
    by: By,
    now: Instant,
) -> Result<Recorded> {
    let rows = events.iter().map(|event| event::ActiveModel {
        token_id: Set(by.token),
        entry_id: Set(Some(event.entry.uuid)),
        entry_type: Set(Some(event.entry.content_type)),
        revision: Set(Some(event.revision)),
        ..line(event.action, by.account)
    });
    append(tx, rows.collect(), now).await
}

/// The positions that events were recorded at.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The last event before them.
    previous: LogPosition,
    ids: Vec<Uuid>,
}

impl Recorded {
    /// Returns the positions of the events, in their order.
    fn positions(&self) -> impl Iterator<Item = LogPosition> {
        let sequences = self.previous.sequence + 1..;
        let ids = self.ids.iter().copied();
        sequences
            .zip(ids)
            .map(|(sequence, id)| LogPosition { sequence, id })
    }

    /// Returns the position of the last event, if there is one.
    fn last(&self) -> Option<LogPosition> {
        self.positions().last()
    }
}

/// Something that happens to an account, or to what belongs to one.
#[derive(Clone, Debug)]
pub struct AccountEvent {
    action: Action,
    account: Option<Uuid>,
    target: Option<String>,
    network: Option<String>,
}

impl AccountEvent {
    /// Something that happens to this account; to none if nobody knows to whom.
    pub fn new(action: Action, account: Option<Uuid>) -> Self {
        Self {
            action,
            account,
            target: None,
            network: None,
        }
    }

    /// The same, to something that belongs to the account, by its id in the API. It must not be secret.
    #[must_use]
    pub fn at(self, target: String) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// The same, from this network; an empty one is unknown.
    #[must_use]
    pub fn from(self, network: String) -> Self {
        Self {
            network: Some(network).filter(|network| !network.is_empty()),
            ..self
        }
    }
}

/// Appends events of accounts, done by `actor`. This, too, must be the last statement before the commit.
pub async fn record_of_accounts(
    tx: &DatabaseTransaction,
    events: Vec<AccountEvent>,
    actor: Option<Uuid>,
    now: Instant,
) -> Result<()> {
    let rows = events.into_iter().map(|event| event::ActiveModel {
        account_id: Set(event.account),
        target: Set(event.target),
        network: Set(event.network),
        ..line(event.action, actor)
    });
    append(tx, rows.collect(), now).await.map(|_| ())
}

/// A line that says what happened, but neither to what nor in which place of the log.
fn line(action: Action, actor: Option<Uuid>) -> event::ActiveModel {
    event::ActiveModel {
        sequence: NotSet,
        id: NotSet,
        occurred_at: NotSet,
        actor_id: Set(actor),
        token_id: Set(None),
        action: Set(action.name().to_owned()),
        entry_id: Set(None),
        entry_type: Set(None),
        revision: Set(None),
        account_id: Set(None),
        target: Set(None),
        network: Set(None),
    }
}

/// Appends the lines, and returns their positions.
async fn append(
    tx: &DatabaseTransaction,
    mut rows: Vec<event::ActiveModel>,
    now: Instant,
) -> Result<Recorded> {
    let ids: Vec<Uuid> = rows.iter().map(|_| id::secret()).collect();
    let Some(last_id) = ids.last().copied() else {
        return Ok(Recorded::default());
    };
    let count = i64::try_from(rows.len()).map_err(Error::internal)?;
    let counter = event_counter::Entity::update_many()
        .col_expr(
            event_counter::Column::LastSequence,
            Expr::col(event_counter::Column::LastSequence).add(count),
        )
        // The values on the right are those from before the update.
        .col_expr(
            event_counter::Column::PreviousId,
            Expr::col(event_counter::Column::LastId),
        )
        .col_expr(event_counter::Column::LastId, Expr::value(last_id))
        .col_expr(
            event_counter::Column::LastAt,
            Func::greatest([Expr::col(event_counter::Column::LastAt), Expr::value(now)]).into(),
        )
        .filter(Expr::col(event_counter::Column::Id).eq(1))
        .exec_with_returning(tx)
        .await?;
    let counter = counter.first().ok_or_else(no_counter)?;
    let occurred_at = moment::clamp_events(tx, counter.last_at, now).await?;
    let previous = LogPosition {
        sequence: counter.last_sequence - count,
        id: counter.previous_id,
    };
    let recorded = Recorded { previous, ids };
    for (row, position) in rows.iter_mut().zip(recorded.positions()) {
        row.sequence = Set(position.sequence);
        row.id = Set(position.id);
        row.occurred_at = Set(occurred_at);
    }
    for part in rows.chunks(EVENTS_PER_STATEMENT) {
        event::Entity::insert_many(part.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(recorded)
}
