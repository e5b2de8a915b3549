//! The editor's work list: entries of all types, by what is to be done with them.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, InputType, Object};
use entity::entry_id::EntryId;

use super::actor::parse_account_id;
use crate::{
    content::{
        connection::Connection,
        filter::{DateTimeFilter, on},
        order::OrderDirection,
        page_args::{ListIdentity, RawPageArgs},
        read,
        status::EntryStatus,
        types::{AnyEntry, EntryType, entries_of, reader},
        view::{ContentView, Perspective},
        work_list::{By, Wanted, WorkList},
    },
    error::{Error, ProblemCode, Result},
};

/// Which entries the list holds. Everything that is named must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct EntryFilter {
    /// Of one of these types; at most 100.
    #[graphql(validator(max_items = 100))]
    r#type: Option<Vec<EntryType>>,
    /// With one of these statuses; at most 100.
    #[graphql(validator(max_items = 100))]
    status: Option<Vec<EntryStatus>>,
    /// Created by one of these accounts; at most 100.
    #[graphql(validator(max_items = 100))]
    created_by: Option<Vec<ID>>,
    /// By the time at which the entry was created.
    created_at: Option<DateTimeFilter>,
    /// By the time at which something last happened to it.
    updated_at: Option<DateTimeFilter>,
    /// Says this somewhere, in any locale, whatever its case, accents, width, quotes and dashes; at most 200 characters.
    text: Option<String>,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct EntryOrder {
    /// By what.
    field: EntryOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// By what the list can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub enum EntryOrderField {
    /// By the time at which something last happened to the entry.
    UpdatedAt,
    /// By the time at which the entry was created.
    CreatedAt,
}

/// The longest text to look for, in characters.
const LONGEST_TEXT: usize = 200;

/// Questions about the work list.
#[derive(Default)]
pub struct WorkListQuery;

#[Object]
impl WorkListQuery {
    /// All entries whose drafts you may read, those in the trash, too, as drafts; the last changed first.
    #[expect(
        clippy::too_many_arguments,
        reason = "GraphQL's arguments cannot be taken as a struct"
    )]
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which entries the list holds.")] filter: Option<
            EntryFilter,
        >,
        #[graphql(desc = "The order of the list.")] order_by: Option<EntryOrder>,
    ) -> Result<Connection<AnyEntry>> {
        let reader = reader(ctx)?;
        let filter = filter.unwrap_or_default();
        let order = order_by.unwrap_or(EntryOrder {
            field: EntryOrderField::UpdatedAt,
            direction: OrderDirection::Desc,
        });
        let identity = ListIdentity::of(&[
            "entries",
            &filter.to_value().to_string(),
            &order.to_value().to_string(),
        ]);
        let wanted = filter.wanted()?;
        let (by, direction) = (order.field.into(), order.direction);
        let work = WorkList::open(&reader.principal, wanted, by, direction)?;
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = page.open(&identity, |keys| read::fit(&work.order(), keys))?;
        let snapshot = &reader.snapshot;
        let selected = |field: &str| ctx.look_ahead().field(field);
        let total = if selected("totalCount").exists() {
            Some(work.count(snapshot).await?)
        } else {
            None
        };
        let slice = work.page(snapshot, &page).await?;
        let id = |row: &entity::entry::Model| EntryId {
            content_type: row.r#type,
            uuid: row.id,
        };
        let ids: Vec<EntryId> = slice.rows.iter().map(|(_, row)| id(row)).collect();
        let view = reader.open(Some(ContentView {
            perspective: Perspective::Draft,
            ..ContentView::default()
        }))?;
        let views = (view.with_trash(), view);
        let selections = [selected("nodes"), selected("edges").field("node")].map(Arc::new);
        let mut entries = entries_of(reader, &ids, views, &selections)
            .await?
            .into_iter();
        Connection::of(&identity, slice, total, |_| entries.next().flatten())
    }
}

impl EntryFilter {
    fn wanted(self) -> Result<Wanted> {
        let invalid =
            |path: String, message: &str| Error::invalid(ProblemCode::Invalid, path, message);
        let account = |(at, id): (usize, &ID)| {
            let path = format!("where.createdBy.{at}");
            parse_account_id(id).ok_or_else(|| invalid(path, "is not an id of an account"))
        };
        let created_by = self.created_by.as_ref().map(|ids| {
            let ids = ids.iter().enumerate().map(account);
            ids.collect::<Result<Vec<_>>>()
        });
        let is_no_text = |text: &String| text.chars().count() > LONGEST_TEXT || text.contains('\0');
        if self.text.as_ref().is_some_and(is_no_text) {
            let message = "must be at most 200 characters, without NUL";
            return Err(invalid("where.text".to_owned(), message));
        }
        let created = entity::entry::Column::CreatedAt;
        let created_at = on(
            "where.createdAt".to_owned(),
            self.created_at.as_ref(),
            created,
        )?;
        let updated = entity::entry::Column::UpdatedAt;
        let updated_at = on(
            "where.updatedAt".to_owned(),
            self.updated_at.as_ref(),
            updated,
        )?;
        Ok(Wanted {
            types: self
                .r#type
                .map(|types| types.into_iter().map(Into::into).collect()),
            statuses: self.status,
            created_by: created_by.transpose()?,
            text: self.text.filter(|text| !text.trim().is_empty()),
            conditions: created_at.into_iter().chain(updated_at).collect(),
        })
    }
}
