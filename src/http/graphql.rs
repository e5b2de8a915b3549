//! GraphQL over HTTP: queries by POST with a JSON body or by GET, and where requests with files go.

use async_graphql::{Request, Response as Answer, Variables, parser::types::OperationType};
use axum::{
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;

use super::{
    cookies,
    credentials::{self, Caller, PRIVATE},
    multipart, reply,
};
use crate::{
    app::App,
    auth::Principal,
    graphql::{Schema, document, idempotency::IdempotencyKey},
};

/// What the endpoint needs.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// The application.
    pub(super) app: App,
    /// The schema that answers.
    pub(super) schema: Schema,
    /// The largest body of a request.
    pub(super) max_body_bytes: usize,
}

const GRAPHQL_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
/// The longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// The parameters of a request, as the GraphQL-over-HTTP specification names them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: String,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[expect(dead_code, reason = "a client may send it; nothing here reads it")]
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Parameters {
    pub(super) fn into_request(self) -> Request {
        let variables = Variables::from_json(serde_json::Value::Object(
            self.variables.unwrap_or_default(),
        ));
        let request = Request::new(self.query).variables(variables);
        match self.operation_name {
            Some(name) => request.operation_name(name),
            None => request,
        }
    }
}

/// A query, sent as JSON.
pub(super) async fn post(State(endpoint): State<Endpoint>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    if multipart::is_multipart(&parts.headers) {
        return multipart::post(&endpoint, &parts, body).await;
    }
    if !is_json(&parts.headers) {
        // Other types can be sent across sites without asking first.
        return bad(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as application/json, or as multipart/form-data if it has files",
        );
    }
    let caller = match credentials::caller(&endpoint.app, &parts).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let body = match Limited::new(body, endpoint.max_body_bytes).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return reply::error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "TOO_LARGE",
                "the request body is too large",
            );
        }
        Err(_) => return bad(StatusCode::BAD_REQUEST, "the request body ended early"),
    };
    match serde_json::from_slice::<Parameters>(&body) {
        Ok(parameters) => {
            let request = parameters.into_request();
            execute(&endpoint, &parts.headers, request, caller).await
        }
        Err(error) => bad(
            StatusCode::BAD_REQUEST,
            &format!(
                "the request body is no GraphQL request: {}",
                reply::wrong_in_json(&error)
            ),
        ),
    }
}

/// A query, sent in the address. Operations that change something are refused.
pub(super) async fn get(State(endpoint): State<Endpoint>, request: HttpRequest) -> Response {
    let (head, _) = request.into_parts();
    let caller = match credentials::caller(&endpoint.app, &head).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let parameters = match parameters_of(head.uri.query().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(message) => return bad(StatusCode::BAD_REQUEST, &message),
    };
    let mut request = parameters.into_request();
    let name = request.operation_name.clone();
    if document::parse(&mut request).is_ok()
        && let Ok(document) = request.parsed_query()
    {
        let mut operations = document.operations.iter();
        let asked = |operation: Option<&str>| name.is_none() || operation == name.as_deref();
        let changes = operations.any(|(operation, definition)| {
            asked(operation.map(async_graphql::Name::as_str))
                && definition.node.ty != OperationType::Query
        });
        if changes {
            let message = "only queries can be sent by GET";
            let mut response = reply::error(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                message,
            );
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
    }
    execute(&endpoint, &head.headers, request, caller).await
}

fn parameters_of(query: &str) -> Result<Parameters, String> {
    let mut found = Parameters {
        query: String::new(),
        operation_name: None,
        variables: None,
        extensions: None,
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "query" => found.query = value.into_owned(),
            "operationName" => {
                found.operation_name = Some(value.into_owned()).filter(|name| !name.is_empty());
            }
            "variables" if !value.is_empty() => {
                let variables = serde_json::from_str(&value);
                found.variables = variables.map_err(|error| {
                    let wrong = reply::wrong_in_json(&error);
                    format!("variables are no JSON object: {wrong}")
                })?;
            }
            _ => {}
        }
    }
    if found.query.is_empty() {
        Err("the parameter query is missing".to_owned())
    } else {
        Ok(found)
    }
}

/// The answer to an operation.
pub(super) async fn execute(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    mut request: Request,
    caller: Caller,
) -> Response {
    let Caller {
        principal, client, ..
    } = caller;
    let changes = changes(&mut request);
    if changes && caller.is_forgeable {
        return cookies::refused();
    }
    let with_cookies = caller.browser.is_proven;
    let is_private = changes || with_cookies || principal != Principal::Anonymous;
    let request = request.data(client).data(caller.browser);
    let request = match idempotency_key(headers) {
        Ok(Some(key)) => request.data(key),
        Ok(None) => request,
        Err(message) => return bad(StatusCode::BAD_REQUEST, message),
    };
    let answer = endpoint.schema.execute(request, principal).await;
    let mut response = written(&answer, headers);
    let headers = response.headers_mut();
    for cookie in answer.http_headers.get_all(header::SET_COOKIE) {
        let mut cookie = cookie.clone();
        cookie.set_sensitive(true);
        headers.append(header::SET_COOKIE, cookie);
    }
    if is_private {
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    if with_cookies {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    response
}

/// The key under which the operation is done only once.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, &'static str> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) => {
            Ok(Some(IdempotencyKey(key.to_owned())))
        }
        _ => Err("Idempotency-Key must be 1 to 255 visible characters"),
    }
}

/// Whether the document has an operation that is no query.
fn changes(request: &mut Request) -> bool {
    document::parse(request).is_ok()
        && request.parsed_query().is_ok_and(|document| {
            let mut operations = document.operations.iter();
            operations.any(|(_, operation)| operation.node.ty != OperationType::Query)
        })
}

fn written(answer: &Answer, headers: &HeaderMap) -> Response {
    let graphql_json = accepts_graphql_json(headers);
    let status = status_of(answer, graphql_json);
    match serde_json::to_vec(&Wire::of(answer)) {
        Ok(body) => reply::json(status, if graphql_json { GRAPHQL_JSON } else { JSON }, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            reply::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL",
                "something went wrong on the server",
            )
        }
    }
}

/// An answer as the specification wants it: without `data` if the operation never began.
#[derive(serde::Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a async_graphql::Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [async_graphql::ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, async_graphql::Value>,
}

impl<'a> Wire<'a> {
    fn of(answer: &'a Answer) -> Self {
        let data = (!never_began(answer)).then_some(&answer.data);
        Self {
            data,
            errors: &answer.errors,
            extensions: &answer.extensions,
        }
    }
}

/// Whether the document could not be executed at all: an error without the path of a field says so.
fn never_began(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && answer.errors.iter().any(|error| error.path.is_empty())
}

fn status_of(answer: &Answer, graphql_json: bool) -> StatusCode {
    // With application/json a client cannot tell our status from a proxy's, so it is 200 for every answer.
    if graphql_json && never_began(answer) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

fn accepts_graphql_json(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|range| range.split(';').next().map(str::trim) == Some(GRAPHQL_JSON))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(JSON))
}

fn bad(status: StatusCode, message: &str) -> Response {
    reply::error(status, "BAD_REQUEST", message)
}
