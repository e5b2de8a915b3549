//! Sessions in cookies: for pages that ask on purpose, and for no other.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    accounts_http::assert_refused,
    support::{
        browser::Browser,
        pictures::{CREATE, one_file, png},
        server::{Answer, Server},
        servers,
    },
};

pub(crate) const PROOF: (&str, &str) = ("Kindling-CSRF", "1");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ACCESS: &str = "__Host-kindling-access";
const REFRESH: &str = "__Host-kindling-refresh";
const SESSION: &str = "session { accessToken refreshToken accessTokenExpiresAt account { email } } userErrors { code path }";
pub(crate) const VIEWER: &str = "{ viewer { email } }";
pub(crate) const SIGN_OUT: &str = "mutation { signOut { endedAt } }";

pub(crate) async fn ask(
    server: &Server,
    browser: &mut Browser,
    headers: &[(&str, &str)],
    query: &str,
    variables: Value,
) -> Answer {
    let url = format!("http://{}/graphql", server.address);
    let body = json!({"query": query, "variables": variables}).to_string();
    browser
        .send("POST", &url, &[&[JSON], headers].concat(), &body)
        .await
}

pub(crate) async fn sign_in(
    server: &mut Server,
    browser: &mut Browser,
    headers: &[(&str, &str)],
) -> Answer {
    let query =
        format!("mutation($input: SignInInput!) {{ signIn(input: $input) {{ {SESSION} }} }}");
    let password = server.demo_password("editor");
    let input =
        json!({"email": "editor@demo.example", "password": password, "transport": "COOKIE"});
    ask(server, browser, headers, &query, json!({"input": input})).await
}

async fn refresh(server: &Server, browser: &mut Browser) -> Answer {
    let query = format!("mutation {{ refreshSession(input: {{}}) {{ {SESSION} }} }}");
    ask(server, browser, &[PROOF], &query, Value::Null).await
}

/// A browser in which somebody is signed in.
pub(crate) async fn signed_in(server: &mut Server) -> Browser {
    let mut browser = Browser::default();
    let answer = sign_in(server, &mut browser, &[PROOF]).await;
    assert_eq!(answer.code(), "", "{answer:?}");
    browser
}

pub(crate) fn viewer(answer: &Answer) -> Value {
    answer.json()["data"]["viewer"]["email"].clone()
}

