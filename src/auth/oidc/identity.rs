//! From somebody whom a provider knows to their account.

use chrono::TimeDelta;
use entity::{Instant, account, account::Role, identity};
use sea_orm::{
    ActiveEnum,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};

use super::claims::{GivenRole, Person};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    auth::{
        Client,
        account::{address, insert},
        challenge::{self, Purpose},
        end, link, people,
        sign_in::tell_of_failure,
    },
    config::OidcProvider,
    crypto::Secret,
    database::only,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
    fold::fold,
    id,
};

/// How long the way from here to `completeSignIn` may take: its token stands in an address.
const LIFE: TimeDelta = TimeDelta::minutes(2);

/// What somebody is about to be signed in with.
struct Entrance {
    account: account::Model,
    events: Vec<AuditEvent>,
    /// Whether what others hold of the account was taken back.
    ends_sessions: bool,
}

/// The token for the step after, for whoever has an account or gets one; none if they may not come in.
pub(super) async fn enter(
    app: &App,
    client: &Client,
    provider: &OidcProvider,
    person: &Person,
) -> Result<Option<Secret>> {
    let attempt = || app.retrying(|| try_to_enter(app, client, provider, person));
    match attempt().await {
        // Somebody has done the same at the same time; now it is there.
        Err(Error::Invalid(_)) => attempt().await,
        result => result,
    }
}

async fn try_to_enter(
    app: &App,
    client: &Client,
    provider: &OidcProvider,
    person: &Person,
) -> Result<Option<Secret>> {
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let found = entrance(&tx, provider, person, now).await?;
    let id = found.as_ref().map(|entrance| entrance.account.id);
    let usable = found.filter(|entrance| entrance.account.suspended_at.is_none());
    let Some(entrance) = usable.filter(|_| person.role != GivenRole::KeptOut) else {
        drop(tx);
        tell_of_failure(app, client, id).await?;
        return Ok(None);
    };
    let id = Some(entrance.account.id);
    let token = challenge::make_for(app, &tx, Purpose::SignIn, id, &(), LIFE).await?;
    audit::append(&tx, entrance.events, None, now).await?;
    tx.commit().await?;
    if entrance.ends_sessions {
        app.recent.clear();
    }
    Ok(Some(token.0))
}

/// The account of a person, with what changes about it.
async fn entrance(
    tx: &DatabaseTransaction,
    provider: &OidcProvider,
    person: &Person,
    now: Instant,
) -> Result<Option<Entrance>> {
    if let GivenRole::This(role) = person.role
        && role != Role::Admin
    {
        hold_admins(tx).await?;
    }
    let (issuer, subject) = (provider.issuer.clone(), person.subject.clone());
    let known = identity::Entity::find_by_id((issuer, subject));
    let known: Option<identity::Model> = only(tx, known).await?;
    let mut events = Vec::new();
    let select = match (&known, person.email.as_deref().and_then(address)) {
        (Some(identity), _) => account::Entity::find_by_id(identity.account_id),
        (None, Some(email)) => account::Entity::find().filter(account::Column::Email.eq(email)),
        // Without a verified address nobody is anybody's account.
        (None, None) => return Ok(None),
    };
    let Some(mut account) = only(tx, select.lock_exclusive()).await? else {
        return sign_up(tx, provider, person, now).await;
    };
    if known.is_some() {
        use_identity(tx, provider, person, now).await?;
    } else {
        events.push(link_identity(tx, provider, person, &account, now).await?);
    }
    events.extend(join(tx, &mut account, now).await?);
    let role_events = match person.role {
        GivenRole::This(role) => give_role(tx, &mut account, role, now).await?,
        GivenRole::None | GivenRole::KeptOut => Vec::new(),
    };
    let ends_sessions = !role_events.is_empty();
    events.extend(role_events);
    Ok(Some(Entrance {
        account,
        events,
        ends_sessions,
    }))
}

