//! Pages of what is no content: one statement, in the order of one column that no two rows share.

use async_graphql::Context;
use sea_orm::{ColumnTrait, EntityTrait, Select};

use super::account::reader;
use crate::{
    content::{
        connection::Connection,
        order::{Key, OrderColumn, OrderDirection, Step},
        page_args::{ListIdentity, RawPageArgs},
        read::{self, Slice},
    },
    error::Result,
};

/// One page, before its rows are shown as what they are in the API.
pub(super) struct Page<R> {
    list: ListIdentity,
    slice: Slice<R>,
    total: Option<u64>,
}

impl<R> Page<R> {
    /// Reads the page of what is selected. It is counted only if the query asks for that. Cursors are bound to the list of
    /// this identity.
    pub(super) async fn read<E: EntityTrait<Model = R>>(
        ctx: &Context<'_>,
        list: ListIdentity,
        args: RawPageArgs,
        select: Select<E>,
        order: fn() -> Step<R>,
    ) -> Result<Self>
    where
        R: sea_orm::FromQueryResult + Send + Sync,
    {
        let steps = || vec![order()];
        let args = args.open(&list, |keys| read::fit(&steps(), keys))?;
        let snapshot = &reader(ctx)?.snapshot;
        let total = if ctx.look_ahead().field("totalCount").exists() {
            Some(snapshot.count(select.clone()).await?)
        } else {
            None
        };
        let slice = read::slice(snapshot, select, steps, &args).await?;
        Ok(Self { list, slice, total })
    }

    /// The rows of the page.
    pub(super) fn rows(&self) -> impl Iterator<Item = &R> {
        self.slice.rows.iter().map(|(_, row)| row)
    }

    /// The page as the API shows it.
    pub(super) fn shown<N>(self, mut node: impl FnMut(R) -> N) -> Result<Connection<N>> {
        Connection::of(&self.list, self.slice, self.total, |row| Some(node(row)))
    }
}

/// The newest first, by ids that are made in the order of time.
pub(super) fn newest_first<R>(column: impl ColumnTrait, id: fn(&R) -> Key) -> Step<R> {
    Step {
        by: OrderColumn::of_id(column, id),
        direction: OrderDirection::Desc,
    }
}
