//! The event log of content, for editors and machines.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Instant, entry_id::EntryId, event};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select, prelude::Uuid};

use super::{
    actor::{Actor, actors, parse_accounts},
    api_token::parse_all,
    page::Page,
};
use crate::{
    auth::{Extent, Principal, Right, api_token::public_id},
    content::{
        cache_tag,
        connection::Connection,
        filter::{DateTimeFilter, on},
        order::{OrderColumn, OrderDirection, Step},
        page_args::{ListIdentity, RawPageArgs},
        scalar::DateTime,
        types::{parse_id, reader},
    },
    error::{Error, ProblemCode, Result},
    event::tail,
};

/// Something that happened.
#[derive(Clone, Debug, SimpleObject)]
pub struct Event {
    /// Its number: 1, 2, 3 … without a gap, in the order in which the changes became true.
    sequence: i64,
    /// Its random id. Remember it with the number: after the database was restored from a backup, the same number can belong to
    /// another event, and whoever finds that begins anew.
    id: ID,
    /// When it happened.
    occurred_at: DateTime,
    /// What happened, such as `entry.published`.
    action: String,
    /// Who did it; null for Kindling itself, and for API tokens without DRAFTS.
    actor: Option<Actor>,
    /// The API token with which it was done, if it was one; null for API tokens without DRAFTS.
    api_token_id: Option<ID>,
    /// The entry that it happened to, which may be gone.
    entry_id: Option<ID>,
    /// The revision of the entry that it happened to.
    revision: Option<i32>,
    /// What a shared cache has to throw away, by the names in `Cache-Tag` and `Surrogate-Key`; nothing if nobody can see a
    /// difference in public.
    cache_tags: Vec<String>,
    /// So many seconds after the first time, purge the tags from shared caches once more: an answer from before the change may
    /// have been on its way. Null without tags.
    purge_again_after_seconds: Option<i32>,
}

/// Which events the list holds. Everything that is named must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct EventFilter {
    /// Of one of these actions; at most 100.
    #[graphql(validator(max_items = 100))]
    action: Option<Vec<String>>,
    /// Done by one of these accounts; at most 100.
    #[graphql(validator(max_items = 100))]
    actor: Option<Vec<ID>>,
    /// Done with one of these API tokens; at most 100.
    #[graphql(validator(max_items = 100))]
    api_token: Option<Vec<ID>>,
    /// That happened to this entry.
    entry: Option<ID>,
    /// By the time.
    occurred_at: Option<DateTimeFilter>,
}

/// Questions about the log.
#[derive(Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// The event log of content, the newest event first. For editors and admins, and for API tokens with EVENTS.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which events the list holds.")] filter: Option<
            EventFilter,
        >,
    ) -> Result<Connection<Event>> {
        let reader = reader(ctx)?;
        let sight = Sight::of(&reader.principal)?;
        let filter = filter.unwrap_or_default();
        if !sight.actors && (filter.actor.is_some() || filter.api_token.is_some()) {
            return Err(Error::Forbidden("look for who did something"));
        }
        let identity = ListIdentity::of(&["events", &format!("{filter:?}")]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let events = filter.select()?.filter(sight.condition);
        let page = Page::read(ctx, identity, page, events, newest_first).await?;
        let ids = page
            .rows()
            .filter_map(|row| row.actor_id.filter(|_| sight.actors));
        let actors = actors(&reader.snapshot, ids).await?;
        let now = reader.app.clock.now();
        page.shown(|mut row| {
            row.token_id = row.token_id.filter(|_| sight.actors);
            Event::of(row, &actors, now)
        })
    }
}

/// What of the log somebody may see.
struct Sight {
    /// What holds for the events.
    condition: Condition,
    /// Whether they may know who did it.
    actors: bool,
}

impl Sight {
    fn of(principal: &Principal) -> Result<Self> {
        principal.require(Right::ReadEvents)?;
        let reads_drafts = principal.extent(Right::ReadDrafts) == Extent::All;
        let types = principal.types().cloned();
        let condition = Condition::all()
            .add_option(types.map(|types| event::Column::EntryType.is_in(types)))
            .add_option((!reads_drafts).then(tail::shows_in_public));
        Ok(Self {
            condition,
            actors: reads_drafts,
        })
    }
}

fn newest_first() -> Step<event::Model> {
    let by = OrderColumn::new(event::Column::Sequence, |row: &event::Model| {
        row.sequence.into()
    });
    Step {
        by,
        direction: OrderDirection::Desc,
    }
}

/// Refuses names of actions that a database cannot compare.
pub(super) fn check_actions(names: Option<&[String]>) -> Result<()> {
    let has_nul = |names: &[String]| names.iter().any(|name| name.contains('\0'));
    if names.is_some_and(has_nul) {
        let message = "must not hold the character NUL";
        return Err(Error::invalid(
            ProblemCode::Invalid,
            "where.action",
            message,
        ));
    }
    Ok(())
}

impl EventFilter {
    fn select(self) -> Result<Select<event::Entity>> {
        let actors = self.actor.as_ref();
        let actors = actors.map(|ids| parse_accounts(ids, "where.actor"));
        check_actions(self.action.as_deref())?;
        let entry = self.entry.as_ref().map(|id| parse_id(id, "where.entry"));
        let entry: Option<EntryId> = entry.transpose()?;
        let tokens = self.api_token.as_ref();
        let tokens = tokens.map(|ids| parse_all(ids, "where.apiToken"));
        let condition = Condition::all()
            .add_option(self.action.map(|names| event::Column::Action.is_in(names)))
            .add_option(
                actors
                    .transpose()?
                    .map(|ids| event::Column::ActorId.is_in(ids)),
            )
            .add_option(
                tokens
                    .transpose()?
                    .map(|ids| event::Column::TokenId.is_in(ids)),
            )
            .add_option(entry.map(|id| event::Column::EntryId.eq(id.uuid)))
            .add_option(on(
                "where.occurredAt".to_owned(),
                self.occurred_at.as_ref(),
                event::Column::OccurredAt,
            )?);
        Ok(event::Entity::find().filter(condition))
    }
}

impl Event {
    fn of(row: event::Model, actors: &HashMap<Uuid, Actor>, now: Instant) -> Self {
        let entry_id = row.entry_id.zip(row.entry_type);
        let entry_id = entry_id.map(|(uuid, content_type)| EntryId { content_type, uuid });
        let shown = entry_id.filter(|_| tail::may_show(&row.action));
        let cache_tags = shown.map(cache_tag::of_all_around).unwrap_or_default();
        let again = (!cache_tags.is_empty()).then_some(cache_tag::PURGE_AGAIN_AFTER_SECONDS);
        Self {
            sequence: row.sequence,
            id: row.id.simple().to_string().into(),
            // A clock may have been ahead.
            occurred_at: DateTime(Ord::min(row.occurred_at, now)),
            action: row.action,
            actor: row.actor_id.and_then(|id| actors.get(&id).cloned()),
            api_token_id: row.token_id.map(|id| public_id(id).into()),
            entry_id: entry_id.map(|id| id.to_string().into()),
            revision: row.revision,
            cache_tags,
            purge_again_after_seconds: again,
        }
    }
}
