//! All that people and machines do with secrets, as it is meant to be done.

use serde_json::{Value, json};

use super::{ADMIN, ANN, Held, secrets::Canaries, site::Site};
use crate::{
    browser_sessions::PROOF,
    factors::guide::code,
    support::{
        browser::Browser,
        mail::{Sink, token_in},
        oidc_provider::{OidcProvider, PUBLIC},
    },
};

const SESSION: &str = "session { accessToken refreshToken } challenge { token }";
/// Passwords, in the order in which they come.
pub(super) const PASSWORDS: [&str; 6] = [
    "canary-admin-lantern-7731",
    "canary-annas-harbour-5512",
    "canary-other-meadow-9034",
    "canary-third-willow-2286",
    "canary-wrong-granite-4471",
    "canary-later-cinnamon-6650",
];

/// The mail that comes, read in its order.
pub(super) struct Post {
    pub(super) sink: Sink,
    read: usize,
}

impl Post {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink, read: 0 }
    }

    /// The token in the next mail with a link to this page.
    fn token(&mut self, page: &str) -> String {
        loop {
            self.read += 1;
            let mail = self.sink.mail(self.read);
            let text = mail["text"].as_str().expect("a text");
            if text.contains(&format!("/{page}#")) {
                return token_in(text);
            }
        }
    }
}

#[track_caller]
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

/// Everything, from the first admin on; what came of it is for requests that come to grief.
pub(super) async fn all(
    site: &mut Site,
    known: &mut Canaries,
    post: &mut Post,
    provider: &OidcProvider,
) -> Held {
    for password in PASSWORDS {
        known.add("a password", password);
    }
    let mut held = Held::default();
    first_admin(site, known, &mut held).await;
    invited(site, known, post, &mut held).await;
    second_factors(site, known, &mut held).await;
    machines(site, known, &mut held).await;
    lost_and_found(site, known, post, &mut held).await;
    in_cookies(site, known).await;
    by_provider(site, known, provider).await;
    refreshed(site, known, &mut held).await;
    held
}

/// Signs in; the tokens are kept, and the access token is returned.
async fn signed_in(
    site: &Site,
    known: &mut Canaries,
    email: &str,
    password: &str,
) -> (String, String) {
    let input = json!({"email": email, "password": password});
    let done = site.done("", "signIn", SESSION, input).await;
    tokens(known, &done["session"])
}

fn tokens(known: &mut Canaries, session: &Value) -> (String, String) {
    let access = known.add("an access token", &text(&session["accessToken"]));
    let refresh = known.add("a refresh token", &text(&session["refreshToken"]));
    (access, refresh)
}

async fn first_admin(site: &mut Site, known: &mut Canaries, held: &mut Held) {
    let link = site.server.wait_for("link", |server| {
        let printed = server.printed();
        printed
            .iter()
            .find(|line| line.contains("/setup#"))
            .cloned()
    });
    let token = link.split('#').nth(1).expect("a token").trim();
    held.setup = known.add("the setup token", token);
    let input = json!({"token": token, "email": ADMIN, "name": "Admin", "password": PASSWORDS[0]});
    site.done("", "createFirstAdmin", "account { id }", input.clone())
        .await;
    let again = site
        .ask("", "createFirstAdmin", "account { id }", input)
        .await;
    assert_eq!(again["userErrors"][0]["path"], "token");
    held.admin = signed_in(site, known, ADMIN, PASSWORDS[0]).await.0;
    let input = json!({"password": PASSWORDS[4]});
    let wrong = site
        .ask(&held.admin, "confirmPassword", "confirmedUntil", input)
        .await;
    assert_eq!(wrong["userErrors"][0]["code"], "CREDENTIALS");
    let input = json!({"password": PASSWORDS[0]});
    site.done(&held.admin, "confirmPassword", "confirmedUntil", input)
        .await;
}

async fn invited(site: &Site, known: &mut Canaries, post: &mut Post, held: &mut Held) {
    let input = json!({"email": ANN, "name": "Ann", "role": "EDITOR"});
    site.done(&held.admin, "inviteAccount", "link", input).await;
    let token = known.add("an invitation", &post.token("invitation"));
    let input = json!({"token": token, "password": PASSWORDS[1]});
    let joined = site
        .done("", "acceptInvitation", "account { id }", input)
        .await;
    held.ann_id = text(&joined["account"]["id"]);
    held.links.push(token);
    let wrong = json!({"email": ANN, "password": PASSWORDS[4]});
    let wrong = site.ask("", "signIn", SESSION, wrong).await;
    assert_eq!(wrong["userErrors"][0]["code"], "CREDENTIALS");
    held.ann = signed_in(site, known, ANN, PASSWORDS[1]).await.0;
}

