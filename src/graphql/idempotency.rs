//! `Idempotency-Key`: an operation that is sent again gets the first answer again, and changes nothing more.

use std::{
    any::{Any, TypeId},
    sync::Arc,
};

use async_graphql::{Request, Response, ServerError};

use super::errors::{told, with_code};
use crate::{
    app::App,
    auth::Principal,
    content::{idempotency::Claim, upload::Uploads},
    error::Error,
};

/// The key that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(crate) String);

/// What the operation claims, if it came with a key, and with somebody to keep an answer for.
pub(super) fn claim(request: &Request, principal: &Principal) -> Option<Arc<Claim>> {
    let key = data::<IdempotencyKey>(request)?;
    let variables = serde_json::to_string(&request.variables).unwrap_or_default();
    let name = request.operation_name.as_deref().unwrap_or_default();
    let uploads = data::<Arc<Uploads>>(request);
    let files = uploads.map(|uploads| uploads.fingerprint());
    let files = files.unwrap_or_default();
    let parts = [request.query.as_str(), name, &variables, &files];
    Some(Arc::new(Claim::new(
        principal.account_id()?,
        &key.0,
        &parts,
    )))
}

/// What the transport has put beside the request.
fn data<T: Any>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

/// The answer that was given before, or why there is none.
pub(super) async fn answered(claim: &Claim, app: &App) -> Option<Response> {
    match claim.answer(app).await {
        Ok(None) => None,
        Ok(Some(answer)) => match serde_json::from_str(&answer) {
            Ok(response) => Some(response),
            Err(error) => Some(failed(Error::internal(error))),
        },
        Err(error) => Some(failed(error)),
    }
}

/// Keeps the answer, unless the operation failed for a reason that may pass: then it can be done again with the same key,
/// or, if it has changed something, whoever asks again is told that its answer is not known.
pub(super) async fn keep(claim: &Claim, app: &App, response: &Response) {
    let fails_with = |codes: &[&str]| {
        response
            .errors
            .iter()
            .any(|error| codes.contains(&code(error).as_str()))
    };
    if fails_with(&[UNAVAILABLE]) || (!claim.is_taken() && fails_with(&PASSING)) {
        return;
    }
    let kept = match serde_json::to_string(response) {
        Ok(answer) => claim.keep(app, answer).await,
        Err(error) => Err(Error::internal(error)),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "an answer could not be kept");
    }
}

/// Kept, it would say for a day that trying again may work.
const UNAVAILABLE: &str = "UNAVAILABLE";
const PASSING: [&str; 3] = ["INTERNAL", "UNAUTHENTICATED", "ANSWER_UNKNOWN"];

/// The code of an error; empty if it has none.
fn code(error: &ServerError) -> String {
    let extensions = error.extensions.as_ref();
    let code = extensions.and_then(|extensions| extensions.get("code"));
    code.map(|code| code.to_string().trim_matches('"').to_owned())
        .unwrap_or_default()
}

fn failed(error: Error) -> Response {
    let error = ServerError {
        source: Some(Arc::new(error)),
        ..with_code(ServerError::new("", None), "INTERNAL")
    };
    Response::from_errors(vec![told(error)])
}
