//! The same secrets in requests that come to grief: at the wrong time, in the wrong place, or cut off in the middle.

use serde_json::{Value, json};

use super::{
    ADMIN, ANN, BACK, Held,
    flows::{PASSWORDS, parameter},
    liars::{Liar, WAYS_OF_PROVIDERS},
    secrets::Canaries,
    site::{Site, document},
};
use crate::support::browser::Browser;

/// What is told beside errors.
const NOTHING: &str = "__typename";
const JSON: (&str, &str) = ("Content-Type", "application/json");
/// A password that is no text.
const NUMBER: &str = "48151623427531";
/// One that is the name of something.
const NAME: &str = "CANARY_ENUM_VALUE_77";

/// Sends every secret once more, wherever one can be sent; whatever comes of it.
pub(super) async fn send_all(site: &Site, held: &Held) {
    let [admin, ann, _, _, wrong, later] = PASSWORDS;
    let mut inputs = vec![
        (
            "createFirstAdmin",
            json!({"token": held.setup, "email": ADMIN, "name": "A", "password": later}),
        ),
        ("signIn", json!({"email": ADMIN, "password": admin})),
        ("signIn", json!({"email": ANN, "password": wrong})),
        ("signIn", json!({"email": wrong, "password": ann})),
        (
            "completeSignIn",
            json!({"challenge": held.challenge, "factor": {"recoveryCode": held.codes[1]}}),
        ),
        (
            "completeSignIn",
            json!({"challenge": held.challenge, "factor": {"totpCode": held.totp}}),
        ),
        (
            "completeSignIn",
            json!({"challenge": held.challenge, "factor": {"passkey": held.ceremony}}),
        ),
        ("confirmPassword", json!({ "password": wrong })),
        ("confirmPassword", json!({ "password": admin })),
        (
            "changePassword",
            json!({"currentPassword": wrong, "password": later}),
        ),
        (
            "requestEmailChange",
            json!({"newEmail": wrong, "password": admin}),
        ),
        ("requestPasswordReset", json!({ "email": wrong })),
        ("requestPasswordReset", json!({ "email": ADMIN })),
        (
            "confirmTotp",
            json!({"code": held.totp, "challenge": held.challenge}),
        ),
        (
            "finishPasskeySignIn",
            json!({"ceremony": held.ceremony, "credential": {"id": wrong}}),
        ),
        (
            "finishPasskeyRegistration",
            json!({"ceremony": held.ceremony, "credential": wrong, "name": "x"}),
        ),
        (
            "rotateApiToken",
            json!({"id": held.bearers[0], "overlapSeconds": 1}),
        ),
        ("revokeApiToken", json!({"id": held.bearers[0]})),
        ("createPreviewLink", json!({"entry": held.bearers[2]})),
        ("endSession", json!({"id": held.refresh[1]})),
    ];
    for link in &held.links {
        inputs.push((
            "acceptInvitation",
            json!({"token": link, "password": "short"}),
        ));
        inputs.push(("resetPassword", json!({"token": link, "password": "short"})));
        inputs.push((
            "confirmEmailChange",
            json!({"token": link.replace('i', "j")}),
        ));
    }
    for (field, input) in inputs {
        for bearer in ["", &held.admin] {
            let bearer = format!("Bearer {bearer}");
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Idempotency-Key", held.setup.as_str()),
            ];
            let headers = &headers[usize::from(bearer.len() < 8)..];
            let variables = json!({ "input": input });
            site.note(
                &site
                    .server
                    .query_with(headers, &document(field, NOTHING), variables)
                    .await,
            );
        }
    }
    for bearer in &held.bearers {
        site.note(
            &site
                .server
                .query_as(
                    bearer,
                    "{ viewer { id } events { totalCount } auditEvents { totalCount } }",
                    Value::Null,
                )
                .await,
        );
    }
}

/// Sends secrets in bodies, documents and headers that are not what they should be.
///
/// Not as names of fields, operations or paths: those are told, as nobody could mend a request otherwise.
pub(super) async fn send_malformed(site: &Site, known: &mut Canaries) {
    known.add("a password that is a number", NUMBER);
    known.add("a password that is a name", NAME);
    let secret = PASSWORDS[4];
    let documents = wrong_documents(secret);
    let bodies = wrong_bodies(&documents, secret);
    for body in &bodies {
        for accept in ["application/json", "application/graphql-response+json"] {
            let headers = [JSON, ("Accept", accept)];
            site.note(
                &site
                    .server
                    .request("POST", "/graphql", &headers, body)
                    .await,
            );
        }
    }
    in_forms(site, &bodies).await;
    in_addresses(site, &documents, secret).await;
    in_headers(site, secret).await;
}

