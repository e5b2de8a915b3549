//! The editor's work list: all entries whose drafts somebody may read, of all types, with those in the trash.

use entity::{entry, entry::ContentType, search_text};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    prelude::{Expr, Uuid},
    sea_query::{LikeExpr, Query},
};

use super::{
    order::{Key, OrderColumn, OrderDirection, Step},
    page_args::PageArgs,
    read::{self, Slice},
    status::EntryStatus,
};
use crate::{
    auth::{Extent, Principal, Right},
    database::Snapshot,
    error::Result,
    fold::fold,
};

/// Which entries the list holds.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of one of these types.
    pub types: Option<Vec<ContentType>>,
    /// With one of these statuses.
    pub statuses: Option<Vec<EntryStatus>>,
    /// Created by one of these accounts.
    pub created_by: Option<Vec<Uuid>>,
    /// That say this, in any locale, whatever its case and accents.
    pub text: Option<String>,
    /// For which these conditions on the entry hold.
    pub conditions: Vec<Condition>,
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When something last happened.
    UpdatedAt,
    /// When the entry was created.
    CreatedAt,
}

/// The entries that somebody wants, as far as they may read their drafts.
pub struct WorkList {
    select: Select<entry::Entity>,
    by: By,
    direction: OrderDirection,
}

impl WorkList {
    /// Refuses those who may read no drafts.
    pub fn open(
        principal: &Principal,
        wanted: Wanted,
        by: By,
        direction: OrderDirection,
    ) -> Result<Self> {
        let mut condition = Condition::all();
        if principal.require(Right::ListDrafts)? != Extent::All {
            condition = condition.add(entry::Column::CreatedBy.eq(principal.account_id()));
        }
        let reached = principal.types().cloned();
        condition = condition.add_option(reached.map(|types| entry::Column::Type.is_in(types)));
        let statuses = wanted.statuses.map(|statuses| {
            let any = statuses.into_iter().map(EntryStatus::condition);
            any.fold(nothing(), Condition::add)
        });
        let texts = wanted.text.map(|text| {
            let says = Query::select()
                .column(search_text::Column::EntryId)
                .from(search_text::Entity)
                .and_where(Expr::col(search_text::Column::Text).like(containing(&text)))
                .to_owned();
            entry::Column::Id.in_subquery(says)
        });
        let condition = condition
            .add_option(wanted.types.map(|types| entry::Column::Type.is_in(types)))
            .add_option(
                wanted
                    .created_by
                    .map(|ids| entry::Column::CreatedBy.is_in(ids)),
            )
            .add_option(statuses)
            .add_option(texts);
        let condition = wanted
            .conditions
            .into_iter()
            .fold(condition, Condition::add);
        Ok(Self {
            select: entry::Entity::find().filter(condition),
            by,
            direction,
        })
    }

    /// The order of the list.
    pub fn order(&self) -> Vec<Step<entry::Model>> {
        let by = match self.by {
            By::UpdatedAt => OrderColumn::new(entry::Column::UpdatedAt, |row: &entry::Model| {
                row.updated_at.into()
            }),
            By::CreatedAt => OrderColumn::new(entry::Column::CreatedAt, |row: &entry::Model| {
                row.created_at.into()
            }),
        };
        let id = OrderColumn::of_id(entry::Column::Id, |row: &entry::Model| Key::Id(row.id));
        let step = |by| Step {
            by,
            direction: self.direction,
        };
        vec![step(by), step(id)]
    }

    /// A page of the list.
    pub async fn page(&self, snapshot: &Snapshot, page: &PageArgs) -> Result<Slice<entry::Model>> {
        read::slice(snapshot, self.select.clone(), || self.order(), page).await
    }

    /// How long the list is.
    pub async fn count(&self, snapshot: &Snapshot) -> Result<u64> {
        snapshot.count(self.select.clone()).await
    }
}

fn nothing() -> Condition {
    Condition::any().add(Expr::val(1).eq(0))
}

/// The pattern of folded texts that hold this text once it is folded.
pub fn containing(text: &str) -> LikeExpr {
    holding(fold(text).trim())
}

/// The pattern of what holds this text; what has a meaning in a pattern is taken as it stands.
pub fn holding(text: &str) -> LikeExpr {
    let escaped: String = text
        .chars()
        .flat_map(|c| {
            matches!(c, '%' | '_' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    LikeExpr::new(format!("%{escaped}%")).escape('\\')
}
