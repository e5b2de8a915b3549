//! API tokens: making, seeing, rotating and taking them back.
//!
//! Nothing here that holds a secret can be printed: no `Debug`.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::api_token::{self, Scope};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};

use super::{
    account::reader,
    actor::{Actor, actors},
    page::{Page, newest_first},
};
use crate::{
    auth::{
        Principal,
        api_token::{self as tokens, NewToken, public_id},
    },
    content::{
        connection::Connection,
        order::{Key, Step},
        page_args::{ListIdentity, RawPageArgs},
        scalar::DateTime,
        types::EntryType,
        user_error::UserError,
    },
    crypto::Secret,
    error::{Error, ProblemCode, Result},
};

/// A key for a machine. It acts in the name of the account that made it, and never may more than that account.
#[derive(Clone, Debug, SimpleObject)]
pub struct ApiToken {
    /// Identity, which never changes.
    id: ID,
    /// What it is for.
    name: String,
    /// What it may do, as far as its maker may.
    scopes: Vec<ApiTokenScope>,
    /// The types that it is limited to; null for all.
    content_types: Option<Vec<EntryType>>,
    /// Who made it.
    created_by: Option<Actor>,
    /// When it was made.
    created_at: DateTime,
    /// When it ends by itself; null for never.
    expires_at: Option<DateTime>,
    /// How long the secret of before the last rotation goes on; null if there is none.
    previous_secret_expires_at: Option<DateTime>,
    /// When it was last used, to some minutes; null if it never was.
    last_used_at: Option<DateTime>,
    /// When it was taken back; null if it was not.
    revoked_at: Option<DateTime>,
}

/// What an API token can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[graphql(remote = "Scope")]
pub enum ApiTokenScope {
    /// Reads drafts, and fields for signed-in readers.
    Drafts,
    /// Reads the past of published content and, with DRAFTS, the history of entries.
    History,
    /// Creates entries, uploads files, and changes drafts. Goes with DRAFTS only.
    Write,
    /// Publishes and unpublishes. Goes with DRAFTS only.
    Publish,
    /// Reads the events of content that show in public, with the names by which shared caches throw away what they change. With
    /// DRAFTS those of drafts, too.
    Events,
}

impl ApiToken {
    fn of(row: api_token::Model, makers: &HashMap<Uuid, Actor>) -> Self {
        let types = row.types.map(|types| types.0);
        Self {
            id: public_id(row.id).into(),
            name: row.name,
            scopes: row.scopes.0.into_iter().map(Into::into).collect(),
            content_types: types.map(|types| types.into_iter().map(Into::into).collect()),
            created_by: makers.get(&row.account_id).cloned(),
            created_at: DateTime(row.created_at),
            expires_at: row.expires_at.map(DateTime),
            previous_secret_expires_at: row.previous_expires_at.map(DateTime),
            last_used_at: row.last_used_at.map(DateTime),
            revoked_at: row.revoked_at.map(DateTime),
        }
    }
}

/// Root fields about API tokens.
#[derive(Default)]
pub struct ApiTokenQuery;

#[Object]
impl ApiTokenQuery {
    /// API tokens, the newest first: one's own, or for admins all. The tokens themselves are told once, when they are made.
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Connection<ApiToken>> {
        let reader = reader(ctx)?;
        let select = tokens::visible(&reader.principal)?;
        let identity = ListIdentity::of(&["apiTokens"]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = Page::read(ctx, identity, page, select, order).await?;
        let makers = page.rows().map(|row| row.account_id);
        let makers = actors(&reader.snapshot, makers).await?;
        page.shown(|row| ApiToken::of(row, &makers))
    }

    /// The API token with this id; null if there is none that you may see.
    async fn api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] id: ID,
    ) -> Result<Option<ApiToken>> {
        let reader = reader(ctx)?;
        let select = tokens::visible(&reader.principal)?;
        let select = select.filter(api_token::Column::Id.eq(parse(&id)?));
        let found: Vec<api_token::Model> = reader.snapshot.all(select).await?;
        shown(ctx, found.into_iter().next()).await
    }

    /// The API token that the request came with; null if it came with none.
    async fn current_token(&self, ctx: &Context<'_>) -> Result<Option<ApiToken>> {
        let reader = reader(ctx)?;
        let Principal::ApiToken { id, .. } = &reader.principal else {
            return Ok(None);
        };
        let select = api_token::Entity::find_by_id(*id);
        let found: Vec<api_token::Model> = reader.snapshot.all(select).await?;
        shown(ctx, found.into_iter().next()).await
    }
}

async fn shown(ctx: &Context<'_>, row: Option<api_token::Model>) -> Result<Option<ApiToken>> {
    let Some(row) = row else {
        return Ok(None);
    };
    let makers = actors(&reader(ctx)?.snapshot, [row.account_id].into_iter()).await?;
    Ok(Some(ApiToken::of(row, &makers)))
}

fn order() -> Step<api_token::Model> {
    newest_first(api_token::Column::Id, |row: &api_token::Model| {
        Key::Id(row.id)
    })
}

