//! `Idempotency-Key`: an operation that is sent again gets the first answer again, and changes nothing more.

use std::{
    any::{Any, TypeId},
    sync::Arc,
};

use async_graphql::{
    Request, Response, ServerError,
    parser::types::{ExecutableDocument, OperationType},
};

use super::{
    Document, document,
    errors::{self, told},
};
use crate::{
    app::App,
    auth::Principal,
    content::{idempotency::Claim, upload::Uploads},
    error::Error,
    telemetry::outage,
};

/// The key that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(crate) String);

/// Mutations that are not done once for a key: what they take and give is secret, and must not be kept.
const SECRET: &[&str] = &[
    "signIn",
    "completeSignIn",
    "refreshSession",
    "signOut",
    "signOutEverywhere",
    "endSession",
    "confirmPassword",
    "createFirstAdmin",
    "inviteAccount",
    "resendInvitation",
    "acceptInvitation",
    "requestPasswordReset",
    "createPasswordResetLink",
    "resetPassword",
    "changePassword",
    "requestEmailChange",
    "createEmailChangeLink",
    "confirmEmailChange",
    "beginTotp",
    "confirmTotp",
    "removeTotp",
    "regenerateRecoveryCodes",
    "beginPasskeyRegistration",
    "finishPasskeyRegistration",
    "renamePasskey",
    "removePasskey",
    "beginPasskeySignIn",
    "finishPasskeySignIn",
    "beginPasskeyConfirmation",
    "confirmWithPasskey",
    "resetFactors",
    "createApiToken",
    "rotateApiToken",
    "createPreviewLink",
];

/// What the operation claims: if it is a mutation of content that came with a key, and there is somebody to keep the
/// answer for.
pub(super) fn claim(
    document: &Document,
    request: &Request,
    principal: &Principal,
) -> Option<Arc<Claim>> {
    let key = data::<IdempotencyKey>(request)?;
    if !changes_content(&document.parsed, request.operation_name.as_deref()) {
        return None;
    }
    let name = request.operation_name.clone().unwrap_or_default();
    let variables = serde_json::to_string(&request.variables).unwrap_or_default();
    let uploads = data::<Arc<Uploads>>(request);
    let files = uploads.map(|uploads| uploads.fingerprint());
    let files = files.unwrap_or_default();
    let parts = [document.text.as_str(), &name, &variables, &files];
    let by = (principal.account_id()?, principal.token_id());
    let claim = Claim::new(by, &key.0, &parts);
    Some(Arc::new(claim))
}

/// What the transport has put beside the request.
pub(super) fn data<T: Any>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

fn changes_content(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let Some(operation) = document::operation(&document.operations, name) else {
        return false;
    };
    let fields = document::root_fields(document, operation);
    operation.ty == OperationType::Mutation && SECRET.iter().all(|secret| !fields.contains(secret))
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

/// Keeps the answer, and gives what is to be answered. What failed without having changed anything is not kept: it can be
/// tried again with the same key.
pub(super) async fn keep(claim: &Claim, app: &App, response: Response) -> Response {
    if !response.errors.is_empty() && !claim.is_taken() {
        return response;
    }
    // Kept, this would say for a day that trying again may work; not kept, whoever asks again is told to look.
    let passing = |error: &ServerError| code(error) == "UNAVAILABLE";
    if response.errors.iter().any(passing) {
        return response;
    }
    let kept = match serde_json::to_string(&response) {
        Ok(answer) => claim.keep(app, &answer).await,
        Err(error) => Err(Error::internal(error)),
    };
    match kept {
        Err(Error::AnswerUnknown) if !claim.is_taken() => failed(Error::AnswerUnknown),
        Err(error) => {
            if !outage::report(&error) {
                tracing::warn!(%error, "an answer could not be kept");
            }
            response
        }
        Ok(()) => response,
    }
}

/// The code of an error; empty if it has none.
fn code(error: &ServerError) -> String {
    let extensions = error.extensions.as_ref();
    let code = extensions.and_then(|extensions| extensions.get("code"));
    code.map(|code| code.to_string().trim_matches('"').to_owned())
        .unwrap_or_default()
}

fn failed(error: Error) -> Response {
    Response::from_errors(vec![told(errors::of(error))])
}
