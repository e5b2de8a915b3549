//! People: how they come to their accounts, what they change about them, and what admins do.

mod addresses;
mod admins;
mod audit_log;
mod browser;
mod command_line;
mod guide;
mod invitations;
mod last_admin;
mod list;
mod mailing;
mod network_addresses;
mod over_http;
mod passwords;
mod resets;

use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use crate::support::TestApp;

const ADMIN: &str = "admin@example.org";
const ANN: &str = "ann@example.org";
/// Good enough for everybody here.
const NEW_PASSWORD: &str = "a lantern in seven windows";

impl TestApp {
    /// Somebody new who has just signed in.
    pub(crate) async fn newcomer(&self, email: &str, role: Role) -> Principal {
        self.new_account(email, role).await;
        let session = self.sign_in(email).await;
        let principal = self.bearer(&session["accessToken"]).await;
        principal.expect("a principal")
    }

    /// The payload of a mutation that is not refused; `shown` is selected beside what is wrong.
    pub(crate) async fn change(
        &self,
        who: &Principal,
        name: &str,
        shown: &str,
        input: Value,
    ) -> Value {
        let answer = self.try_change(who, name, shown, input).await;
        assert!(answer["errors"].is_null(), "{name}: {answer}");
        answer["data"][name].clone()
    }

    /// The whole answer to a mutation.
    async fn try_change(&self, who: &Principal, name: &str, shown: &str, input: Value) -> Value {
        let (first, rest) = name.split_at(1);
        let of = format!("{}{rest}Input", first.to_uppercase());
        let document = format!(
            "mutation($input: {of}!) {{ {name}(input: $input) {{ {shown} userErrors {{ code path message }} }} }}"
        );
        let variables = json!({ "input": input });
        self.query_as(who.clone(), &document, variables).await
    }

    /// The token of a link that an admin is shown.
    pub(crate) async fn link_from(&self, admin: &Principal, name: &str, input: Value) -> String {
        let made = self.change(admin, name, "link", input).await;
        let link = made["link"].as_str();
        crate::support::mail::token_in(link.unwrap_or_else(|| panic!("no link in {made}")))
    }
}

/// The id of an account in the API.
fn id_of(account: &entity::account::Model) -> String {
    format!("account_{}", account.id.simple())
}

/// Code and path of everything that is wrong.
fn faults(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["userErrors"].as_array().expect("errors").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    errors
        .map(|error| (text(&error["code"]), text(&error["path"])))
        .collect()
}

/// One fault.
fn fault(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}