/// A new account, where the settings give one.
async fn sign_up(
    tx: &DatabaseTransaction,
    provider: &OidcProvider,
    person: &Person,
    now: Instant,
) -> Result<Option<Entrance>> {
    let (GivenRole::This(role), true) = (person.role, provider.allow_sign_up) else {
        return Ok(None);
    };
    let Some(email) = person.email.as_deref().and_then(address) else {
        return Ok(None);
    };
    let name = Some(person.name.clone()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| email.clone());
    let account = account::Model {
        id: id::new(),
        name_folded: fold(&name),
        name,
        email,
        role,
        created_at: now,
        joined_at: Some(now),
        suspended_at: None,
    };
    audit::hold(tx).await?;
    insert(tx, &account, None).await?;
    let created = AuditEvent::new(AuditAction::AccountCreated, Some(account.id));
    let events = vec![
        created,
        link_identity(tx, provider, person, &account, now).await?,
    ];
    Ok(Some(Entrance {
        account,
        events,
        ends_sessions: false,
    }))
}

/// From now on the account is known by what the provider calls its owner.
async fn link_identity(
    tx: &DatabaseTransaction,
    provider: &OidcProvider,
    person: &Person,
    account: &account::Model,
    now: Instant,
) -> Result<AuditEvent> {
    let row = identity::ActiveModel {
        issuer: Set(provider.issuer.clone()),
        subject: Set(person.subject.clone()),
        account_id: Set(account.id),
        created_at: Set(now),
        last_used_at: Set(now),
    };
    let insert = identity::Entity::insert(row)
        .exec_without_returning(tx)
        .await;
    on_constraint(insert, "identity_issuer_subject_key", || {
        Problem::new(ProblemCode::Taken, "", "is known by now")
    })?;
    let event = AuditEvent::new(AuditAction::IdentityLinked, Some(account.id));
    Ok(event.at(format!("provider_{}", provider.id)))
}

async fn use_identity(
    tx: &DatabaseTransaction,
    provider: &OidcProvider,
    person: &Person,
    now: Instant,
) -> Result<()> {
    identity::Entity::update_many()
        .col_expr(identity::Column::LastUsedAt, Expr::value(now))
        .filter(identity::Column::Issuer.eq(&provider.issuer))
        .filter(identity::Column::Subject.eq(&person.subject))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whoever was invited and comes by a provider has come; their invitation is over.
async fn join(
    tx: &DatabaseTransaction,
    account: &mut account::Model,
    now: Instant,
) -> Result<Option<AuditEvent>> {
    if account.joined_at.is_some() || account.suspended_at.is_some() {
        return Ok(None);
    }
    account.joined_at = Some(now);
    account::Entity::update_many()
        .col_expr(account::Column::JoinedAt, Expr::value(now))
        .filter(account::Column::Id.eq(account.id))
        .exec(tx)
        .await?;
    link::end_all(tx, account.id).await?;
    let event = AuditEvent::new(AuditAction::AccountJoined, Some(account.id));
    Ok(Some(event))
}

/// Gives the account the role that the provider's claims ask for. That ends its sessions. The last admin stays one.
async fn give_role(
    tx: &DatabaseTransaction,
    account: &mut account::Model,
    role: Role,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    if account.role == role || account.suspended_at.is_some() {
        return Ok(Vec::new());
    }
    if account.role == Role::Admin && !has_another_admin(tx, account.id).await? {
        tracing::warn!(account = %account.id, "the last admin stays one, whatever the claims say");
        return Ok(Vec::new());
    }
    account.role = role;
    account::Entity::update_many()
        .col_expr(account::Column::Role, role.into())
        .filter(account::Column::Id.eq(account.id))
        .exec(tx)
        .await?;
    let id = account.id;
    let changed = AuditEvent::new(AuditAction::RoleChanged, Some(id));
    let mut events = vec![changed.at(format!("role_{}", role.to_value()))];
    events.extend(end::end_all(tx, id, None, now).await?);
    Ok(events)
}

/// Locks the admins, always in one order and before any other account, so that two of them cannot go at the same time.
async fn hold_admins(tx: &DatabaseTransaction) -> Result<()> {
    account::Entity::find()
        .filter(account::Column::Role.eq(Role::Admin))
        .order_by_asc(account::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(())
}

async fn has_another_admin(tx: &DatabaseTransaction, account: Uuid) -> Result<bool> {
    let select = people::admins().filter(account::Column::Id.ne(account));
    Ok(select.one(tx).await?.is_some())
}
