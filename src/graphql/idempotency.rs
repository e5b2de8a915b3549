//! `Idempotency-Key`: an operation that is sent again gets the first answer again, and changes nothing more.

use std::{
    any::{Any, TypeId},
    collections::BTreeSet,
    sync::{Arc, LazyLock},
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
    app::App, auth::Principal, content::upload::Uploads, error::Error, idempotency::Claim,
    telemetry::outage,
};

/// The key that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(crate) String);

/// What a key does for a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Nothing: whoever sends it is not signed in yet, or what it takes can be used once anyway.
    None,
    /// It is done once, and the answer is kept.
    Answer,
    /// It is done once. The answer can hold secrets, or shows people, and is not kept.
    Done,
}

/// Mutations of entries of any type, whose answers hold content alone. Those of the content types do as well: see
/// [`of_content_types`]. No other answer is ever kept.
const OF_ENTRIES: &[&str] = &[
    "archiveEntries",
    "discardDrafts",
    "duplicateEntry",
    "eraseEntries",
    "moveEntry",
    "publishEntries",
    "restoreEntries",
    "restoreRevision",
    "takeBack",
    "unpublishEntries",
];

/// Mutations of strangers, whose links and tokens can be used once, and those that continue or end a session: a lost answer is
/// asked for again with the same token.
const WITHOUT_KEY: &[&str] = &[
    "acceptInvitation",
    "beginPasskeySignIn",
    "completeSignIn",
    "confirmEmailChange",
    "createFirstAdmin",
    "finishPasskeySignIn",
    "refreshSession",
    "requestPasswordReset",
    "resetPassword",
    "signIn",
    "signOut",
];

/// Creating and updating entries, and whatever else the content types declare.
fn of_content_types() -> &'static BTreeSet<String> {
    static FIELDS: LazyLock<BTreeSet<String>> = LazyLock::new(super::content_mutations);
    &FIELDS
}

impl Effect {
    /// What a key does for the mutation of this name. Of an account or of its credentials, unless it is listed, nothing is kept.
    fn of(mutation: &str) -> Self {
        if OF_ENTRIES.contains(&mutation) || of_content_types().contains(mutation) {
            Self::Answer
        } else if WITHOUT_KEY.contains(&mutation) {
            Self::None
        } else {
            Self::Done
        }
    }
}

/// What the operation claims: if it is a mutation that came with a key, and there is somebody to keep that for.
pub(super) fn claim(
    document: &Document,
    request: &Request,
    principal: &Principal,
) -> Option<Arc<Claim>> {
    let key = data::<IdempotencyKey>(request)?;
    let effect = effect(&document.parsed, request.operation_name.as_deref());
    if effect == Effect::None {
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
    Some(Arc::new(match effect {
        Effect::Answer => claim,
        _ => claim.without_answer(),
    }))
}

/// What the transport has put beside the request.
pub(super) fn data<T: Any>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

/// What a key does for an operation: of what it does for each of its mutations the most. So an answer is kept if all of it may be.
fn effect(document: &ExecutableDocument, name: Option<&str>) -> Effect {
    let operation = document::operation(&document.operations, name);
    let Some(operation) = operation.filter(|operation| operation.ty == OperationType::Mutation)
    else {
        return Effect::None;
    };
    let fields = document::root_fields(document, operation);
    let effects = fields.into_iter().filter(|field| *field != "__typename");
    let effects: BTreeSet<Effect> = effects.map(Effect::of).collect();
    match (effects.len(), effects.first()) {
        (0, _) | (1, Some(Effect::None)) => Effect::None,
        (1, Some(Effect::Answer)) => Effect::Answer,
        _ => Effect::Done,
    }
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

/// Keeps the answer if it may be kept, and returns what is to be answered. What failed without having changed anything is not
/// kept: it can be tried again with the same key.
pub(super) async fn keep(claim: &Claim, app: &App, response: Response) -> Response {
    if !response.errors.is_empty() && !claim.is_taken() {
        let has_lost = |error: &ServerError| code(error) == "ANSWER_UNKNOWN";
        // Another operation with the key was faster, and has ended by now: it says what is to be answered.
        if response.errors.iter().any(has_lost)
            && let Some(answered) = answered(claim, app).await
        {
            return answered;
        }
        return response;
    }
    if !claim.keeps_answer() {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::registry::MetaType;

    use super::{Effect, OF_ENTRIES, WITHOUT_KEY, of_content_types};

    /// Mutations of accounts, credentials and settings. Of their answers nothing is kept.
    const OF_ACCOUNTS: &[&str] = &[
        "beginPasskeyConfirmation",
        "beginPasskeyRegistration",
        "beginTotp",
        "changePassword",
        "changeRole",
        "confirmPassword",
        "confirmTotp",
        "confirmWithPasskey",
        "createApiToken",
        "createEmailChangeLink",
        "createPasswordResetLink",
        "createPreviewLink",
        "endSession",
        "eraseAccount",
        "finishPasskeyRegistration",
        "inviteAccount",
        "reactivateAccount",
        "regenerateRecoveryCodes",
        "removePasskey",
        "removeTotp",
        "renamePasskey",
        "requestEmailChange",
        "resendInvitation",
        "resetFactors",
        "retryJob",
        "revokeApiToken",
        "revokePreviewLink",
        "rotateApiToken",
        "setSecondFactorPolicy",
        "signOutEverywhere",
        "suspendAccount",
        "updateAccount",
    ];

    #[test]
    fn each_mutation_stands_in_one_list() {
        let registry = crate::graphql::registry();
        let mutation = registry.types.get("Mutation").and_then(MetaType::fields);
        let mutations: BTreeSet<&str> = mutation
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(mutations.len() > 60, "{mutations:?}");
        let content: Vec<&str> = of_content_types().iter().map(String::as_str).collect();
        let listed = [OF_ENTRIES, WITHOUT_KEY, OF_ACCOUNTS, &content].concat();
        let once: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(once.len(), listed.len(), "a mutation stands in two lists");
        assert_eq!(
            once, mutations,
            "decide what an Idempotency-Key does for a new mutation"
        );
        let of = |names: &[&str], effect| names.iter().all(|name| Effect::of(name) == effect);
        assert!(of(OF_ENTRIES, Effect::Answer) && of(&content, Effect::Answer));
        assert!(of(WITHOUT_KEY, Effect::None) && of(OF_ACCOUNTS, Effect::Done));
        assert!(
            content.iter().all(|name| name.starts_with("create")
                || name.starts_with("update")
                || *name == "replaceAsset"),
            "{content:?}"
        );
    }
}
