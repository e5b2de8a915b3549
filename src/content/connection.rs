//! Connections as in Relay's specification: a page of a list, with cursors.

use std::borrow::Cow;

use async_graphql::{Description, Object, OutputType, SimpleObject, TypeName};

use super::{page_args::ListIdentity, read::Slice, types::metered::Metered};
use crate::error::Result;

/// Where a page lies in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether the list goes on after the page.
    pub has_next_page: bool,
    /// Whether the list begins before the page.
    pub has_previous_page: bool,
    /// The cursor of the first entry of the page.
    pub start_cursor: Option<String>,
    /// The cursor of the last entry of the page.
    pub end_cursor: Option<String>,
}

/// An entry and its place in the list.
pub type Edge<N> = Metered<EdgeFields<N>>;

/// The fields of an edge.
#[derive(Clone)]
pub struct EdgeFields<N> {
    /// Its place.
    pub cursor: String,
    /// What stands there.
    pub node: N,
}

/// A page of a list.
pub type Connection<N> = Metered<ConnectionFields<N>>;

/// The fields of a connection.
pub struct ConnectionFields<N> {
    /// The entries and their places.
    pub edges: Vec<Edge<N>>,
    /// Where the page lies.
    pub page_info: Metered<PageInfo>,
    /// The length of the whole list, where it was asked for.
    pub total_count: Option<u64>,
}

impl<N: OutputType> TypeName for EdgeFields<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

impl<N: OutputType> Description for EdgeFields<N> {
    fn description() -> &'static str {
        "An entry and its place in the list."
    }
}

#[Object(name_type, use_type_description)]
impl<N: OutputType> EdgeFields<N> {
    /// Its place, which `after` and `before` take with the same order and filter.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The entry.
    async fn node(&self) -> &N {
        &self.node
    }
}

impl<N: OutputType> TypeName for ConnectionFields<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> Description for ConnectionFields<N> {
    fn description() -> &'static str {
        "A page of a list."
    }
}

#[Object(name_type, use_type_description)]
impl<N: OutputType> ConnectionFields<N> {
    /// The entries of the page, with their cursors.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The entries of the page.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> &Metered<PageInfo> {
        &self.page_info
    }

    /// The length of the whole list. It is counted only if this field is selected.
    async fn total_count(&self) -> u64 {
        self.total_count.unwrap_or_default()
    }
}

impl<N> Connection<N> {
    /// The page of a list of this identity, with what `node` makes of each row.
    pub fn of<R>(
        list: &ListIdentity,
        slice: Slice<R>,
        total_count: Option<u64>,
        mut node: impl FnMut(R) -> Option<N>,
    ) -> Result<Self> {
        let mut edges = Vec::with_capacity(slice.rows.len());
        for (keys, row) in slice.rows {
            let cursor = list.cursor(&keys)?;
            edges.extend(node(row).map(|node| Metered(EdgeFields { cursor, node })));
        }
        let page_info = PageInfo {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(Self(ConnectionFields {
            edges,
            page_info: Metered(page_info),
            total_count,
        }))
    }
}
