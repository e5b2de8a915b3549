//! The same as browsers see it: cookies, ways on, and pages.

use serde_json::{Value, json};

use super::{APP, BACK};
use crate::support::{
    browser::Browser,
    oidc_provider::{CLIENT_SECRET, OidcProvider, PUBLIC},
    server::Server,
    servers_with,
};

async fn with_provider(test: impl AsyncFn(&mut Server, &OidcProvider)) {
    let Some(provider) = OidcProvider::start(&[]) else {
        return;
    };
    let claims = json!({"email": "editor@demo.example", "email_verified": true});
    provider.knows("ed", &claims).await;
    let providers = json!([
        provider.settings("one", &json!({})),
        provider.settings("two", &json!({"issuer": "http://127.0.0.1:9"})),
    ]);
    let arguments = [
        "--public-url",
        PUBLIC,
        "--cors-origins",
        APP,
        "--log-level",
        "trace",
        "--oidc-providers",
        &providers.to_string(),
    ];
    for (mut server, _folder, _database) in servers_with(&arguments).await {
        test(&mut server, &provider).await;
    }
}

fn begin_at(server: &Server, provider: &str) -> String {
    let address = server.address;
    format!("http://{address}/auth/oidc/{provider}?return_to={BACK}&state=xyz")
}

/// Where the browser goes next, with the server where its public address stands.
fn next(server: &Server, answer: &str) -> String {
    answer.replace(PUBLIC, &format!("http://{}", server.address))
}

#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_with_a_challenge() {
    with_provider(async |server, provider| {
        let mut browser = Browser::default();
        let there = browser.get(&begin_at(server, "one")).await;
        assert_eq!(there.status, 303, "{there:?}");
        assert_eq!(there.header("cache-control"), "private, no-store");
        assert_eq!(there.header("referrer-policy"), "no-referrer");
        let cookie = there.header("set-cookie").to_owned();
        assert!(cookie.starts_with("__Host-kindling-oidc=kdb_"), "{cookie}");
        assert!(
            cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"),
            "{cookie}"
        );
        let asked = there.header("location").to_owned();
        for part in [
            "code_challenge_method=S256",
            "nonce=",
            "state=kdc_",
            "response_type=code",
        ] {
            assert!(asked.contains(part), "{asked}");
        }
        let back = provider.sign_in(&mut browser, "ed", &asked).await;
        assert!(
            back.starts_with(&format!("{PUBLIC}/auth/oidc/one/callback?")),
            "{back}"
        );
        let stranger = Browser::default().get(&next(server, &back)).await;
        assert_eq!((stranger.status, stranger.header("location")), (400, ""));
        let done = browser.get(&next(server, &back)).await;
        let location = done.header("location").to_owned();
        let rest = location
            .strip_prefix(&format!("{BACK}#challenge="))
            .expect("a challenge");
        let challenge = rest.strip_suffix("&state=xyz").expect("the state");
        assert_eq!(
            (done.status, done.header("cache-control")),
            (303, "private, no-store")
        );
        let again = browser.get(&next(server, &back)).await;
        assert_eq!((again.status, again.header("location")), (400, ""), "once");

        let query = "mutation($c: String!) { completeSignIn(input: {challenge: $c}) {
            session { account { email } accessToken } userErrors { code } } }";
        let session = server
            .query_with(&[], query, json!({"c": challenge}))
            .await
            .json();
        let session = &session["data"]["completeSignIn"]["session"];
        assert_eq!(session["account"]["email"], "editor@demo.example");
        let log = format!("{:?}", server.log());
        let code = back
            .split("code=")
            .nth(1)
            .and_then(|rest| rest.split('&').next())
            .expect("a code");
        let access = session["accessToken"].as_str().expect("a token");
        for secret in [CLIENT_SECRET, challenge, code, access, "kdb_", "kdc_"] {
            assert!(!log.contains(secret), "the log tells {secret}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_plainly_and_sends_nobody_elsewhere() {
    with_provider(async |server, provider| {
        let address = server.address;
        for (path, status) in [
            ("one", 400),
            ("three?return_to=https://app.example.org/&state=x", 404),
            ("one?return_to=https://evil.example/&state=x", 400),
            ("one?return_to=https://app.example.org/&state=", 400),
            ("one?return_to=https://app.example.org/&return_to=https://evil.example/&state=x", 400),
            ("one?return_to=javascript:alert(1)&state=x", 400),
            ("one?return_to=%3Cscript%3E&state=%3Cscript%3E", 400),
            ("two?return_to=https://app.example.org/&state=x", 502),
            ("one/callback", 400),
            ("one/callback?state=%3Cscript%3E&error=%3Cscript%3E&error_description=%3Cscript%3E", 400),
            ("%3Cscript%3E/callback?state=x", 404),
        ] {
            let answer = Browser::default().get(&format!("http://{address}/auth/oidc/{path}")).await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{path}");
            assert_eq!((answer.header("location"), answer.header("set-cookie")), ("", ""), "{path}");
            let text = String::from_utf8_lossy(&answer.body);
            assert!(text.starts_with("Signing in did not work: ") && !text.contains('<'), "{text}");
        }
        // Somebody who says no at the provider comes back to the frontend, and hears no more than that.
        let mut browser = Browser::default();
        let there = browser.get(&begin_at(server, "one")).await;
        let asked = there.header("location");
        let state = asked.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state");
        let issuer = url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect::<String>();
        let denied = format!(
            "http://{address}/auth/oidc/one/callback?error=x%26challenge%3Dy&error_description=z&state={state}&iss={issuer}"
        );
        let told = browser.get(&denied).await;
        assert_eq!(
            (told.status, told.header("location")),
            (303, format!("{BACK}#error=access_denied&state=xyz").as_str())
        );
    })
    .await;
}

#[tokio::test]
async fn frontends_can_ask_how_to_sign_in() {
    with_provider(async |server, _| {
        let query = "{ signInMethods { password passkey providers { id name url } } }";
        let methods = server.query(query).await.json()["data"]["signInMethods"].clone();
        assert_eq!(
            (&methods["password"], &methods["passkey"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            methods["providers"][0],
            json!({"id": "one", "name": "Provider one", "url": format!("{PUBLIC}/auth/oidc/one")})
        );
        let none: Value = methods["providers"][2].clone();
        assert!(none.is_null());
    })
    .await;
}
