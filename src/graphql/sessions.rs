//! The sessions of an account: to look at, and to end.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::session;
use sea_orm::prelude::Uuid;

use super::{
    account::reader,
    actor::{account_id, parse_account_id},
    transport,
};
use crate::{
    auth::{end, session::public_id},
    content::{scalar::DateTime, user_error::UserError},
    error::{Error, ProblemCode, Result},
};

/// The stay of an account on one device, from signing in to signing out.
#[derive(SimpleObject)]
struct Session {
    /// Identity, which never changes.
    id: ID,
    /// Whose it is.
    account_id: ID,
    /// What the client calls itself; may be empty, and need not be true.
    device: String,
    /// The network from which it began; `unknown` if a proxy named no address that could be read, empty once the settings allow
    /// to keep it no longer.
    network: String,
    /// When it began.
    created_at: DateTime,
    /// When it was last used, to five minutes.
    last_seen_at: DateTime,
    /// When it ends if nobody continues it.
    expires_at: DateTime,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// Questions about sessions.
#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The sessions that stand, the last used first, at most 100: one's own, or for admins those of any account.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; one's own if nobody is named.")] account: Option<ID>,
    ) -> Result<Vec<Session>> {
        let reader = reader(ctx)?;
        let account = account.map(|id| named(&id, "account")).transpose()?;
        let (_, current) = reader.principal.signed_in()?;
        let rows = end::sessions(&reader.app, &reader.principal, account).await?;
        let session = |row: session::Model| Session {
            id: public_id(row.id).into(),
            account_id: account_id(row.account_id),
            device: row.device,
            network: row.network,
            created_at: DateTime(row.created_at),
            last_seen_at: DateTime(row.last_seen_at),
            expires_at: DateTime(row.expires_at),
            is_current: row.id == current.id,
        };
        Ok(rows.into_iter().map(session).collect())
    }
}

/// Mutations that end sessions.
#[derive(Default)]
pub struct EndMutation;

#[Object]
impl EndMutation {
    /// Ends a session, at once: one's own, or for admins anybody's.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end.")] input: EndSessionInput,
    ) -> Result<EndSessionPayload> {
        let reader = reader(ctx)?;
        let (_, current) = reader.principal.signed_in()?;
        let ended = match session_id(&input.id) {
            Some(id) => end::end_session(&reader.app, &reader.principal, id).await,
            None => Err(no_session()),
        };
        let (ended, user_errors) = UserError::split(ended)?;
        if ended.is_some() && session_id(&input.id) == Some(current.id) {
            transport::clear(ctx);
        }
        Ok(EndSessionPayload {
            ended_id: ended.map(|()| input.id),
            user_errors,
        })
    }

    /// Ends all sessions of an account, the present one too: one's own, or for admins those of any account.
    async fn sign_out_everywhere(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose sessions to end.", default)] input: SignOutEverywhereInput,
    ) -> Result<SignOutEverywherePayload> {
        let reader = reader(ctx)?;
        let (app, principal) = (&reader.app, &reader.principal);
        let (own, _) = principal.signed_in()?;
        let ended = async {
            let account = input.account.map(|id| named(&id, "account")).transpose()?;
            let count = end::sign_out_everywhere(app, principal, account, input.keys_too).await?;
            Ok((count, account.is_none_or(|account| account == own)))
        };
        let (ended, user_errors) = UserError::split(ended.await)?;
        if ended.is_some_and(|(_, is_own)| is_own) {
            transport::clear(ctx);
        }
        Ok(SignOutEverywherePayload {
            ended_count: ended.and_then(|(count, _)| i32::try_from(count).ok()),
            user_errors,
        })
    }
}

/// Which session to end.
#[derive(InputObject)]
struct EndSessionInput {
    /// The session.
    id: ID,
}

/// What became of ending a session.
#[derive(SimpleObject)]
struct EndSessionPayload {
    /// The session that ended; null if there are errors.
    ended_id: Option<ID>,
    /// What kept the session from ending.
    user_errors: Vec<UserError>,
}

/// Whose sessions to end.
#[derive(Default, InputObject)]
struct SignOutEverywhereInput {
    /// The account; one's own if none is named.
    account: Option<ID>,
    /// Whether the account's API tokens and preview links are to end, too: for when somebody else had the account.
    #[graphql(default)]
    keys_too: bool,
}

/// What became of ending all sessions of an account.
#[derive(SimpleObject)]
struct SignOutEverywherePayload {
    /// How many sessions ended; null if there are errors.
    ended_count: Option<i32>,
    /// What kept the sessions from ending.
    user_errors: Vec<UserError>,
}

fn session_id(id: &ID) -> Option<Uuid> {
    let uuid = Uuid::try_parse(id.strip_prefix("session_")?).ok()?;
    (public_id(uuid) == id.as_str()).then_some(uuid)
}

fn named(id: &ID, path: &str) -> Result<Uuid> {
    let wrong = || Error::invalid(ProblemCode::Invalid, path, "is not an id of an account");
    parse_account_id(id).ok_or_else(wrong)
}

fn no_session() -> Error {
    Error::invalid(ProblemCode::NotFound, "id", "this session does not exist")
}