#[tokio::test]
async fn a_session_lives_in_cookies_from_signing_in_to_signing_out() {
    for (mut server, _folder, _database) in servers().await {
        let host = server.address.to_string();
        let mut browser = Browser::default();
        let answer = sign_in(&mut server, &mut browser, &[PROOF]).await;
        let session = answer.json()["data"]["signIn"]["session"].clone();
        assert_eq!(session["account"]["email"], "editor@demo.example");
        assert_eq!(
            (&session["accessToken"], &session["refreshToken"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(
            answer.header("vary"),
            "Accept, Cookie, Authorization, Kindling-CSRF"
        );
        let set: Vec<&str> = answer.header("set-cookie").lines().collect();
        assert_eq!(set.len(), 2, "{set:?}");
        for (line, name, longest) in [
            (set[0], ACCESS, 15 * 60),
            (set[1], REFRESH, 30 * 24 * 60 * 60),
        ] {
            assert!(line.starts_with(&format!("{name}=")), "{line}");
            let life = line
                .split("Max-Age=")
                .nth(1)
                .and_then(|rest| rest.split(';').next());
            let life: i64 = life.and_then(|life| life.parse().ok()).expect("a life");
            assert!((longest - 5..=longest).contains(&life), "{line}");
            let attributes = format!("; Path=/; Max-Age={life}; HttpOnly; Secure; SameSite=Strict");
            assert!(line.ends_with(&attributes), "{line}");
        }

        let answer = ask(&server, &mut browser, &[PROOF], VIEWER, Value::Null).await;
        assert_eq!(viewer(&answer), "editor@demo.example");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("set-cookie"), "");
        let url = format!("http://{host}/graphql?query=%7Bviewer%7Bemail%7D%7D");
        assert_eq!(
            viewer(&browser.send("GET", &url, &[PROOF], "").await),
            "editor@demo.example"
        );

        let old = browser.cookie(&host, REFRESH).to_owned();
        let answer = refresh(&server, &mut browser).await;
        let session = answer.json()["data"]["refreshSession"]["session"].clone();
        assert_eq!(
            (&session["accessToken"], &session["refreshToken"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(session["account"]["email"], "editor@demo.example");
        assert_ne!(browser.cookie(&host, REFRESH), old);
        assert_eq!(
            viewer(&ask(&server, &mut browser, &[PROOF], VIEWER, Value::Null).await),
            "editor@demo.example"
        );

        let kept = (
            browser.cookie(&host, ACCESS).to_owned(),
            browser.cookie(&host, REFRESH).to_owned(),
        );
        let out = ask(&server, &mut browser, &[PROOF], SIGN_OUT, Value::Null).await;
        assert!(out.json()["data"]["signOut"]["endedAt"].is_string());
        assert_eq!(browser.cookies(&host), "", "they are gone");
        // Whoever has kept them has nothing, and is told to let them go.
        browser.set(&host, ACCESS, &kept.0);
        browser.set(&host, REFRESH, &kept.1);
        let refused = ask(&server, &mut browser, &[PROOF], VIEWER, Value::Null).await;
        assert_refused(&refused, "signed out");
        assert_eq!(refused.header("cache-control"), "private, no-store");
        assert_eq!(
            browser.cookie(&host, ACCESS),
            "",
            "a cookie that does not hold would keep everybody out"
        );
        let errors =
            refresh(&server, &mut browser).await.json()["data"]["refreshSession"]["userErrors"]
                .clone();
        assert_eq!(errors[0]["code"], "CREDENTIALS");
        let again = sign_in(&mut server, &mut browser, &[PROOF]).await;
        assert_eq!(again.code(), "");
        let log = format!("{:?}", server.log());
        assert!(!log.contains(&kept.0) && !log.contains(&kept.1) && !log.contains(ACCESS));
    }
}

#[tokio::test]
async fn whatever_ends_its_own_session_takes_the_cookies_away() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let host = server.address.to_string();
    let everywhere = "mutation($account: ID) { signOutEverywhere(input: {account: $account}) {
        endedCount userErrors { code } } }";
    let one = "mutation($id: ID!) { endSession(input: {id: $id}) { endedId } }";
    let known = "{ viewer { id } sessions { id isCurrent } }";

    let mut browser = signed_in(&mut server).await;
    let other = signed_in(&mut server).await;
    let seen = ask(&server, &mut browser, &[PROOF], known, Value::Null).await;
    let seen = seen.json()["data"].clone();
    let session = |is_current: bool| {
        let mut sessions = seen["sessions"].as_array().into_iter().flatten();
        let found = sessions.find(|session| session["isCurrent"] == is_current);
        json!({"id": found.expect("a session")["id"]})
    };
    let kept = browser.cookies(&host);
    ask(&server, &mut browser, &[PROOF], one, session(false)).await;
    assert_eq!(browser.cookies(&host), kept, "that was another one");
    let answer = ask(&server, &mut browser, &[PROOF], one, session(true)).await;
    assert!(answer.json()["data"]["endSession"]["endedId"].is_string());
    assert_eq!(
        (browser.cookies(&host).as_str(), kept.is_empty()),
        ("", false)
    );
    assert_ne!(other.cookies(&host), "", "only who asks is told");

    let bearer = format!("Bearer {}", server.sign_in("admin").await);
    for named in [false, true] {
        let mut browser = signed_in(&mut server).await;
        let account = json!({"account": named.then_some(&seen["viewer"]["id"])});
        let answer = ask(&server, &mut browser, &[PROOF], everywhere, account).await;
        let answer = answer.json()["data"]["signOutEverywhere"].clone();
        assert_eq!(answer, json!({"endedCount": 1, "userErrors": []}));
        assert_eq!(browser.cookies(&host), "", "{named}");
    }
    // An admin who signs somebody else out stays.
    let role = "mutation($account: ID!) { changeRole(input: {account: $account, role: ADMIN}) { account { id } } }";
    let account = json!({"account": seen["viewer"]["id"]});
    let headers = [("Authorization", bearer.as_str())];
    let raised = server.query_with(&headers, role, account).await;
    assert!(
        raised.json()["data"]["changeRole"]["account"].is_object(),
        "{raised:?}"
    );
    let mut browser = signed_in(&mut server).await;
    let admin = server.query_with(&headers, known, Value::Null).await;
    let account = json!({"account": admin.json()["data"]["viewer"]["id"]});
    let kept = browser.cookies(&host);
    let answer = ask(&server, &mut browser, &[PROOF], everywhere, account).await;
    assert_eq!(
        answer.json()["data"]["signOutEverywhere"]["endedCount"],
        1,
        "{answer:?}"
    );
    assert_eq!(browser.cookies(&host), kept);
}

#[tokio::test]
async fn a_session_that_comes_by_tokens_goes_on_by_tokens() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = server.sign_in("author").await;
    let mut browser = Browser::default();
    let bearer = format!("Bearer {token}");
    let query = "mutation { refreshSession(input: {}) { session { accessToken } userErrors { code path } } }";
    let answer = ask(
        &server,
        &mut browser,
        &[("Authorization", &bearer)],
        query,
        Value::Null,
    )
    .await;
    assert_eq!(
        answer.json()["data"]["refreshSession"]["userErrors"],
        json!([{"code": "REQUIRED", "path": "refreshToken"}])
    );
    let out = ask(
        &server,
        &mut browser,
        &[("Authorization", &bearer)],
        SIGN_OUT,
        Value::Null,
    )
    .await;
    assert_eq!((out.code().as_str(), out.header("set-cookie")), ("", ""));
}

#[tokio::test]
async fn a_bearer_token_goes_before_cookies_and_never_with_them() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let mut browser = signed_in(&mut server).await;
    let bearer = format!("Bearer {}", server.sign_in("author").await);
    let authorization = ("Authorization", bearer.as_str());
    let answer = ask(&server, &mut browser, &[authorization], VIEWER, Value::Null).await;
    assert_eq!(viewer(&answer), "author@demo.example");
    let both = ask(
        &server,
        &mut browser,
        &[authorization, PROOF],
        VIEWER,
        Value::Null,
    )
    .await;
    assert_eq!((both.status, both.code().as_str()), (400, "BAD_REQUEST"));
    let host = server.address.to_string();
    let twice = format!("{0}=x; {0}={1}", ACCESS, browser.cookie(&host, ACCESS));
    let answer = ask(
        &server,
        &mut Browser::default(),
        &[PROOF, ("Cookie", &twice)],
        VIEWER,
        Value::Null,
    )
    .await;
    assert_eq!(viewer(&answer), Value::Null, "two of a name are none");
}