/// Documents that have the secret in the wrong place, or of the wrong type.
fn wrong_documents(secret: &str) -> Vec<String> {
    let sign_in = |password: &str| {
        format!(
            "mutation {{ signIn(input: {{email: \"{ANN}\", password: {password}}}) {{ userErrors {{ code }} }} }}"
        )
    };
    vec![
        sign_in(&format!("\"{secret}")),
        sign_in(&format!("\"{secret}\" \u{1}")),
        sign_in(&format!("\"{secret}\\q\"")),
        sign_in(secret),
        sign_in(NUMBER),
        sign_in(NAME),
        sign_in(&format!("{{a: \"{secret}\"}}")),
        sign_in(&format!("[\"{secret}\", {NUMBER}]")),
        sign_in(&format!("\"{secret}\"")).replace("signIn(", "signInn("),
        sign_in(&format!("\"{secret}\"")).replace("email", "e_mail"),
        sign_in(&format!("\"{secret}\"")).replace("userErrors", "user_errors"),
        sign_in(&format!("\"{secret}\"")).replace(" signIn", " @include(if: \"canary\") signIn"),
        format!(
            "mutation($p: Int! = \"{secret}\") {{ signIn(input: {{email: \"a\", password: $p}}) {{ __typename }} }}"
        ),
        format!(
            "mutation($p: String! = {NUMBER}) {{ signIn(input: {{email: \"a\", password: $p}}) {{ __typename }} }}"
        ),
        format!("mutation {{ signIn(input: \"{secret}\") {{ __typename }} }}"),
        format!(
            "mutation {{ signIn(input: {{email: \"a\", password: \"x\", transport: \"{secret}\"}}) {{ __typename }} }}"
        ),
        format!("{{ apiToken(id: \"{secret}\") {{ id }} account(id: \"{secret}\") {{ id }} }}"),
        format!("mutation @include(if: \"{secret}\") {{ signOut {{ __typename }} }}"),
        format!("mutation {{ signOut @skip(if: \"{secret}\") {{ __typename }} }}"),
        secret.to_owned(),
    ]
}

/// Bodies with these documents, and with the secret among their variables or anywhere else.
fn wrong_bodies(documents: &[String], secret: &str) -> Vec<String> {
    let mut bodies: Vec<String> = documents
        .iter()
        .map(|query| json!({ "query": query }).to_string())
        .collect();
    let whole = document("signIn", NOTHING);
    let typed = whole.replace("SignInInput!", "String!");
    for password in [
        json!({"x": secret}),
        json!([secret, NUMBER]),
        json!(48_151_623_427_531_i64),
        json!(true),
    ] {
        let input = json!({"email": ANN, "password": password});
        bodies.push(json!({"query": whole, "variables": {"input": input}}).to_string());
    }
    for input in [
        json!(secret),
        json!([secret]),
        json!({"password": secret}),
        json!({"email": ANN, "password": "x", "transport": secret}),
    ] {
        bodies.push(json!({"query": whole, "variables": {"input": input}}).to_string());
        bodies.push(json!({"query": typed, "variables": {"input": input}}).to_string());
    }
    bodies.extend([
        json!({"query": whole, "variables": secret}).to_string(),
        json!({"query": whole, "variables": [secret]}).to_string(),
        json!({"query": [secret]}).to_string(),
        json!({"query": whole, "operationName": {"a": secret}, "extensions": secret}).to_string(),
        format!("{{\"query\": 1, \"variables\": {NUMBER}}}"),
        format!("{{\"query\": \"{{a}}\", \"variables\": {{\"password\": \"{secret}"),
        format!("{{\"variables\": \"{secret}\"}}"),
        format!("{{\"query\": \"x\", \"query\": \"{secret}\"}}"),
        format!("{{\"query\": \"{secret}\\q\"}}"),
        format!("\"{secret}\""),
        secret.to_owned(),
    ]);
    bodies
}

