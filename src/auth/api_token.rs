//! API tokens: keys for machines, which act in the name of the account that made them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{
    Instant, account,
    api_token::{self, Scopes, Types},
    entry::ContentType,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
};

use super::{Client, Extent, Principal, Right, Role, Scope, authority::begin_on_accounts, sign_in};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    clock::Clock,
    crypto::{Secret, machine_token, token},
    error::{Error, Problem, ProblemCode, Result},
    id, identifier,
    telemetry::outage,
};

const LONGEST_NAME: usize = 200;
/// How long a secret can go on beside the one that took its place.
pub const LONGEST_OVERLAP: i32 = 7 * 24 * 60 * 60;
/// A token that is used is noted as such after so long.
const USED_EVERY: TimeDelta = TimeDelta::minutes(5);

/// An API token that somebody wants.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for, in words.
    pub name: String,
    /// What it may do, as far as its maker may.
    pub scopes: BTreeSet<Scope>,
    /// The types that it is limited to; none for all.
    pub types: Option<BTreeSet<ContentType>>,
    /// When it ends by itself.
    pub expires_at: Option<Instant>,
}

/// The id of a token in the API.
pub fn public_id(token: Uuid) -> String {
    format!("api_token_{}", token.simple())
}

/// Makes a token; its secret is known to nobody else.
pub async fn create(
    app: &App,
    client: &Client,
    principal: &Principal,
    new: NewToken,
) -> Result<(api_token::Model, Secret)> {
    principal.require(Right::ManageTokens)?;
    let (maker, _) = principal.signed_in()?;
    sign_in::require_fresh(app, principal).await?;
    let now = app.clock.now();
    let name = checked(&new, now)?;
    let secret = machine_token::new()?;
    let row = api_token::Model {
        id: id::new(),
        account_id: maker,
        name,
        hash: token::digest(&secret),
        previous_hash: None,
        previous_expires_at: None,
        scopes: Scopes(new.scopes),
        types: new.types.map(Types),
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let tx = begin_on_accounts(app, principal, &[]).await?;
    api_token::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::ApiTokenCreated, Some(maker));
    tell(&tx, principal, client, event, row.id, now).await?;
    tx.commit().await?;
    Ok((row, secret))
}

/// The name as it is kept; refuses what is wrong with the token, all at once.
fn checked(new: &NewToken, now: Instant) -> Result<String> {
    let mut problems = Vec::new();
    let mut refuse = |path: &str, message: &str| {
        problems.push(Problem::new(ProblemCode::Invalid, path, message));
    };
    let name = identifier::normalize(identifier::trim(&new.name)).into_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        refuse("name", "must have 1 to 200 characters on one line");
    } else if identifier::has_invisible(&name) {
        refuse("name", "must not hold characters that cannot be seen");
    }
    let changes = [Scope::Write, Scope::Publish];
    let changes = changes.iter().any(|scope| new.scopes.contains(scope));
    if changes && !new.scopes.contains(&Scope::Drafts) {
        refuse(
            "scopes",
            "WRITE and PUBLISH go with DRAFTS only: whoever changes drafts sees them",
        );
    }
    if new.types.as_ref().is_some_and(BTreeSet::is_empty) {
        refuse(
            "contentTypes",
            "must name at least one type, or be left out for all",
        );
    }
    if new.expires_at.is_some_and(|ends| ends <= now) {
        refuse("expiresAt", "must lie in the future");
    }
    if problems.is_empty() {
        Ok(name)
    } else {
        Err(Error::Invalid(problems))
    }
}

/// Gives a token another secret. The one before goes on for so many seconds, and no longer.
pub async fn rotate(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
    overlap_seconds: i32,
) -> Result<(api_token::Model, Secret)> {
    let extent = principal.require(Right::ManageTokens)?;
    let (own, _) = principal.signed_in()?;
    sign_in::require_fresh(app, principal).await?;
    if !(0..=LONGEST_OVERLAP).contains(&overlap_seconds) {
        let message = format!("must be from 0 to {LONGEST_OVERLAP}");
        return Err(Error::invalid(
            ProblemCode::Invalid,
            "overlapSeconds",
            message,
        ));
    }
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let row = locked(&tx, extent, own, id).await?;
    if row.account_id != own {
        // Whoever has the secret acts in the name of the token's maker.
        return Err(Error::Forbidden("rotate API tokens of others"));
    }
    if row.revoked_at.is_some() || row.expires_at.is_some_and(|ends| ends <= now) {
        let message = "holds no more; make another one";
        return Err(Error::invalid(ProblemCode::Invalid, "id", message));
    }
    let secret = machine_token::new()?;
    let overlaps = overlap_seconds > 0;
    let until = now + TimeDelta::seconds(overlap_seconds.into());
    let changed = api_token::ActiveModel {
        id: Set(id),
        previous_hash: Set(overlaps.then_some(row.hash)),
        previous_expires_at: Set(overlaps.then_some(until)),
        hash: Set(token::digest(&secret)),
        ..Default::default()
    };
    let row = api_token::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::ApiTokenRotated, Some(own));
    tell(&tx, principal, client, event, id, now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok((row, secret))
}

/// Takes a token back, at once and everywhere. One that was taken back before stays as it is.
pub async fn revoke(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
) -> Result<api_token::Model> {
    let extent = principal.require(Right::ManageTokens)?;
    let (own, _) = principal.signed_in()?;
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let row = locked(&tx, extent, own, id).await?;
    if row.revoked_at.is_some() {
        return Ok(row);
    }
    let changed = api_token::ActiveModel {
        id: Set(id),
        revoked_at: Set(Some(now)),
        ..Default::default()
    };
    let row = api_token::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::ApiTokenRevoked, Some(row.account_id));
    tell(&tx, principal, client, event, id, now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(row)
}