#[tokio::test]
async fn without_a_public_address_pages_of_the_servers_own_name_belong_to_it() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let mut browser = signed_in(&mut server).await;
    let host = server.address.to_string();
    for (origin, is_own) in [
        (format!("http://{host}"), true),
        (format!("https://{host}"), true),
        ("http://127.0.0.1:1".to_owned(), false),
        (format!("http://{host}.evil.example"), false),
        (format!("http://evil.example/{host}"), false),
        ("null".to_owned(), false),
    ] {
        let answer = ask(
            &server,
            &mut browser,
            &[PROOF, ("Origin", &origin)],
            VIEWER,
            Value::Null,
        )
        .await;
        assert_eq!(answer.status == 200, is_own, "{origin}");
    }
}

#[tokio::test]
async fn files_are_uploaded_with_cookies_too() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let browser = signed_in(&mut server).await;
    let cookies = browser.cookies(&server.address.to_string());
    let cookie = ("Cookie", cookies.as_str());
    let form = one_file(CREATE, json!({}), "a.png", &png(4, 4));
    let refused = server
        .send_form(&[cookie, ("GraphQL-Preflight", "1")], &form)
        .await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "CSRF"));
    let answer = server.send_form(&[cookie, PROOF], &form).await.json();
    assert_eq!(
        answer["data"]["createAsset"]["asset"]["fileName"], "a.png",
        "{answer}"
    );
}
