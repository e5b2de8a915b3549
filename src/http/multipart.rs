//! GraphQL with files: `multipart/form-data` with the parts `operations` and `map`, and then the files, as the GraphQL
//! multipart request specification says.

use std::{collections::BTreeMap, panic::resume_unwind, sync::Arc};

use async_graphql::{Value, Variables};
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use multer::{Field, Multipart};
use tracing::Instrument;

use super::{
    cookies,
    credentials::{self, Caller},
    graphql::{Endpoint, Media, Parameters, answer_one},
    pieces::{Pieces, TooMuch},
    rate_limit, reply,
};
use crate::{
    auth::Principal,
    content::upload::{Upload, Uploads},
    delivery::{Answer, Asked},
    error::Error,
    telemetry::traces,
};

/// Most files that one request may carry.
const MOST_FILES: usize = 10;

/// Headers that a foreign site cannot send without asking first. It can send forms.
const UNFORGEABLE: [&str; 4] = [
    "authorization",
    "kindling-csrf",
    "apollo-require-preflight",
    "graphql-preflight",
];

/// Why a request was not executed.
enum Refusal {
    /// It is no request of this kind.
    Malformed(String),
    /// What is not a file is larger than it may be.
    TooLarge,
    /// Its document is refused.
    Answered(Box<Answer>),
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<multer::Error> for Refusal {
    fn from(error: multer::Error) -> Self {
        match &error {
            multer::Error::StreamReadFailed(cause) if is_too_much(cause.as_ref()) => Self::TooLarge,
            multer::Error::StreamReadFailed(_) => {
                Self::Malformed("the request body ended early".to_owned())
            }
            error => Self::Malformed(format!("the request body is no form with files: {error}")),
        }
    }
}

fn is_too_much(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<TooMuch>() || error.source().is_some_and(is_too_much)
}

impl Refusal {
    fn response(self, media: Media) -> Response {
        match self {
            Self::Malformed(message) => {
                reply::error(StatusCode::BAD_REQUEST, "BAD_REQUEST", &message)
            }
            Self::TooLarge => reply::error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "TOO_LARGE",
                "the request without its files is too large",
            ),
            Self::Answered(answer) => media.refused(&answer),
            Self::Failed(error) => reply::failed(&error),
        }
    }
}

/// Whether a request with these headers is for this module.
pub(super) fn is_multipart(headers: &HeaderMap) -> bool {
    content_type(headers)
        .split(';')
        .next()
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("multipart/form-data"))
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An operation with its files.
pub(super) async fn post(
    endpoint: &Arc<Endpoint>,
    media: Media,
    head: &Parts,
    body: Body,
) -> Response {
    let headers = &head.headers;
    if !UNFORGEABLE.iter().any(|name| headers.contains_key(*name)) {
        let message = "send a form with credentials, or with the header GraphQL-Preflight: 1";
        return reply::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message);
    }
    let pieces = Pieces::new(body);
    let refusal = match endpoint.caller(head).await {
        Ok((caller, _)) if caller.is_forgeable => cookies::refused(),
        Ok((caller, allowance)) => {
            match read(endpoint, &caller.principal, headers, &pieces).await {
                Ok((asked, uploads)) => {
                    // The files may have taken long: only credentials that still hold are used.
                    let response = match credentials::caller(&endpoint.app, head).await {
                        Ok(caller) => run(endpoint, media, head, asked, uploads, caller).await,
                        Err(refusal) => refusal,
                    };
                    return rate_limit::told(allowance, response);
                }
                Err(refusal) => rate_limit::told(allowance, refusal.response(media)),
            }
        }
        // Whoever sends too much is not listened to any more.
        Err(refusal) if refusal.status() == StatusCode::TOO_MANY_REQUESTS => return refusal,
        Err(refusal) => refusal,
    };
    pieces.drain(endpoint.app.config.max_upload_bytes).await;
    refusal
}

/// Executes the operation, and removes the files that no asset has in the end. It does so to the end even when nobody waits
/// for the answer any more: whether a change came true must be known before its file is removed.
async fn run(
    endpoint: &Arc<Endpoint>,
    media: Media,
    head: &Parts,
    asked: Asked,
    uploads: Uploads,
    caller: Caller,
) -> Response {
    let (endpoint, head) = (Arc::clone(endpoint), head.clone());
    let task = async move {
        let uploads = Arc::new(uploads);
        let files = Some(Arc::clone(&uploads));
        let response = answer_one(&endpoint, media, &head, Arc::new(asked), files, caller).await;
        // Nobody else holds them once the operation has ended.
        if let Some(uploads) = Arc::into_inner(uploads) {
            uploads.settle().await;
        }
        response
    };
    match tokio::spawn(traces::carried(task.in_current_span())).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => reply::failed(&Error::internal(error)),
        },
    }
}

