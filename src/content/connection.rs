//! Connections as in Relay's specification: a page of a list, with cursors.

use std::borrow::Cow;

use async_graphql::{Description, Object, SimpleObject, TypeName};

use super::{Content, object::Entry};

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
pub struct Edge<C> {
    /// Its place.
    pub cursor: String,
    /// The entry.
    pub node: Entry<C>,
}

/// A page of a list.
pub struct Connection<C> {
    /// The entries and their places.
    pub edges: Vec<Edge<C>>,
    /// Where the page lies.
    pub page_info: PageInfo,
    /// The length of the whole list, where it was asked for.
    pub total_count: Option<u64>,
}

impl<C: Content> TypeName for Edge<C> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", C::NAME).into()
    }
}

impl<C: Content> Description for Edge<C> {
    fn description() -> &'static str {
        "An entry and its place in the list."
    }
}

#[Object(name_type, use_type_description)]
impl<C: Content> Edge<C> {
    /// Its place, which `after` and `before` take with the same order and filter.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The entry.
    async fn node(&self) -> &Entry<C> {
        &self.node
    }
}

impl<C: Content> TypeName for Connection<C> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", C::NAME).into()
    }
}

impl<C: Content> Description for Connection<C> {
    fn description() -> &'static str {
        "A page of a list."
    }
}

#[Object(name_type, use_type_description)]
impl<C: Content> Connection<C> {
    /// The entries of the page, with their cursors.
    async fn edges(&self) -> &[Edge<C>] {
        &self.edges
    }

    /// The entries of the page.
    async fn nodes(&self) -> Vec<&Entry<C>> {
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
