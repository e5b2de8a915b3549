//! How operations are asked that are about no entry.

use serde_json::{Value, json};

use super::{Outcome, operations::ERRORS};

/// Who asks.
pub(super) struct Asker<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) refresh: &'a str,
}

/// What an operation is sent with.
pub(super) enum Sent {
    /// Nothing; this is selected of what it gives.
    Nothing(&'static str),
    /// This input.
    Input(Value),
}

/// What comes of operations of which a "yes" says that one may try: nobody has what they want here, such as a token from a
/// mail.
pub(super) fn only_tried(field: &str) -> Option<Outcome> {
    match field {
        "completeSignIn" | "createFirstAdmin" => Some(Outcome::Inapplicable),
        "endSession" => Some(Outcome::Unknown),
        _ => None,
    }
}

/// What the root field is sent with; nothing if it is about an entry.
pub(super) fn sent(field: &str, asker: &Asker<'_>) -> Option<Sent> {
    let Asker {
        email,
        password,
        refresh,
    } = asker;
    let input = match field {
        "viewer" | "sessions" => return Some(Sent::Nothing("id")),
        "events" => return Some(Sent::Nothing("totalCount")),
        "signOut" => return Some(Sent::Nothing(ERRORS)),
        "signOutEverywhere" => json!({}),
        "endSession" => json!({"id": format!("session_{}", kindling::id::new().simple())}),
        "signIn" => json!({"email": email, "password": password}),
        "completeSignIn" => json!({"challenge": "kdc_x"}),
        "refreshSession" => json!({ "refreshToken": refresh }),
        "confirmPassword" => json!({ "password": password }),
        "createFirstAdmin" => {
            json!({"token": "x", "email": "first@example.org", "name": "First", "password": password})
        }
        _ => return None,
    };
    Some(Sent::Input(input))
}