/// Takes all tokens of an account back, in the caller's transaction, who records the events and empties `app.recent`.
pub(super) async fn revoke_all(
    tx: &DatabaseTransaction,
    account: Uuid,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    let revoked = api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, Expr::value(now))
        .filter(api_token::Column::AccountId.eq(account))
        .filter(api_token::Column::RevokedAt.is_null())
        .exec_with_returning(tx)
        .await?;
    let event = |row: api_token::Model| {
        AuditEvent::new(AuditAction::ApiTokenRevoked, Some(account)).at(public_id(row.id))
    };
    Ok(revoked.into_iter().map(event).collect())
}

/// The tokens that the principal may see: their own, or for admins all.
pub fn visible(principal: &Principal) -> Result<Select<api_token::Entity>> {
    let extent = principal.require(Right::ManageTokens)?;
    let (own, _) = principal.signed_in()?;
    let own = (extent != Extent::All).then(|| api_token::Column::AccountId.eq(own));
    Ok(api_token::Entity::find().filter(Condition::all().add_option(own)))
}

/// The token, locked, if the account may see it.
async fn locked(
    tx: &DatabaseTransaction,
    extent: Extent,
    own: Uuid,
    id: Uuid,
) -> Result<api_token::Model> {
    let select = api_token::Entity::find_by_id(id).lock_exclusive();
    let row = select.one(tx).await?;
    let row = row.filter(|row| extent == Extent::All || row.account_id == own);
    row.ok_or_else(|| Error::invalid(ProblemCode::NotFound, "id", "this token does not exist"))
}

async fn tell(
    tx: &DatabaseTransaction,
    principal: &Principal,
    client: &Client,
    event: AuditEvent,
    token: Uuid,
    now: Instant,
) -> Result<()> {
    let event = event.at(public_id(token)).from(client.network());
    audit::append(tx, vec![event], principal.account_id(), now).await
}

/// A token that was not revoked, with the current role of its maker.
#[derive(Clone, FromQueryResult)]
pub(super) struct Active {
    id: Uuid,
    account_id: Uuid,
    hash: String,
    previous_expires_at: Option<Instant>,
    scopes: Scopes,
    types: Option<Types>,
    expires_at: Option<Instant>,
    last_used_at: Option<Instant>,
    role: Role,
}

impl Active {
    /// Whether it belongs to this account, which has this role.
    pub(super) fn is_of(&self, account: Uuid, role: Role) -> bool {
        (self.account_id, self.role) == (account, role)
    }

    /// Whether the secret with this digest holds.
    pub(super) fn holds(&self, digest: &str, clock: &Clock) -> bool {
        let has_begun_to_end = self.hash != digest;
        let overlap = TimeDelta::seconds(LONGEST_OVERLAP.into());
        let goes_on = self
            .previous_expires_at
            .is_some_and(|ends| clock.holds(ends, overlap));
        let has_ended = self.expires_at.is_some_and(|ends| ends <= clock.now());
        !has_ended && (!has_begun_to_end || goes_on)
    }
}

/// The machine that holds this token. Whether it stands, and its maker, is known for half a second.
pub async fn authenticate(app: &App, token: &Secret) -> Result<Principal> {
    if !machine_token::is_whole(token) {
        return Err(Error::Unauthenticated);
    }
    let digest = token::digest(token);
    let name = format!("api_token:{digest}");
    let active = app.recent.get(name, read_active(app, &digest)).await?;
    let active: Option<Active> = active;
    let active = active.filter(|active| active.holds(&digest, &app.clock));
    let active = active.ok_or(Error::Unauthenticated)?;
    Ok(Principal::ApiToken {
        id: active.id,
        account: active.account_id,
        role: active.role,
        scopes: active.scopes.0,
        types: active.types.map(|types| types.0),
        digest: digest.into(),
    })
}

/// Selects the token with this digest, or that had it before it was rotated, as [`Active`], if it was not revoked and its
/// maker's account is active. Whether the digest still holds is for [`Active::holds`].
pub(super) fn active(digest: &str) -> Select<api_token::Entity> {
    let is_named = Condition::any()
        .add(api_token::Column::Hash.eq(digest))
        .add(api_token::Column::PreviousHash.eq(digest));
    let mut select = api_token::Entity::find()
        .filter(is_named)
        .filter(api_token::Column::RevokedAt.is_null())
        .filter(account::Column::JoinedAt.is_not_null())
        .filter(account::Column::SuspendedAt.is_null())
        .column(account::Column::Role);
    let of_maker = Expr::col((api_token::Entity, api_token::Column::AccountId))
        .equals((account::Entity, account::Column::Id));
    QuerySelect::query(&mut select).inner_join(account::Entity, of_maker);
    select
}

async fn read_active(app: &App, digest: &str) -> Result<Option<Active>> {
    let now = app.clock.now();
    let active = app.database.row::<_, Active>(active(digest)).await?;
    let active = active.filter(|active| active.holds(digest, &app.clock));
    if let Some(active) = &active
        && active
            .last_used_at
            .is_none_or(|used| (now - used).abs() > USED_EVERY)
        && let Err(error) = mark_used(app, active.id, now).await
    {
        // Reading goes on where nothing can be written.
        if !outage::report(&error) {
            tracing::warn!(%error, "that an API token is used could not be noted");
        }
    }
    Ok(active)
}

async fn mark_used(app: &App, token: Uuid, now: Instant) -> Result<()> {
    let tx = app.database.begin().await?;
    api_token::Entity::update_many()
        .col_expr(api_token::Column::LastUsedAt, Expr::value(now))
        .filter(api_token::Column::Id.eq(token))
        .exec(&tx)
        .await?;
    tx.commit().await
}