/// The operation, once all of its files are stored. If this fails or is dropped, none of them stays.
async fn read(
    endpoint: &Endpoint,
    principal: &Principal,
    headers: &HeaderMap,
    pieces: &Pieces,
) -> Result<(Asked, Uploads), Refusal> {
    let boundary = multer::parse_boundary(content_type(headers))?;
    let mut form = Form {
        parts: Multipart::new(pieces.stream(), boundary),
        pieces: pieces.clone(),
        most_text: endpoint.max_body_bytes,
    };
    let parameters = operation(&form.text("operations").await?)?;
    let asked = endpoint.asked(parameters, principal).await;
    let mut asked = asked.map_err(Refusal::Answered)?;
    let mut uploads = Uploads::new(&endpoint.app);
    let map = form.text("map").await?;
    let mut expected = expected(&map, asked.variables_mut(), &mut uploads)?;
    while let Some(mut part) = form.next().await? {
        let upload = part.name().and_then(|name| expected.remove(name));
        let upload = upload.ok_or_else(|| malformed("the map does not name every file, once"))?;
        let mut file = uploads.receive(principal, part.file_name().unwrap_or_default())?;
        while let Some(piece) = form.piece(&mut part).await? {
            file.add(piece).await?;
            if file.is_hopeless() {
                break;
            }
        }
        let is_hopeless = file.is_hopeless();
        uploads.take(upload, file).await?;
        if is_hopeless {
            return Ok((asked, uploads));
        }
    }
    match expected.keys().next() {
        None => Ok((asked, uploads)),
        Some(name) => Err(malformed(&format!(
            "the map names a file {name:?} that did not come"
        ))),
    }
}

/// The parts of a request as they come.
struct Form {
    parts: Multipart<'static>,
    pieces: Pieces,
    /// How many bytes may still come that are no file.
    most_text: usize,
}

impl Form {
    async fn next(&mut self) -> Result<Option<Field<'static>>, Refusal> {
        self.pieces.reset();
        Ok(self.parts.next_field().await?)
    }

    async fn piece(&self, part: &mut Field<'static>) -> Result<Option<Bytes>, Refusal> {
        self.pieces.reset();
        Ok(part.chunk().await?)
    }

    /// All of the next part, which must have this name.
    async fn text(&mut self, name: &str) -> Result<Vec<u8>, Refusal> {
        let part = self.next().await?.filter(|part| part.name() == Some(name));
        let mut part = part.ok_or_else(|| {
            malformed("the parts must be operations, map, and the files after them")
        })?;
        let mut text = Vec::new();
        while let Some(piece) = self.piece(&mut part).await? {
            self.most_text = self
                .most_text
                .checked_sub(piece.len())
                .ok_or(Refusal::TooLarge)?;
            text.extend_from_slice(&piece);
        }
        Ok(text)
    }
}

fn malformed(message: &str) -> Refusal {
    Refusal::Malformed(message.to_owned())
}

fn operation(text: &[u8]) -> Result<Parameters, Refusal> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(malformed(
            "the part operations must be one operation, no list",
        ));
    }
    serde_json::from_slice(text).map_err(|error| {
        Refusal::Malformed(format!(
            "the part operations is no GraphQL request: {}",
            reply::wrong_in_json(&error)
        ))
    })
}

/// Puts what names the files into the variables where the map wants them; returns the files by the names of their parts.
fn expected(
    map: &[u8],
    variables: &mut Variables,
    uploads: &mut Uploads,
) -> Result<BTreeMap<String, Upload>, Refusal> {
    let map: BTreeMap<String, Vec<String>> = serde_json::from_slice(map).map_err(|error| {
        Refusal::Malformed(format!(
            "the part map is no object of lists of paths: {}",
            reply::wrong_in_json(&error)
        ))
    })?;
    if map.len() > MOST_FILES {
        let message = format!("a request may have at most {MOST_FILES} files");
        return Err(Refusal::Malformed(message));
    }
    let mut expected = BTreeMap::new();
    for (name, paths) in map {
        let upload = uploads.expect();
        for path in paths {
            let place = place(variables, &path).filter(|value| **value == Value::Null);
            let place = place.ok_or_else(|| {
                Refusal::Malformed(format!(
                    "a path of the map for the part {name:?} leads to no variable that is null"
                ))
            })?;
            *place = async_graphql::ScalarType::to_value(&upload);
        }
        expected.insert(name, upload);
    }
    Ok(expected)
}

/// Where a path such as `variables.input.file` or `variables.files.0` leads.
fn place<'a>(variables: &'a mut Variables, path: &str) -> Option<&'a mut Value> {
    let mut steps = path.strip_prefix("variables.")?.split('.');
    let mut place = variables.get_mut(steps.next()?)?;
    for step in steps {
        place = match place {
            Value::Object(fields) => fields.get_mut(step)?,
            Value::List(values) => values.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(place)
}
