//! Where an entry is used.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::entry_id::EntryId;

use crate::{
    content::{
        connection::Connection,
        page_args::{ListIdentity, RawPageArgs},
        read,
        types::{AnyEntry, entries_of, parse_id, reader},
        used_by::UsedBy,
        view::ContentView,
    },
    error::Result,
};

/// A place in which an entry is used.
#[derive(Clone, SimpleObject)]
pub struct Usage {
    /// The entry that refers to it.
    entry: AnyEntry,
    /// The field that does, such as `sections`.
    field: String,
}

impl Usage {
    /// That the field of this entry refers to it.
    pub(super) fn new(entry: AnyEntry, field: String) -> Self {
        Self { entry, field }
    }
}

/// Questions about who refers to whom.
#[derive(Default)]
pub struct UsageQuery;

#[Object]
impl UsageQuery {
    /// Where an entry is used, as far as the view shows it; null if the view does not show the entry itself.
    #[expect(
        clippy::too_many_arguments,
        reason = "GraphQL's arguments cannot be taken as a struct"
    )]
    async fn used_by(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] id: ID,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "What to look at; the past cannot be.")] view: Option<ContentView>,
    ) -> Result<Option<Connection<Usage>>> {
        let reader = reader(ctx)?;
        let id = parse_id(&id, "id")?;
        let view = reader.open(view)?;
        let used_by = UsedBy::open(&view, id)?;
        let identity = ListIdentity::of(&["usedBy", &id.to_string()]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = page.open(&identity, |keys| read::fit(&UsedBy::order(), keys))?;
        let snapshot = &reader.snapshot;
        let shown = entries_of(reader, &[id], (view.clone(), view.clone()), &[]).await?;
        if shown.iter().flatten().next().is_none() {
            return Ok(None);
        }
        let selected = |field: &str| ctx.look_ahead().field(field);
        let total = if selected("totalCount").exists() {
            Some(used_by.count(snapshot).await?)
        } else {
            None
        };
        let slice = used_by.page(snapshot, &page).await?;
        let owners: Vec<EntryId> = slice.rows.iter().map(|(_, row)| row.owner()).collect();
        let selections = [selected("nodes"), selected("edges").field("node")];
        let selections = selections.map(|selection| Arc::new(selection.field("entry")));
        let entries = entries_of(reader, &owners, (view.clone(), view), &selections).await?;
        let mut entries = entries.into_iter();
        let usage = |row: crate::content::used_by::Row| {
            let entry = entries.next().flatten()?;
            Some(Usage::new(entry, row.field))
        };
        Connection::of(&identity, slice, total, usage).map(Some)
    }
}
