//! The requests: the page in several ways, and lists.

use serde_json::{Value, json};

use crate::site;
use crate::support::client;

const PAGE: &str = include_str!("page.graphql");
const SMALL: &str = "query($slug: String!) { page(by: {slug: $slug}) { id title tagline } }";
/// Twenty milestones, the newest first.
pub(crate) const BY_DATE: &str = "query($after: String) {
    milestones(first: 20, after: $after, orderBy: [{field: DATE, direction: DESC}]) {
        nodes { id date title image { url alternativeText width height } } pageInfo { hasNextPage endCursor }
    }
}";
/// Twenty people by name.
pub(crate) const BY_NAME: &str = "query($after: String) {
    teamMembers(first: 20, after: $after, orderBy: [{field: NAME}]) {
        nodes { id name role photo { url alternativeText width height } } pageInfo { hasNextPage endCursor }
    }
}";
/// Requests of which no two are alike, which is as many as there are connections, or more: what is asked alike at the same moment is
/// executed once.
const DIFFERENT: u32 = 64;

/// Who sees the page.
#[derive(Clone, Copy)]
pub(crate) enum Viewer<'a> {
    Visitor,
    /// An editor, with an access token, who sees the draft.
    Editor(&'a str),
}

pub(crate) fn page() -> Vec<Vec<u8>> {
    let body = json!({ "query": PAGE, "variables": variables(Viewer::Visitor) });
    vec![client::post_graphql(&body.to_string(), None)]
}

pub(crate) fn small() -> Vec<Vec<u8>> {
    let body = json!({ "query": SMALL, "variables": { "slug": site::SLUG } });
    vec![client::post_graphql(&body.to_string(), None)]
}

pub(crate) fn different_pages(viewer: Viewer<'_>) -> Vec<Vec<u8>> {
    different(PAGE, &variables(viewer), viewer)
}

/// A list from a cursor on, or from its beginning.
pub(crate) fn lists(query: &str, after: Option<&str>) -> Vec<Vec<u8>> {
    different(query, &json!({ "after": after }), Viewer::Visitor)
}

/// The address of the page for GET.
pub(crate) fn path() -> String {
    let variables = variables(Viewer::Visitor).to_string();
    let parameters = [("query", PAGE), ("variables", &variables)];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/graphql?{query}")
}

fn different(query: &str, variables: &Value, viewer: Viewer<'_>) -> Vec<Vec<u8>> {
    let token = match viewer {
        Viewer::Visitor => None,
        Viewer::Editor(token) => Some(token),
    };
    let request = |number: u32| {
        let mut variables = variables.clone();
        variables["number"] = number.into();
        let body = json!({ "query": query, "variables": variables });
        client::post_graphql(&body.to_string(), token)
    };
    (0..DIFFERENT).map(request).collect()
}

fn variables(viewer: Viewer<'_>) -> Value {
    let view = match viewer {
        Viewer::Visitor => json!({ "locales": ["en"] }),
        Viewer::Editor(_) => json!({ "locales": ["en"], "perspective": "DRAFT" }),
    };
    json!({ "by": { "slug": site::SLUG }, "view": view })
}