async fn in_forms(site: &Site, bodies: &[String]) {
    let part = |name: &str, text: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let headers = [
        ("Content-Type", "multipart/form-data; boundary=b"),
        ("GraphQL-Preflight", "1"),
    ];
    let send = async |form: String| {
        let answer = site
            .server
            .request("POST", "/graphql", &headers, &form)
            .await;
        site.note(&answer);
    };
    for body in bodies {
        send(format!(
            "{}{}--b--\r\n",
            part("operations", body),
            part("map", "{}")
        ))
        .await;
        let operations = json!({"query": "{ viewer { id } }"}).to_string();
        send(format!(
            "{}{}--b--\r\n",
            part("operations", &operations),
            part("map", body)
        ))
        .await;
    }
    let secret = PASSWORDS[4];
    let operations = json!({"query": "{ viewer { id } }", "variables": {"a": secret}}).to_string();
    for map in [
        json!({"0": [secret]}),
        json!({"0": secret}),
        json!({"0": ["variables.a"]}),
    ] {
        send(format!(
            "{}{}--b--\r\n",
            part("operations", &operations),
            part("map", &map.to_string())
        ))
        .await;
    }
    send(part("operations", secret)).await;
    send(format!("--b\r\n{secret}\r\n\r\n{secret}")).await;
    send(part(secret, secret)).await;
}

async fn in_addresses(site: &Site, documents: &[String], secret: &str) {
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut paths: Vec<String> = documents
        .iter()
        .map(|document| format!("/graphql?query={}", encoded(document)))
        .collect();
    let variables = [
        format!("\"{secret}\""),
        format!("{{\"a\": \"{secret}"),
        format!("{{\"a\": \"{secret}\"}}"),
    ];
    for variables in &variables {
        paths.push(format!(
            "/graphql?query=%7Bviewer%7Bid%7D%7D&variables={}",
            encoded(variables)
        ));
    }
    for page in [
        "setup",
        "invitation",
        "media",
        "auth/oidc/two",
        "auth/oidc/two/callback",
        "nothing",
    ] {
        paths.push(format!(
            "/{page}?state={secret}&code={secret}&token={secret}&return_to={secret}"
        ));
    }
    for path in paths {
        site.note(&site.server.get(&path, &[]).await);
    }
}

async fn in_headers(site: &Site, secret: &str) {
    let long = format!("{secret}{}", "x".repeat(300));
    for (name, value) in [
        ("Authorization", format!("Bearer {secret}")),
        ("Authorization", format!("Bearer kdl_{secret}")),
        ("Authorization", format!("Bearer a.{secret}.b")),
        ("Authorization", format!("Basic {secret}")),
        ("Authorization", secret.to_owned()),
        ("Authorization", format!("Bearer {secret}\u{e9}")),
        (
            "Cookie",
            format!("__Host-kindling-access={secret}; {secret}"),
        ),
        ("Idempotency-Key", long),
        ("Content-Length", secret.to_owned()),
        ("Bad Header", secret.to_owned()),
    ] {
        let headers = [(name, value.as_str()), ("Kindling-CSRF", "1"), JSON];
        let body = "{\"query\": \"mutation { signOut { endedAt } }\"}";
        site.note(
            &site
                .server
                .request("POST", "/graphql", &headers, body)
                .await,
        );
    }
}

/// Signs in with the provider that lies, once in each way.
pub(super) async fn believe(site: &Site, known: &mut Canaries, liar: &Liar, secret: &str) {
    let host = format!("http://{}", site.server.address);
    for way in 0..WAYS_OF_PROVIDERS {
        liar.lie(way);
        let mut browser = Browser::default();
        let there = browser
            .get(&format!("{host}/auth/oidc/two?return_to={BACK}&state=xyz"))
            .await;
        if there.status != 303 {
            assert_eq!(there.status, 502, "{there:?}");
            site.note(&there);
            continue;
        }
        let state = known.add("state", &parameter(there.header("location"), "state"));
        let code = known.add("a code", &format!("canary-code-of-way-{way}"));
        let back = format!("{host}/auth/oidc/two/callback?code={code}&state={state}");
        let told = browser.get(&back).await;
        assert_eq!(
            told.header("location"),
            format!("{BACK}#error=provider_failed&state=xyz"),
            "{way}: {told:?}"
        );
        assert!(
            liar.has_heard(&code) && liar.has_heard(secret),
            "it was asked"
        );
    }
}
