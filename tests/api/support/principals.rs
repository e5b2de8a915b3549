//! Principals that a test makes up: their rows are written before they act, so that their credentials hold.

use entity::{
    account,
    api_token::{self, Scopes, Types},
    entry, preview_link, refresh_token, session,
};
use kindling::auth::{Principal, Role};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel, prelude::Uuid};

use super::{TestApp, start_of_time};

/// Stands in every row that is written here; [`all_rows`](crate::database_state::all_rows) leaves them out.
pub(crate) const MADE_UP: &str = "made-up";
/// The maker of preview links that no account has made.
pub(crate) const MAKER: Uuid = Uuid::from_u128(0x6d61_6465_2d75_7000_0000);

impl TestApp {
    /// Writes the rows of a principal that a test has made up. What is there already stays as it is, except for the role of
    /// an account that was made up before.
    pub(crate) async fn admit(&self, principal: &Principal) {
        let tx = self.app.database.begin().await.expect("a transaction");
        match principal {
            Principal::Anonymous | Principal::System => return,
            Principal::Account { id, role, session } => {
                if !admit_session(&tx, *id, *role, session).await {
                    return;
                }
            }
            Principal::ApiToken { account, role, .. } => {
                admit_account(&tx, *account, *role).await;
                admit_token(&tx, principal).await;
            }
            Principal::Preview { .. } => admit_link(&tx, principal).await,
        }
        tx.commit().await.expect("a commit");
    }
}

/// Returns whether there was something to write.
async fn admit_session(
    tx: &DatabaseTransaction,
    account: Uuid,
    role: Role,
    known: &kindling::auth::Session,
) -> bool {
    let found = session::Entity::find_by_id(known.id).one(tx).await;
    let is_known = found.expect("an answer").is_some();
    let is_changed = admit_account(tx, account, role).await;
    if is_known {
        return is_changed;
    }
    let row = session::Model {
        id: known.id,
        account_id: account,
        created_at: start_of_time(),
        password_at: known.password_at,
        last_seen_at: start_of_time(),
        expires_at: never(),
        ended_at: None,
        device: MADE_UP.to_owned(),
        network: String::new(),
    };
    insert::<session::Entity, _>(tx, row.into_active_model()).await;
    let row = refresh_token::Model {
        hash: known.token.to_string(),
        id: known.token,
        session_id: known.id,
        parent_id: None,
        expires_at: never(),
        access_used_at: Some(start_of_time()),
        used_at: None,
    };
    insert::<refresh_token::Entity, _>(tx, row.into_active_model()).await;
    true
}

/// Returns whether there was something to write.
async fn admit_account(tx: &DatabaseTransaction, id: Uuid, role: Role) -> bool {
    let found = account::Entity::find_by_id(id).one(tx).await;
    let Some(found) = found.expect("an answer") else {
        let row = account::Model {
            id,
            email: format!("{MADE_UP}-{id}@example.org"),
            name: MADE_UP.to_owned(),
            role,
            created_at: start_of_time(),
            joined_at: Some(start_of_time()),
            suspended_at: None,
            name_folded: MADE_UP.to_owned(),
        };
        insert::<account::Entity, _>(tx, row.into_active_model()).await;
        return true;
    };
    if found.role == role || found.name != MADE_UP {
        return false;
    }
    let mut changed = found.into_active_model();
    changed.role = Set(role);
    let updated = account::Entity::update(changed).validate().expect("a row");
    updated.exec(tx).await.expect("an update");
    true
}

async fn admit_token(tx: &DatabaseTransaction, principal: &Principal) {
    let Principal::ApiToken {
        id,
        account,
        scopes,
        types,
        digest,
        ..
    } = principal
    else {
        return;
    };
    let found = api_token::Entity::find_by_id(*id).one(tx).await;
    if found.expect("an answer").is_some() {
        return;
    }
    let row = api_token::Model {
        id: *id,
        account_id: *account,
        name: MADE_UP.to_owned(),
        hash: digest.to_string(),
        previous_hash: None,
        previous_expires_at: None,
        scopes: Scopes(scopes.clone()),
        types: types.clone().map(Types),
        created_at: start_of_time(),
        expires_at: None,
        last_used_at: Some(start_of_time()),
        revoked_at: None,
    };
    insert::<api_token::Entity, _>(tx, row.into_active_model()).await;
}

async fn admit_link(tx: &DatabaseTransaction, principal: &Principal) {
    let Principal::Preview {
        id, entry, locale, ..
    } = principal
    else {
        return;
    };
    let known = preview_link::Entity::find_by_id(*id).one(tx).await;
    let shown = entry::Entity::find_by_id(entry.uuid).one(tx).await;
    if known.expect("an answer").is_some() || shown.expect("an answer").is_none() {
        return;
    }
    admit_account(tx, MAKER, Role::Admin).await;
    let row = preview_link::Model {
        id: *id,
        account_id: MAKER,
        entry_id: entry.uuid,
        entry_type: entry.content_type,
        locale: locale.clone(),
        created_at: start_of_time(),
        expires_at: never(),
        revoked_at: None,
    };
    insert::<preview_link::Entity, _>(tx, row.into_active_model()).await;
}

async fn insert<E, A>(tx: &DatabaseTransaction, row: A)
where
    E: EntityTrait,
    A: sea_orm::ActiveModelTrait<Entity = E>,
{
    let inserted = E::insert(row).exec_without_returning(tx).await;
    inserted.expect("an insert");
}

fn never() -> entity::Instant {
    "2999-01-01T00:00:00Z".parse().expect("a moment")
}
