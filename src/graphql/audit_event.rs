//! The audit log, for admins.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Instant, audit_event};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select, prelude::Uuid};

use super::{
    account::reader,
    actor::{Actor, account_id, actors, parse_accounts},
    event::check_actions,
    page::Page,
};
use crate::{
    auth::Right,
    content::{
        connection::Connection,
        filter::{DateTimeFilter, on},
        order::{OrderColumn, OrderDirection, Step},
        page_args::{ListIdentity, RawPageArgs},
        scalar::DateTime,
    },
    error::Result,
};

/// A record of the audit log: a sign-in, or a change of an account, a token or a setting.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditEvent {
    /// Its id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime,
    /// What happened, such as `session.created` or `account.suspended`.
    action: String,
    /// Who did it; null for Kindling itself, and where nobody is signed in.
    actor: Option<Actor>,
    /// The account that it concerns, which may be erased; null if it concerns none, or an unknown one.
    account_id: Option<ID>,
    /// What belongs to the account, or which role or client it concerns, such as `session_…` or `role_admin`.
    target_id: Option<ID>,
    /// The network that it came from; null once the setting `address_retention_days` no longer allows to keep it, or the account
    /// is erased.
    network: Option<String>,
}

/// Filter for the audit log. Conditions are combined with AND.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditEventFilter {
    /// Events of one of these actions; at most 100.
    #[graphql(validator(max_items = 100))]
    action: Option<Vec<String>>,
    /// Events caused by one of these accounts; at most 100.
    #[graphql(validator(max_items = 100))]
    actor: Option<Vec<ID>>,
    /// Events that concern one of these accounts; at most 100.
    #[graphql(validator(max_items = 100))]
    account: Option<Vec<ID>>,
    /// Events in this span of time.
    occurred_at: Option<DateTimeFilter>,
}

/// Queries of the audit log.
#[derive(Default)]
pub struct AuditEventQuery;

#[Object]
impl AuditEventQuery {
    /// The audit log, the newest event first: sign-ins, and changes of accounts, tokens and settings. For admins.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(
            name = "where",
            desc = "Filter for the list. Conditions are combined with AND."
        )]
        filter: Option<AuditEventFilter>,
    ) -> Result<Connection<AuditEvent>> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::ReadAuditEvents)?;
        let filter = filter.unwrap_or_default();
        let identity = ListIdentity::of(&["auditEvents", &format!("{filter:?}")]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = Page::read(ctx, identity, page, filter.select()?, newest_first).await?;
        let actors = actors(&reader.snapshot, page.rows().filter_map(|row| row.actor_id)).await?;
        let now = reader.app.clock.now();
        page.shown(|row| AuditEvent::of(row, &actors, now))
    }
}

fn newest_first() -> Step<audit_event::Model> {
    let by = OrderColumn::new(audit_event::Column::Sequence, |row: &audit_event::Model| {
        row.sequence.into()
    });
    Step {
        by,
        direction: OrderDirection::Desc,
    }
}

impl AuditEventFilter {
    fn select(self) -> Result<Select<audit_event::Entity>> {
        check_actions(self.action.as_deref())?;
        let accounts = |ids: Option<Vec<ID>>, path: &str| {
            let parsed = ids.map(|ids| parse_accounts(&ids, path));
            parsed.transpose() as Result<Option<Vec<Uuid>>>
        };
        let condition = Condition::all()
            .add_option(
                self.action
                    .map(|names| audit_event::Column::Action.is_in(names)),
            )
            .add_option(
                accounts(self.actor, "where.actor")?
                    .map(|ids| audit_event::Column::ActorId.is_in(ids)),
            )
            .add_option(
                accounts(self.account, "where.account")?
                    .map(|ids| audit_event::Column::AccountId.is_in(ids)),
            )
            .add_option(on(
                "where.occurredAt".to_owned(),
                self.occurred_at.as_ref(),
                audit_event::Column::OccurredAt,
            )?);
        Ok(audit_event::Entity::find().filter(condition))
    }
}

impl AuditEvent {
    fn of(row: audit_event::Model, actors: &HashMap<Uuid, Actor>, now: Instant) -> Self {
        Self {
            id: format!("audit_event_{}", row.id.simple()).into(),
            // A clock may have been ahead.
            occurred_at: DateTime(Ord::min(row.occurred_at, now)),
            action: row.action,
            actor: row.actor_id.and_then(|id| actors.get(&id).cloned()),
            account_id: row.account_id.map(account_id),
            target_id: row.target.map(ID::from),
            network: row.network,
        }
    }
}
