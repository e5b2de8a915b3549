//! How operations are asked that are about no entry.

use serde_json::{Value, json};

use super::{Outcome, operations::ERRORS};

/// What belongs to whoever asks.
#[derive(Default)]
pub(super) struct Asker {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) refresh: String,
    /// The id of an API token.
    pub(super) api_token: String,
    /// The id of a preview link.
    pub(super) preview_link: String,
}

/// What an operation is sent with.
pub(super) enum Sent {
    /// Nothing; this is selected of what it gives.
    Nothing(&'static str),
    /// This id.
    Id(String),
    /// This input.
    Input(Value),
}

/// What comes of operations of which a "yes" says that one may try: nobody has what they want here, such as a token from a
/// mail.
pub(super) fn only_tried(field: &str) -> Option<Outcome> {
    match field {
        "completeSignIn"
        | "createFirstAdmin"
        | "confirmTotp"
        | "regenerateRecoveryCodes"
        | "finishPasskeyRegistration"
        | "finishPasskeySignIn"
        | "confirmWithPasskey"
        | "acceptInvitation"
        | "resetPassword"
        | "confirmEmailChange"
        // The server of the tests sends no mail, and the new password is too short.
        | "requestPasswordReset"
        | "requestEmailChange"
        | "changePassword" => Some(Outcome::Inapplicable),
        "endSession"
        | "retryJob"
        | "account"
        | "removeTotp"
        | "removePasskey"
        | "renamePasskey"
        | "beginPasskeyConfirmation"
        | "resetFactors" => Some(Outcome::Unknown),
        field if names_an_account(field) => Some(Outcome::Unknown),
        _ => None,
    }
}

/// Whether the mutation is about an account; here about one that nobody has.
fn names_an_account(field: &str) -> bool {
    [
        "resendInvitation",
        "createPasswordResetLink",
        "createEmailChangeLink",
        "changeRole",
        "suspendAccount",
        "reactivateAccount",
        "eraseAccount",
    ]
    .contains(&field)
}

/// What the root field is sent with; nothing if it is about an entry.
pub(super) fn sent(field: &str, asker: &Asker) -> Option<Sent> {
    let Asker {
        email,
        password,
        refresh,
        api_token,
        preview_link,
    } = asker;
    let nobodys = format!("account_{}", kindling::id::new().simple());
    let input = match field {
        "viewer" | "currentToken" | "sessions" => return Some(Sent::Nothing("id")),
        "account" => return Some(Sent::Id(nobodys)),
        "apiToken" => return Some(Sent::Id(api_token.clone())),
        "createApiToken" => json!({"name": "A machine", "scopes": ["DRAFTS"]}),
        "rotateApiToken" => json!({"id": api_token, "overlapSeconds": 60}),
        "revokeApiToken" => json!({ "id": api_token }),
        "retryJob" => json!({"id": format!("job_{}", kindling::id::new().simple())}),
        "revokePreviewLink" => json!({ "id": preview_link }),
        "accounts" | "auditEvents" | "events" | "jobs" | "apiTokens" | "previewLinks" => {
            return Some(Sent::Nothing("totalCount"));
        }
        "signInMethods" => return Some(Sent::Nothing("password")),
        "contentTypes" => return Some(Sent::Nothing("name")),
        "site" => return Some(Sent::Nothing("maxUploadBytes")),
        "endSession" => json!({"id": format!("session_{}", kindling::id::new().simple())}),
        "signIn" => json!({"email": email, "password": password}),
        "completeSignIn" => json!({"challenge": "kdc_x"}),
        "refreshSession" => json!({ "refreshToken": refresh }),
        "confirmPassword" => json!({ "password": password }),
        "signOut"
        | "removeTotp"
        | "regenerateRecoveryCodes"
        | "beginPasskeySignIn"
        | "beginPasskeyConfirmation" => return Some(Sent::Nothing(ERRORS)),
        "signOutEverywhere" | "beginTotp" | "beginPasskeyRegistration" => json!({}),
        "confirmTotp" => json!({"code": "12345"}),
        "finishPasskeyRegistration" => json!({"ceremony": "x", "name": "A key", "credential": {}}),
        "finishPasskeySignIn" | "confirmWithPasskey" => json!({"ceremony": "x", "credential": {}}),
        "removePasskey" => json!({"id": "passkey_x"}),
        "renamePasskey" => json!({"id": "passkey_x", "name": "A key"}),
        "secondFactorPolicy" => return Some(Sent::Nothing("role")),
        "setSecondFactorPolicy" => json!({"role": "AUTHOR", "required": false}),
        "resetFactors" => json!({"account": "account_x"}),
        "createFirstAdmin" => {
            json!({"token": "x", "email": "first@example.org", "name": "First", "password": password})
        }
        "inviteAccount" => {
            json!({"email": format!("{}@example.org", kindling::id::new().simple()), "name": "Invited", "role": "AUTHOR"})
        }
        "acceptInvitation" | "resetPassword" => json!({"token": "kdi_x", "password": password}),
        "confirmEmailChange" => json!({"token": "kdi_x"}),
        "requestPasswordReset" => json!({ "email": email }),
        "changePassword" => json!({"currentPassword": password, "password": "short"}),
        "requestEmailChange" => json!({"newEmail": "new@example.org", "password": password}),
        "updateAccount" => json!({"name": "Somebody else"}),
        "createEmailChangeLink" => json!({"account": nobodys, "newEmail": "new@example.org"}),
        "changeRole" => json!({"account": nobodys, "role": "AUTHOR"}),
        field if names_an_account(field) => json!({ "account": nobodys }),
        _ => return None,
    };
    Some(Sent::Input(input))
}
