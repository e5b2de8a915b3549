//! Second factors: what they are asked for, what they are good for, and that no way leads around them.

mod at_once;
mod at_rest;
mod changes;
mod clocks;
mod enrolment;
pub(crate) mod guide;
mod model;
mod passkeys;
mod policy;
mod sign_in;

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use crate::support::{TestApp, accounts::PASSWORD};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// What each mutation here is asked for.
const SELECTED: [(&str, &str); 15] = [
    (
        "signIn",
        "session { accessToken } challenge { token factors mustEnrol passkeyOptions }",
    ),
    (
        "completeSignIn",
        "session { accessToken } challenge { token factors mustEnrol passkeyOptions }",
    ),
    ("beginTotp", "enrolment { secret uri qrCode }"),
    (
        "confirmTotp",
        "recoveryCodes session { accessToken } factors { totpSince recoveryCodesLeft }",
    ),
    ("removeTotp", "factors { totpSince recoveryCodesLeft }"),
    ("regenerateRecoveryCodes", "recoveryCodes"),
    ("beginPasskeyRegistration", "ceremony { token options }"),
    ("finishPasskeyRegistration", "passkey { id }"),
    ("beginPasskeySignIn", "ceremony { token options }"),
    ("finishPasskeySignIn", "session { accessToken }"),
    ("beginPasskeyConfirmation", "ceremony { token options }"),
    ("removePasskey", "factors { recoveryCodesLeft }"),
    ("setSecondFactorPolicy", "policy { role required }"),
    ("resetFactors", "account { email }"),
    ("signOutEverywhere", "endedCount"),
];

/// The answer to a mutation of this input; null for one that takes none.
async fn answer(app: &TestApp, who: &Principal, field: &str, input: Value) -> Value {
    let selected = SELECTED.iter().find(|(name, _)| *name == field);
    let selected = selected.expect("a selection").1;
    let type_name = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = if input.is_null() {
        format!("mutation {{ {field} {{ {selected} userErrors {{ code path }} }} }}")
    } else {
        format!(
            "mutation($input: {type_name}!) {{ {field}(input: $input) {{ {selected} userErrors {{ code path }} }} }}"
        )
    };
    app.query_as(who.clone(), &document, json!({ "input": input }))
        .await
}

/// The payload of a mutation that gives one.
async fn payload(app: &TestApp, who: &Principal, field: &str, input: Value) -> Value {
    let answer = answer(app, who, field, input).await;
    assert!(answer["errors"].is_null(), "{field}: {answer}");
    answer["data"][field].clone()
}

/// The code of the error of a mutation: at the top, or among what can be put right; empty if there is none.
async fn code(app: &TestApp, who: &Principal, field: &str, input: Value) -> String {
    let answer = answer(app, who, field, input).await;
    let top = &answer["errors"][0]["extensions"]["code"];
    let inner = &answer["data"][field]["userErrors"][0]["code"];
    let code = top.as_str().or(inner.as_str());
    code.unwrap_or_default().to_owned()
}

/// Somebody with an account and a session.
struct Person {
    email: &'static str,
    id: Uuid,
    token: Value,
    /// The secret of the authenticator app.
    secret: String,
    codes: Vec<String>,
}

impl Person {
    /// Without a factor.
    async fn new(app: &TestApp, email: &'static str, role: Role) -> Self {
        let account = app.new_account(email, role).await;
        let token = app.sign_in(email).await["accessToken"].clone();
        Self {
            email,
            id: account.id,
            token,
            secret: String::new(),
            codes: Vec::new(),
        }
    }

    /// With an authenticator app and recovery codes.
    async fn with_totp(app: &TestApp, email: &'static str, role: Role) -> Self {
        let mut person = Self::new(app, email, role).await;
        person.enrol(app).await;
        person
    }

    /// Enrols an authenticator app with the session. The code that was used for it is spent.
    async fn enrol(&mut self, app: &TestApp) {
        let who = self.principal(app).await;
        let begun = payload(app, &who, "beginTotp", json!({})).await;
        let secret = begun["enrolment"]["secret"].as_str();
        secret.expect("a secret").clone_into(&mut self.secret);
        let input = json!({"code": self.totp(app)});
        let confirmed = payload(app, &who, "confirmTotp", input).await;
        assert_eq!(confirmed["userErrors"], json!([]));
        self.codes = texts(&confirmed["recoveryCodes"]);
    }

    /// Who holds the session.
    async fn principal(&self, app: &TestApp) -> Principal {
        app.bearer(&self.token).await.expect("a session")
    }

    async fn is_signed_in(&self, app: &TestApp) -> bool {
        app.bearer(&self.token).await.is_ok()
    }

    /// The code that the app shows now.
    fn totp(&self, app: &TestApp) -> String {
        totp(&self.secret, app)
    }

    /// The challenge that follows the password.
    async fn challenge(&self, app: &TestApp) -> Value {
        let input = json!({"email": self.email, "password": PASSWORD});
        let done = payload(app, &Principal::Anonymous, "signIn", input).await;
        assert!(done["session"].is_null(), "{done}");
        done["challenge"].clone()
    }

    /// The payload of `completeSignIn` with a new challenge.
    async fn complete(&self, app: &TestApp, factor: Value) -> Value {
        let challenge = self.challenge(app).await["token"].clone();
        complete(app, &challenge, factor).await
    }
}

/// The payload of `completeSignIn`.
async fn complete(app: &TestApp, challenge: &Value, factor: Value) -> Value {
    let input = json!({"challenge": challenge, "factor": factor});
    payload(app, &Principal::Anonymous, "completeSignIn", input).await
}

/// The code of an authenticator app with this secret, now.
fn totp(secret: &str, app: &TestApp) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("a secret");
    let totp = totp_rs::Builder::new().with_secret(secret).build();
    let seconds = u64::try_from(app.app.clock.now().timestamp()).expect("seconds");
    totp.expect("an app").generate(seconds).to_string()
}

/// Lets the next code come.
fn next_step(app: &TestApp) {
    app.app.clock.advance(TimeDelta::seconds(30));
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a payload without a session and with this error looks like.
fn refused(payload: &Value, code: &str, path: &str) -> bool {
    payload["session"].is_null()
        && payload["challenge"].is_null()
        && payload["userErrors"] == json!([{"code": code, "path": path}])
}