async fn second_factors(site: &Site, known: &mut Canaries, held: &mut Held) {
    let begun = site
        .done(&held.ann, "beginTotp", "enrolment { secret }", json!({}))
        .await;
    held.totp = known.add(
        "the secret of an authenticator app",
        &text(&begun["enrolment"]["secret"]),
    );
    let input = json!({"code": code(&held.totp, 0)});
    let confirmed = site
        .done(&held.ann, "confirmTotp", "recoveryCodes", input)
        .await;
    for code in confirmed["recoveryCodes"].as_array().expect("codes") {
        held.codes.push(known.add("a recovery code", &text(code)));
    }
    let right = json!({"totpCode": code(&held.totp, 1)});
    for factor in [
        json!({"recoveryCode": PASSWORDS[4]}),
        right,
        json!({"recoveryCode": held.codes[0]}),
    ] {
        let input = json!({"email": ANN, "password": PASSWORDS[1]});
        let first = site.done("", "signIn", SESSION, input).await;
        held.challenge = known.add("a challenge", &text(&first["challenge"]["token"]));
        let input = json!({"challenge": held.challenge, "factor": factor});
        let second = site.ask("", "completeSignIn", SESSION, input).await;
        if second["session"].is_object() {
            held.ann = tokens(known, &second["session"]).0;
        } else {
            assert_eq!(second["userErrors"][0]["code"], "CREDENTIALS");
        }
    }
    let query = "mutation { beginPasskeySignIn { ceremony { token options } } }";
    let begun = site.server.query(query).await.json();
    let begun = &begun["data"]["beginPasskeySignIn"]["ceremony"];
    held.ceremony = known.add("a ceremony", &text(&begun["token"]));
    known.add(
        "what a passkey is to sign",
        &text(&begun["options"]["challenge"]),
    );
    let input = json!({"ceremony": held.ceremony, "credential": {"id": PASSWORDS[4], "response": PASSWORDS[4]}});
    let wrong = site.ask("", "finishPasskeySignIn", SESSION, input).await;
    assert_eq!(wrong["userErrors"][0]["code"], "CREDENTIALS");
}

async fn machines(site: &Site, known: &mut Canaries, held: &mut Held) {
    let input = json!({"name": "Build", "scopes": ["DRAFTS", "WRITE"]});
    let shown = "apiToken { id } secret";
    let made = site.done(&held.admin, "createApiToken", shown, input).await;
    held.api_token_id = text(&made["apiToken"]["id"]);
    let first = known.add("an API token", &text(&made["secret"]));
    let input = json!({"id": held.api_token_id, "overlapSeconds": 600});
    let rotated = site.done(&held.admin, "rotateApiToken", shown, input).await;
    let second = known.add("an API token", &text(&rotated["secret"]));
    let mut entry = String::new();
    for token in [&first, &second] {
        let input = json!({"content": {"title": "Care"}});
        let made = site.done(token, "createValue", "value { id }", input).await;
        entry = text(&made["value"]["id"]);
    }
    held.bearers.extend([first, second]);
    let input = json!({"entry": entry});
    let made = site
        .done(
            &held.admin,
            "createPreviewLink",
            "previewLink { id } token",
            input,
        )
        .await;
    let token = known.add("a preview token", &text(&made["token"]));
    let read = "{ values(view: {perspective: DRAFT}) { nodes { title } } }";
    site.note(&site.server.query_as(&token, read, Value::Null).await);
    held.bearers.push(token);
}

