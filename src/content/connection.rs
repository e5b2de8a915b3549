//! Connections as in Relay's specification: a page of a list, with cursors.

use std::borrow::Cow;

use async_graphql::{Description, Object, OutputType, SimpleObject, TypeName};

use super::{page_args::ListIdentity, read::Slice};
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
#[derive(Clone)]
pub struct Edge<N> {
    /// Its place.
    pub cursor: String,
    /// What stands there.
    pub node: N,
}

/// A page of a list.
pub struct Connection<N> {
    /// The entries and their places.
    pub edges: Vec<Edge<N>>,
    /// Where the page lies.
    pub page_info: PageInfo,
    /// The length of the whole list, where it was asked for.
    pub total_count: Option<u64>,
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

impl<N: OutputType> Description for Edge<N> {
    fn description() -> &'static str {
        "An entry and its place in the list."
    }
}

#[Object(name_type, use_type_description)]
impl<N: OutputType> Edge<N> {
    /// Its place, which `after` and `before` take with the same order and filter.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The entry.
    async fn node(&self) -> &N {
        &self.node
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> Description for Connection<N> {
    fn description() -> &'static str {
        "A page of a list."
    }
}

#[Object(name_type, use_type_description)]
impl<N: OutputType> Connection<N> {
    /// The entries of the page, with their cursors.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The entries of the page.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> &PageInfo {
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
            edges.extend(node(row).map(|node| Edge { cursor, node }));
        }
        let page_info = PageInfo {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(Self {
            edges,
            page_info,
            total_count,
        })
    }
}