/// The token that an id names.
fn parse(id: &ID) -> Result<Uuid> {
    let uuid = id.strip_prefix("api_token_").map(Uuid::try_parse);
    let uuid = uuid.and_then(std::result::Result::ok);
    let uuid = uuid.filter(|uuid| public_id(*uuid) == **id);
    uuid.ok_or_else(|| {
        let message = "is not an id of an API token";
        Error::invalid(ProblemCode::Invalid, "id", message)
    })
}

/// The API tokens that ids name, at a path.
pub(super) fn parse_all(ids: &[ID], path: &str) -> Result<Vec<Uuid>> {
    let token = |(at, id): (usize, &ID)| {
        parse(id).map_err(|_| {
            let message = "is not an id of an API token";
            Error::invalid(ProblemCode::Invalid, format!("{path}.{at}"), message)
        })
    };
    ids.iter().enumerate().map(token).collect()
}

/// An API token that is to be made.
#[derive(Clone, Debug, InputObject)]
pub struct CreateApiTokenInput {
    /// What it is for. 1 to 200 characters on one line.
    name: String,
    /// What it may do, as far as you may; without any it reads what is public. At most 10.
    #[graphql(validator(max_items = 10))]
    scopes: Vec<ApiTokenScope>,
    /// The only types that it is to know of; all if there are none. At most 100.
    #[graphql(validator(max_items = 100))]
    content_types: Option<Vec<EntryType>>,
    /// When it is to end by itself.
    expires_at: Option<DateTime>,
}

/// Which API token gets another secret.
#[derive(Clone, Debug, InputObject)]
pub struct RotateApiTokenInput {
    /// The token.
    id: ID,
    /// How many seconds the secret of before goes on: 0 to 604,800, which are seven days.
    overlap_seconds: i32,
}

/// Which API token is taken back.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeApiTokenInput {
    /// The token.
    id: ID,
}

/// What became of making an API token.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// The new API token; null if there are errors.
    api_token: Option<ApiToken>,
    /// What goes with requests, as `Authorization: Bearer …`. It is told now, and never again.
    secret: Option<String>,
    /// What kept it from being made.
    user_errors: Vec<UserError>,
}

/// What became of rotating an API token.
#[derive(SimpleObject)]
pub struct RotateApiTokenPayload {
    /// The API token; null if there are errors.
    api_token: Option<ApiToken>,
    /// What goes with requests from now on. It is told now, and never again.
    secret: Option<String>,
    /// What kept it from being rotated.
    user_errors: Vec<UserError>,
}

/// What became of taking an API token back.
#[derive(SimpleObject)]
pub struct RevokeApiTokenPayload {
    /// The API token; null if there are errors.
    api_token: Option<ApiToken>,
    /// What kept it from being taken back.
    user_errors: Vec<UserError>,
}

/// Mutations about API tokens.
#[derive(Default)]
pub struct ApiTokenMutation;

type Made = (Option<ApiToken>, Option<String>, Vec<UserError>);

#[Object]
impl ApiTokenMutation {
    /// Makes an API token. Needs a fresh password.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new token.")] input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let reader = reader(ctx)?;
        let types = input.content_types;
        let new = NewToken {
            name: input.name,
            scopes: input.scopes.into_iter().map(Into::into).collect(),
            types: types.map(|types| types.into_iter().map(Into::into).collect()),
            expires_at: input.expires_at.map(|DateTime(ends)| ends),
        };
        let made = tokens::create(&reader.app, &reader.client, &reader.principal, new).await;
        let (api_token, secret, user_errors) = told(ctx, made).await?;
        Ok(CreateApiTokenPayload {
            api_token,
            secret,
            user_errors,
        })
    }

    /// Gives an API token of one's own another secret. Needs a fresh password.
    async fn rotate_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: RotateApiTokenInput,
    ) -> Result<RotateApiTokenPayload> {
        let reader = reader(ctx)?;
        let rotated = async {
            let id = parse(&input.id)?;
            let (app, client, overlap) = (&reader.app, &reader.client, input.overlap_seconds);
            tokens::rotate(app, client, &reader.principal, id, overlap).await
        };
        let (api_token, secret, user_errors) = told(ctx, rotated.await).await?;
        Ok(RotateApiTokenPayload {
            api_token,
            secret,
            user_errors,
        })
    }

    /// Takes an API token back, at once: one's own, or for admins anybody's.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: RevokeApiTokenInput,
    ) -> Result<RevokeApiTokenPayload> {
        let reader = reader(ctx)?;
        let revoked = async {
            let id = parse(&input.id)?;
            tokens::revoke(&reader.app, &reader.client, &reader.principal, id).await
        };
        let (row, user_errors) = UserError::split(revoked.await)?;
        Ok(RevokeApiTokenPayload {
            api_token: shown(ctx, row).await?,
            user_errors,
        })
    }
}

async fn told(ctx: &Context<'_>, made: Result<(api_token::Model, Secret)>) -> Result<Made> {
    let (made, errors) = UserError::split(made)?;
    let (row, secret) = made.unzip();
    let secret = secret.map(|secret| secret.expose().to_owned());
    Ok((shown(ctx, row).await?, secret, errors))
}
