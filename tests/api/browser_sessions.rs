//! Sessions in cookies: for pages that ask on purpose, and for no other.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    accounts_http::assert_refused,
    support::{
        browser::Browser,
        pictures::{CREATE, one_file, png},
        server::{Answer, Server},
        servers, servers_with,
    },
};

const PROOF: (&str, &str) = ("Kindling-CSRF", "1");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ACCESS: &str = "__Host-kindling-access";
const REFRESH: &str = "__Host-kindling-refresh";
const SESSION: &str = "session { accessToken refreshToken accessTokenExpiresAt account { email } } userErrors { code path }";
const VIEWER: &str = "{ viewer { email } }";
const SIGN_OUT: &str = "mutation { signOut { endedAt } }";

async fn ask(
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

async fn sign_in(server: &mut Server, browser: &mut Browser, headers: &[(&str, &str)]) -> Answer {
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
async fn signed_in(server: &mut Server) -> Browser {
    let mut browser = Browser::default();
    let answer = sign_in(server, &mut browser, &[PROOF]).await;
    assert_eq!(answer.code(), "", "{answer:?}");
    browser
}

fn viewer(answer: &Answer) -> Value {
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
            "Cookie, Authorization, Kindling-CSRF"
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
async fn nothing_is_done_for_a_request_that_another_site_may_have_sent() {
    let arguments = [
        "--public-url",
        "https://cms.example.org",
        "--cors-origins",
        "https://app.example.org,http://localhost:5173",
    ];
    for (mut server, _folder, _database) in servers_with(&arguments).await {
        let mut browser = signed_in(&mut server).await;
        let host = server.address.to_string();
        let own = format!("http://{host}");
        for (origin, is_own) in [
            (None, true),
            (Some("https://cms.example.org"), true),
            (Some("https://app.example.org"), true),
            (Some("http://localhost:5173"), true),
            (Some(own.as_str()), false),
            (Some("https://evil.example"), false),
            (Some("http://cms.example.org"), false),
            (Some("https://cms.example.org:8443"), false),
            (Some("https://cms.example.org.evil.example"), false),
            (Some("https://sub.cms.example.org"), false),
            (Some("https://CMS.example.org"), false),
            (Some("https://cms.example.org/"), false),
            (Some("https://cms.example.org https://evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("https://cms.example.org\u{e9}"), false),
        ] {
            let mut headers = vec![PROOF];
            headers.extend(origin.map(|origin| ("Origin", origin)));
            let query = "{ viewer { email } }";
            let answer = ask(&server, &mut browser, &headers, query, Value::Null).await;
            let told = (answer.status, answer.code());
            if is_own {
                assert_eq!(viewer(&answer), "editor@demo.example", "{origin:?}");
            } else {
                assert_eq!(told, (403, "CSRF".to_owned()), "{origin:?}");
                let refused = sign_in(&mut server, &mut Browser::default(), &headers).await;
                assert_eq!(
                    (refused.code().as_str(), refused.header("set-cookie")),
                    ("CSRF", "")
                );
            }
        }
        let two = [
            PROOF,
            ("Origin", "https://cms.example.org"),
            ("Origin", "https://evil.example"),
        ];
        assert_eq!(
            ask(&server, &mut browser, &two, VIEWER, Value::Null)
                .await
                .status,
            403
        );

        // Without the header, cookies are nobody's: what is public can be read, and nothing can be done.
        let without: [&[(&str, &str)]; 6] = [
            &[],
            &[("Kindling-CSRF", "0")],
            &[("Kindling-CSRF", "")],
            &[("Kindling-CSRF", "true")],
            &[("Origin", "https://evil.example")],
            &[("Origin", "https://cms.example.org")],
        ];
        for headers in without {
            let answer = ask(&server, &mut browser, headers, VIEWER, Value::Null).await;
            assert_eq!(
                (viewer(&answer), answer.header("cache-control")),
                (Value::Null, ""),
                "{headers:?}"
            );
            let drafts = "{ pages(view: {perspective: DRAFT}) { totalCount } }";
            let answer = ask(&server, &mut browser, headers, drafts, Value::Null).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{headers:?}");
            let mutation = "mutation { createValue(input: {content: {}}) { userErrors { code } } }";
            for query in [
                SIGN_OUT,
                mutation,
                "query A { __typename } mutation B { signOut { endedAt } }",
            ] {
                let answer = ask(&server, &mut browser, headers, query, Value::Null).await;
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (403, "CSRF"),
                    "{headers:?} {query}"
                );
            }
        }
        // The ways of forms and of scripts that need not ask.
        let body = json!({"query": SIGN_OUT}).to_string();
        let form = "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"mutation{signOut{endedAt}}\"}\r\n--x--\r\n";
        let url = format!("{own}/graphql");
        for (media_type, body, status) in [
            ("text/plain", body.as_str(), 415),
            (
                "application/x-www-form-urlencoded",
                "query=mutation{signOut{endedAt}}",
                415,
            ),
            ("multipart/form-data; boundary=x", form, 415),
        ] {
            let answer = browser
                .send("POST", &url, &[("Content-Type", media_type)], body)
                .await;
            assert_eq!(answer.status, status, "{media_type}");
        }
        let form_with = [
            ("Content-Type", "multipart/form-data; boundary=x"),
            ("GraphQL-Preflight", "1"),
        ];
        let answer = browser.send("POST", &url, &form_with, form).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "CSRF"),
            "a form with files"
        );
        let by_get = format!("{own}/graphql?query=mutation%7BsignOut%7BendedAt%7D%7D");
        assert_eq!(browser.send("GET", &by_get, &[PROOF], "").await.status, 405);
        let still = ask(&server, &mut browser, &[PROOF], VIEWER, Value::Null).await;
        assert_eq!(
            viewer(&still),
            "editor@demo.example",
            "nothing has ended the session"
        );
    }
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
