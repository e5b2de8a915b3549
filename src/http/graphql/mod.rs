//! GraphQL over HTTP: operations by POST with a JSON body, queries by GET, and where requests with files go.

mod batch;
mod caching;
mod encoded;
mod known;
mod media;
mod parameters;

use std::{num::NonZeroU32, pin::pin, sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use self::caching::{Asking, CONTENT_VERSION};
use self::parameters::without_mark;
pub(super) use self::{caching::Caching, known::Known, media::Media, parameters::Parameters};
use super::{
    client::client_of,
    cookies,
    credentials::{self, Caller},
    multipart, rate_limit, reply,
};
use crate::{
    app::App,
    auth::Principal,
    content::upload::Uploads,
    delivery::{Allowance, Answer, Asked, Delivery, Sender},
    graphql::idempotency::IdempotencyKey,
};

/// What the endpoint needs.
pub(super) struct Endpoint {
    /// The application.
    pub(super) app: App,
    /// What answers.
    pub(super) delivery: Arc<Delivery>,
    /// What caches may do with answers.
    pub(super) caching: Caching,
    /// Queries that were posted before.
    pub(super) known_posts: Known,
    /// Queries that came in addresses before.
    pub(super) known_addresses: Known,
    /// The largest body of a request.
    pub(super) max_body_bytes: usize,
}

/// A body that takes longer than this is not waited for before its sender is known.
const SLOW_BODY: Duration = Duration::from_millis(100);
/// The longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// An operation, or several of them, sent as JSON.
pub(super) async fn post(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answered = match Media::of(&head.headers) {
        Some(_)
            if multipart::is_multipart(&head.headers) && !encoded::is_identity(&head.headers) =>
        {
            Err(encoded::Fault::Form.into())
        }
        Some(media) if multipart::is_multipart(&head.headers) => {
            Ok(Box::pin(multipart::post(&endpoint, media, &head, body)).await)
        }
        Some(media) => posted(&endpoint, media, &head, body).await,
        None => Err(not_acceptable()),
    };
    for_same_credentials(answered)
}

async fn posted(
    endpoint: &Endpoint,
    media: Media,
    head: &Parts,
    body: Body,
) -> Result<Response, Response> {
    if !media::is_json(&head.headers) {
        // Other types can be sent across sites without asking first.
        let message = "send the request as application/json in UTF-8, or as multipart/form-data if it has files";
        return Err(bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let (body, caller, allowance) = receive(endpoint, head, body).await?;
    let body = encoded::decoded(&head.headers, body, endpoint.max_body_bytes)?;
    let answered = answer_body(endpoint, media, head, &body, caller).await;
    let response = answered.unwrap_or_else(|refusal| refusal);
    Ok(rate_limit::told(allowance, response))
}

/// The body, and who sent it. Credentials that are revoked while the body comes must not be used, so they are verified once it
/// is complete. Whoever sends it slowly is refused before, where it would be refused in the end.
async fn receive(
    endpoint: &Endpoint,
    head: &Parts,
    body: Body,
) -> Result<(Bytes, Caller, Option<Allowance>), Response> {
    let mut reading = pin!(read(body, endpoint.max_body_bytes));
    if let Ok(body) = timeout(SLOW_BODY, reading.as_mut()).await {
        let body = body?;
        let (caller, allowance) = endpoint.caller(head).await?;
        return Ok((body, caller, allowance));
    }
    let (_, allowance) = endpoint.caller(head).await?;
    let body = reading.await?;
    let caller = credentials::caller(&endpoint.app, head).await?;
    Ok((body, caller, allowance))
}

async fn answer_body(
    endpoint: &Endpoint,
    media: Media,
    head: &Parts,
    body: &Bytes,
    caller: Caller,
) -> Result<Response, Response> {
    let body = without_mark(body);
    if batch::is_batch(&body) {
        return Box::pin(batch::answer(endpoint, media, &head.headers, &body, caller)).await;
    }
    if let Some(asked) = endpoint.known_posts.get(&body) {
        return Ok(answer_one(endpoint, media, head, asked, None, caller).await);
    }
    let parameters: Parameters = serde_json::from_slice(&body).map_err(|error| {
        let message = format!(
            "the request body is no GraphQL request: {}",
            reply::wrong_in_json(&error)
        );
        bad(StatusCode::BAD_REQUEST, &message)
    })?;
    let is_lasting = endpoint.delivery.is_lasting(&parameters.wanted);
    let asked = match Box::pin(endpoint.asked(parameters, &caller.principal)).await {
        Ok(asked) => Arc::new(asked),
        Err(refusal) => return Ok(media.refused(&refusal)),
    };
    let response = answer_one(endpoint, media, head, Arc::clone(&asked), None, caller).await;
    if is_lasting {
        endpoint.known_posts.keep(&body, &asked);
    }
    Ok(response)
}

async fn read(body: Body, most_bytes: usize) -> Result<Bytes, Response> {
    match Limited::new(body, most_bytes).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(bad(StatusCode::BAD_REQUEST, "the request body ended early")),
    }
}

/// The answer, which a cache may give to those only who come with the same credentials; cookies are none without their header.
fn for_same_credentials(answered: Result<Response, Response>) -> Response {
    let mut response = answered.unwrap_or_else(|refusal| refusal);
    let vary = HeaderValue::from_static("Authorization, Kindling-CSRF");
    response.headers_mut().append(header::VARY, vary);
    response
}

/// A query, sent in the address. Operations that change something are refused.
pub(super) async fn get(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let answered = match Media::of(&head.headers) {
        Some(media) => got(&endpoint, media, &head).await,
        None => Err(not_acceptable()),
    };
    for_same_credentials(answered)
}

async fn got(endpoint: &Endpoint, media: Media, head: &Parts) -> Result<Response, Response> {
    let (caller, allowance) = endpoint.caller(head).await?;
    let answered = query(endpoint, media, head, caller).await;
    let response = answered.unwrap_or_else(|refusal| refusal);
    Ok(rate_limit::told(allowance, response))
}

async fn query(
    endpoint: &Endpoint,
    media: Media,
    head: &Parts,
    caller: Caller,
) -> Result<Response, Response> {
    let sent = head.uri.query().unwrap_or_default();
    if let Some(asked) = endpoint.known_addresses.get(sent.as_bytes()) {
        return Ok(answer_one(endpoint, media, head, asked, None, caller).await);
    }
    let parameters =
        Parameters::of_address(sent).map_err(|message| bad(StatusCode::BAD_REQUEST, &message))?;
    let is_lasting = endpoint.delivery.is_lasting(&parameters.wanted);
    let asked = match Box::pin(endpoint.asked(parameters, &caller.principal)).await {
        Ok(asked) => Arc::new(asked),
        Err(refusal) => return Ok(media.refused(&refusal)),
    };
    let is_query = match asked.operation() {
        Some(operation) => operation.kind == OperationType::Query,
        // Nothing of it runs, and the answer says why.
        None => true,
    };
    if is_query {
        let response = answer_one(endpoint, media, head, Arc::clone(&asked), None, caller).await;
        if is_lasting {
            endpoint.known_addresses.keep(sent.as_bytes(), &asked);
        }
        return Ok(response);
    }
    let message = "only queries can be sent by GET";
    let mut response = reply::error(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        message,
    );
    let allow = HeaderValue::from_static("POST");
    response.headers_mut().insert(header::ALLOW, allow);
    Err(response)
}

impl Endpoint {
    /// Who sends a request with this head, and how many operations that one may still send; or the refusal. A request whose
    /// credentials do not hold is counted where those are counted that have none.
    pub(super) async fn caller(
        &self,
        head: &Parts,
    ) -> Result<(Caller, Option<Allowance>), Response> {
        let one = NonZeroU32::MIN;
        let found = credentials::caller(&self.app, head).await;
        let counted = if let Ok(caller) = &found {
            self.delivery.count(&caller.principal, &caller.client, one)
        } else {
            let client = client_of(&self.app, head);
            self.delivery.count(&Principal::Anonymous, &client, one)
        };
        match (found, counted) {
            (_, Err(allowance)) => Err(rate_limit::refused(&allowance)),
            (Ok(caller), Ok(allowance)) => Ok((caller, allowance)),
            (Err(refusal), Ok(allowance)) => Err(rate_limit::told(allowance, refusal)),
        }
    }

    /// The operation that these parameters of somebody ask for; or the answer that says why there is none.
    pub(super) async fn asked(
        &self,
        parameters: Parameters,
        principal: &Principal,
    ) -> Result<Asked, Box<Answer>> {
        let document = self
            .delivery
            .document(&parameters.wanted, principal)
            .await?;
        Ok(Asked::new(
            document,
            parameters.operation_name,
            parameters.variables,
        ))
    }
}

/// The answer to one operation.
pub(super) async fn answer_one(
    endpoint: &Endpoint,
    media: Media,
    head: &Parts,
    asked: Arc<Asked>,
    uploads: Option<Arc<Uploads>>,
    caller: Caller,
) -> Response {
    if caller.is_forgeable && asked.document.changes() {
        return cookies::refused();
    }
    let sender = match sender(&head.headers, caller) {
        Ok(sender) => Sender { uploads, ..sender },
        Err(message) => return bad(StatusCode::BAD_REQUEST, message),
    };
    let with_cookies = sender.browser.is_proven;
    let given = endpoint.delivery.execute(asked, sender).await;
    let asking = Asking::of(&head.method, &head.headers);
    let given = media.given(&endpoint.delivery, &given, &asking, &endpoint.caching);
    let mut response = given.await;
    if with_cookies {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    response
}

/// Who asks, as it concerns the operation.
fn sender(headers: &HeaderMap, caller: Caller) -> Result<Sender, &'static str> {
    let key = idempotency_key(headers);
    Ok(Sender {
        client: caller.client,
        browser: caller.browser,
        key: key?,
        version: version(headers),
        ..Sender::new(caller.principal)
    })
}

/// The version of the content that the answer must not lie before.
fn version(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_VERSION)?.to_str().ok()?;
    Some(value.to_owned())
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

fn not_acceptable() -> Response {
    let message = "answers are application/graphql-response+json or application/json";
    bad(StatusCode::NOT_ACCEPTABLE, message)
}

fn too_large() -> Response {
    let message = "the request body is too large";
    reply::error(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", message)
}

fn bad(status: StatusCode, message: &str) -> Response {
    reply::error(status, "BAD_REQUEST", message)
}
