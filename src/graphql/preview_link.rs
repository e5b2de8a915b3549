//! Preview links: making, seeing and taking them back.
//!
//! Nothing here that holds a token can be printed: no `Debug`.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{entry_id::EntryId, preview_link};
use sea_orm::prelude::Uuid;

use super::{
    account::reader,
    actor::{Actor, actors},
    page::{Page, newest_first},
};
use crate::{
    auth::preview_link::{self as links, NewLink, public_id},
    content::{
        connection::Connection,
        given::Given,
        order::{Key, Step},
        page_args::{ListIdentity, RawPageArgs},
        scalar::{DateTime, Locale},
        types::parse_id,
        user_error::UserError,
    },
    error::{Error, ProblemCode, Result},
};

/// A link that shows the draft of one entry, and of all that it shows, to whoever has it.
#[derive(Clone, Debug, SimpleObject)]
pub struct PreviewLink {
    /// Identity, which never changes.
    id: ID,
    /// The entry that it shows.
    entry_id: ID,
    /// The one locale in which it shows drafts; null for all.
    locale: Option<Locale>,
    /// Who made it. It shows nothing that they may not read themselves.
    created_by: Option<Actor>,
    /// When it was made.
    created_at: DateTime,
    /// When it ends by itself.
    expires_at: DateTime,
    /// When it was taken back; null if it was not.
    revoked_at: Option<DateTime>,
}

impl PreviewLink {
    fn of(row: preview_link::Model, makers: &HashMap<Uuid, Actor>) -> Self {
        let entry = EntryId {
            content_type: row.entry_type,
            uuid: row.entry_id,
        };
        Self {
            id: public_id(row.id).into(),
            entry_id: entry.to_string().into(),
            locale: row.locale.map(Locale),
            created_by: makers.get(&row.account_id).cloned(),
            created_at: DateTime(row.created_at),
            expires_at: DateTime(row.expires_at),
            revoked_at: row.revoked_at.map(DateTime),
        }
    }
}

/// Root fields about preview links.
#[derive(Default)]
pub struct PreviewLinkQuery;

#[Object]
impl PreviewLinkQuery {
    /// Preview links, the newest first: one's own, or for admins all. Their tokens are told once, when they are made.
    async fn preview_links(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Connection<PreviewLink>> {
        let reader = reader(ctx)?;
        let select = links::visible(&reader.principal)?;
        let identity = ListIdentity::of(&["previewLinks"]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = Page::read(ctx, identity, page, select, order).await?;
        let makers = page.rows().map(|row| row.account_id);
        let makers = actors(&reader.snapshot, makers).await?;
        page.shown(|row| PreviewLink::of(row, &makers))
    }
}

fn order() -> Step<preview_link::Model> {
    newest_first(preview_link::Column::Id, |row: &preview_link::Model| {
        Key::Id(row.id)
    })
}

/// A preview link that is to be made.
#[derive(Clone, Debug, InputObject)]
pub struct CreatePreviewLinkInput {
    /// The entry that it is to show, whose draft you must be able to read.
    entry: ID,
    /// The one locale in which it is to show drafts; all if there is none.
    locale: Option<Given<Locale>>,
    /// How many seconds it is to open something: 60 to 86,400, which is a day; usually 3,600.
    expires_in_seconds: Option<i32>,
}

/// Which preview link is taken back.
#[derive(Clone, Debug, InputObject)]
pub struct RevokePreviewLinkInput {
    /// The link.
    id: ID,
}

/// What became of making a preview link.
#[derive(SimpleObject)]
pub struct CreatePreviewLinkPayload {
    /// The new preview link; null if there are errors.
    preview_link: Option<PreviewLink>,
    /// What goes with requests, as `Authorization: Bearer …`. It is told now, and never again.
    token: Option<String>,
    /// What kept it from being made.
    user_errors: Vec<UserError>,
}

/// What became of taking a preview link back.
#[derive(SimpleObject)]
pub struct RevokePreviewLinkPayload {
    /// The preview link; null if there are errors.
    preview_link: Option<PreviewLink>,
    /// What kept it from being taken back.
    user_errors: Vec<UserError>,
}

/// Mutations about preview links.
#[derive(Default)]
pub struct PreviewLinkMutation;

#[Object]
impl PreviewLinkMutation {
    /// Makes a preview link of an entry whose draft you may read.
    async fn create_preview_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new link.")] input: CreatePreviewLinkInput,
    ) -> Result<CreatePreviewLinkPayload> {
        let reader = reader(ctx)?;
        let made = async {
            let locale = input.locale.map(|locale| locale.at("locale")).transpose()?;
            let new = NewLink {
                entry: parse_id(&input.entry, "entry")?,
                locale: locale.map(|Locale(locale)| locale),
                expires_in_seconds: input.expires_in_seconds,
            };
            links::create(&reader.app, &reader.client, &reader.principal, new).await
        };
        let (made, user_errors) = UserError::split(made.await)?;
        let (row, token) = made.unzip();
        Ok(CreatePreviewLinkPayload {
            preview_link: shown(ctx, row).await?,
            token: token.map(|token| token.expose().to_owned()),
            user_errors,
        })
    }

    /// Takes a preview link back, at once: one's own, or for admins anybody's.
    async fn revoke_preview_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which link.")] input: RevokePreviewLinkInput,
    ) -> Result<RevokePreviewLinkPayload> {
        let reader = reader(ctx)?;
        let revoked = async {
            let id = parse(&input.id)?;
            links::revoke(&reader.app, &reader.client, &reader.principal, id).await
        };
        let (row, user_errors) = UserError::split(revoked.await)?;
        Ok(RevokePreviewLinkPayload {
            preview_link: shown(ctx, row).await?,
            user_errors,
        })
    }
}

async fn shown(ctx: &Context<'_>, row: Option<preview_link::Model>) -> Result<Option<PreviewLink>> {
    let Some(row) = row else {
        return Ok(None);
    };
    let makers = actors(&reader(ctx)?.snapshot, [row.account_id].into_iter()).await?;
    Ok(Some(PreviewLink::of(row, &makers)))
}

/// The link that an id names.
fn parse(id: &ID) -> Result<Uuid> {
    let uuid = id.strip_prefix("preview_link_").map(Uuid::try_parse);
    let uuid = uuid.and_then(std::result::Result::ok);
    let uuid = uuid.filter(|uuid| public_id(*uuid) == **id);
    uuid.ok_or_else(|| {
        let message = "is not an id of a preview link";
        Error::invalid(ProblemCode::Invalid, "id", message)
    })
}