async fn lost_and_found(site: &Site, known: &mut Canaries, post: &mut Post, held: &mut Held) {
    let input = json!({"currentPassword": PASSWORDS[1], "password": PASSWORDS[2]});
    site.done(&held.ann, "changePassword", "account { id }", input)
        .await;
    let input = json!({"newEmail": "ann.two@example.org", "password": PASSWORDS[2]});
    site.done(&held.ann, "requestEmailChange", "requestedAt", input)
        .await;
    let token = known.add("the link of a new address", &post.token("email-change"));
    let input = json!({ "token": token });
    site.done("", "confirmEmailChange", "account { id }", input)
        .await;
    held.links.push(token);
    let input = json!({"email": "ann.two@example.org"});
    site.done("", "requestPasswordReset", "requestedAt", input)
        .await;
    let token = known.add("the link of a new password", &post.token("password-reset"));
    let input = json!({"token": token, "password": PASSWORDS[3]});
    site.done("", "resetPassword", "account { id }", input.clone())
        .await;
    let again = site.ask("", "resetPassword", "account { id }", input).await;
    assert_eq!(again["userErrors"][0]["path"], "token");
    held.links.push(token);
    // One that stays open.
    let input = json!({"account": held.ann_id});
    let made = site
        .done(&held.admin, "createPasswordResetLink", "link", input)
        .await;
    let token = match made["link"].as_str() {
        Some(link) => token_in(link),
        None => post.token("password-reset"),
    };
    held.links
        .push(known.add("the link of a new password", &token));
}

async fn in_cookies(site: &Site, known: &mut Canaries) {
    let mut browser = Browser::default();
    let host = site.server.address.to_string();
    let input = json!({"email": ADMIN, "password": PASSWORDS[0], "transport": "COOKIE"});
    let body =
        json!({"query": super::site::document("signIn", SESSION), "variables": {"input": input}});
    let url = format!("http://{host}/graphql");
    let headers = [
        PROOF,
        ("Content-Type", "application/json"),
        ("Origin", PUBLIC),
    ];
    let send = async |browser: &mut Browser, body: Value| {
        let answer = browser
            .send("POST", &url, &headers, &body.to_string())
            .await;
        site.note(&answer);
        answer
    };
    send(&mut browser, body).await;
    for name in ["__Host-kindling-access", "__Host-kindling-refresh"] {
        known.add("a cookie", browser.cookie(&host, name));
    }
    let query = "mutation { refreshSession(input: {}) { userErrors { code } } }";
    send(&mut browser, json!({ "query": query })).await;
    let kept = browser.cookies(&host);
    for name in ["__Host-kindling-access", "__Host-kindling-refresh"] {
        known.add("a cookie", browser.cookie(&host, name));
    }
    let query = "mutation { signOutEverywhere(input: {account: \"account_0\"}) { endedCount } signOut { endedAt } }";
    send(&mut browser, json!({ "query": query })).await;
    assert_eq!(
        (browser.cookies(&host).as_str(), kept.is_empty()),
        ("", false)
    );
}

async fn by_provider(site: &Site, known: &mut Canaries, provider: &OidcProvider) {
    let mut browser = Browser::default();
    let host = format!("http://{}", site.server.address);
    let url = format!("{host}/auth/oidc/one?return_to={}&state=xyz", super::BACK);
    let there = browser.get(&url).await;
    known.add(
        "what a browser keeps",
        browser.cookie(&site.server.address.to_string(), "__Host-kindling-oidc"),
    );
    let asked = there.header("location").to_owned();
    let back = provider.sign_in(&mut browser, "admin", &asked).await;
    for (url, name) in [
        (&asked, "state"),
        (&asked, "nonce"),
        (&asked, "code_challenge"),
        (&back, "code"),
    ] {
        known.add(name, &parameter(url, name));
    }
    let done = browser.get(&back.replace(PUBLIC, &host)).await;
    let location = done.header("location");
    let challenge = location.split("#challenge=").nth(1);
    let challenge = challenge.and_then(|rest| rest.split('&').next());
    let challenge = known.add(
        "a challenge",
        challenge.unwrap_or_else(|| panic!("{done:?}")),
    );
    let input = json!({ "challenge": challenge });
    let session = site.done("", "completeSignIn", SESSION, input).await;
    tokens(known, &session["session"]);
    site.note(&browser.get(&back.replace(PUBLIC, &host)).await);
}

/// The value of a parameter of an address.
pub(super) fn parameter(url: &str, name: &'static str) -> String {
    let url = url::Url::parse(url).expect("an address");
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.expect("the parameter").1.into_owned()
}

async fn refreshed(site: &Site, known: &mut Canaries, held: &mut Held) {
    let (_, spent) = signed_in(site, known, ADMIN, PASSWORDS[0]).await;
    let input = json!({ "refreshToken": spent });
    let next = site
        .done(
            "",
            "refreshSession",
            "session { accessToken refreshToken }",
            input,
        )
        .await;
    let (access, next) = tokens(known, &next["session"]);
    site.note(
        &site
            .server
            .query_as(&access, "{ viewer { id } }", Value::Null)
            .await,
    );
    held.refresh = vec![spent, next];
}
