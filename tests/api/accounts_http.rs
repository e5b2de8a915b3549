//! Credentials over HTTP, and what an operator does about accounts, asked of the real program.

use std::{io::Write, process::Stdio, time::Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::support::server::{Answer, Server, kindling, run};

const VIEWER: &str = "{ viewer { email role } }";

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// That an answer says nothing but that the credentials do not hold.
pub(crate) fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, "UNAUTHENTICATED"),
        "{what}: {answer:?}"
    );
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
}

#[tokio::test]
async fn credentials_come_in_one_header_of_one_scheme() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let token = server.sign_in("author").await;
    let bearer = format!("Bearer {token}");
    let lower = format!("bearer  {token}");
    for value in [&bearer, &lower] {
        let answer = server
            .query_with(&[("Authorization", value)], VIEWER, Value::Null)
            .await;
        assert_eq!(
            answer.json()["data"]["viewer"],
            json!({"email": "author@demo.example", "role": "AUTHOR"})
        );
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(
            answer.header("vary"),
            "Accept, Authorization, Kindling-CSRF"
        );
    }
    for value in [
        "",
        "Bearer",
        "Bearer ",
        &token,
        "Basic YTpi",
        &format!("Token {token}"),
        &format!("{bearer}, {bearer}"),
        "Bearer \u{e9}",
    ] {
        let answer = server
            .query_with(&[("Authorization", value)], VIEWER, Value::Null)
            .await;
        assert_refused(&answer, value);
    }
    let twice = [
        ("Authorization", bearer.as_str()),
        ("Authorization", bearer.as_str()),
    ];
    assert_refused(
        &server.query_with(&twice, VIEWER, Value::Null).await,
        "twice",
    );
    let path = "/graphql?query=%7Bviewer%7Bemail%7D%7D";
    let got = server.get(path, &[("Authorization", &bearer)]).await;
    assert_eq!(got.json()["data"]["viewer"]["email"], "author@demo.example");
    assert_eq!(got.header("cache-control"), "private, no-store");
    assert_refused(
        &server.get(path, &[("Authorization", "Bearer x")]).await,
        "by GET",
    );

    let anonymous = server.query(VIEWER).await;
    assert_eq!(
        (anonymous.json(), anonymous.header("cache-control")),
        (json!({"data": {"viewer": null}}), "private, no-store")
    );
    assert_eq!(
        anonymous.header("vary"),
        "Accept, Authorization, Kindling-CSRF"
    );
    let mutation = server.query("mutation { signOut { endedAt } }").await;
    assert_eq!(
        (mutation.code().as_str(), mutation.header("cache-control")),
        ("UNAUTHENTICATED", "private, no-store")
    );

    let out = server
        .query_as(&token, "mutation { signOut { endedAt } }", Value::Null)
        .await;
    assert_eq!((out.status, out.code().as_str()), (200, ""));
    assert_refused(
        &server.query_as(&token, VIEWER, Value::Null).await,
        "signed out",
    );
}

#[tokio::test]
async fn the_demo_has_an_account_of_each_role_and_no_link() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let mut passwords = Vec::new();
    for role in ["contributor", "author", "editor", "admin"] {
        let token = server.sign_in(role).await;
        let viewer = server.query_as(&token, VIEWER, Value::Null).await.json();
        assert_eq!(viewer["data"]["viewer"]["role"], role.to_uppercase());
        passwords.push(server.demo_password(role));
    }
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 4, "each has its own");
    assert!(!server.printed().iter().any(|line| line.contains("/setup#")));
    drop(server);
    let again = Server::start(folder.path(), &[]);
    assert_eq!(again.get("/readyz", &[]).await.status, 200);
    assert!(again.printed().is_empty(), "{:?}", again.printed());
}

#[tokio::test]
async fn the_link_that_the_server_prints_makes_the_first_admin_and_nothing_secret_is_logged() {
    let folder = folder();
    let mut server = Server::start_without_demo(folder.path(), &["--log-level", "trace"]);
    let link = server.wait_for("link", |server| {
        let printed = server.printed();
        printed
            .iter()
            .find(|line| line.contains("/setup#"))
            .map(|line| line.trim().to_owned())
    });
    let (page, token) = link.split_once('#').expect("a token");
    assert_eq!(page, format!("http://{}/setup", server.address));
    let shown = server.get("/setup", &[]).await;
    assert_eq!(
        (
            shown.status,
            shown.header("cache-control"),
            shown.header("referrer-policy")
        ),
        (200, "no-store", "no-referrer")
    );
    assert!(
        shown
            .header("content-security-policy")
            .starts_with("default-src 'none'; script-src 'self';")
    );
    for file in ["pages/pages.js", "pages/pages.css"] {
        assert!(String::from_utf8_lossy(&shown.body).contains(file));
        assert_eq!(server.get(&format!("/{file}"), &[]).await.status, 200);
    }
    let mutation = "mutation($input: CreateFirstAdminInput!) { createFirstAdmin(input: $input) {
        account { email } userErrors { message path }
    } }";
    let password = "an ember under the ashes";
    let input =
        json!({"token": token, "email": "ann@example.org", "name": "Ann", "password": password});
    let made = server
        .query_with(&[], mutation, json!({ "input": input }))
        .await;
    assert_eq!(
        made.json()["data"]["createFirstAdmin"],
        json!({"account": {"email": "ann@example.org"}, "userErrors": []})
    );
    let again = server
        .query_with(&[], mutation, json!({ "input": input }))
        .await;
    assert_eq!(
        again.json()["data"]["createFirstAdmin"]["userErrors"][0]["path"],
        "token"
    );

    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } } }";
    let input = json!({"email": "ann@example.org", "password": password});
    let session = server
        .query_with(&[], sign_in, json!({ "input": input }))
        .await
        .json();
    let session = &session["data"]["signIn"]["session"];
    let [access, refresh] =
        ["accessToken", "refreshToken"].map(|name| session[name].as_str().expect("a token"));
    assert_eq!(
        server.query_as(access, VIEWER, Value::Null).await.json()["data"]["viewer"]["role"],
        "ADMIN"
    );
    let wrong = json!({"email": "ann@example.org", "password": 12_345_678});
    server
        .query_with(&[], sign_in, json!({ "input": wrong }))
        .await;
    server.terminate();
    assert!(server.ended().success());
    let log = format!("{:?}", server.log());
    assert!(log.contains("/graphql"), "the log tells of the requests");
    for secret in [password, token, access, refresh, "12345678"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_flood_of_sign_ins_does_not_hold_up_readers() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let sign_in =
        "mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }";
    let head = "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length";
    let mut flood = Vec::new();
    for number in 0..40 {
        let email = format!("{number}@example.org");
        let input = json!({"email": email, "password": "not the password of anybody"});
        let body = json!({"query": sign_in, "variables": {"input": input}}).to_string();
        let request = format!("{head}: {}\r\n\r\n{body}", body.len());
        flood.push(server.open(request.as_bytes()).await);
    }
    let started = Instant::now();
    for _ in 0..5 {
        let answer = server.query("{ pages { totalCount } }").await;
        assert_eq!(answer.json()["data"]["pages"]["totalCount"], 1);
    }
    let read = started.elapsed();
    for mut attempt in flood {
        let mut answer = String::new();
        attempt
            .read_to_string(&mut answer)
            .await
            .expect("an answer");
        assert!(answer.contains("CREDENTIALS"), "{answer}");
    }
    let flooded = started.elapsed();
    assert!(
        read < flooded / 2,
        "five reads took {read:?}, forty sign-ins {flooded:?}"
    );
}

#[test]
fn an_operator_makes_accounts_by_command() {
    let folder = folder();
    let create = |more: &[&str]| {
        let fixed = [
            "account",
            "create",
            "--data-dir",
            "data",
            "--name",
            "Ann",
            "--email",
        ];
        [&fixed, more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let ran = |more: &[&str]| {
        let arguments = create(more);
        let output = run(
            folder.path(),
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let (out, err) = (
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr).expect("text"),
        );
        (output.status.code(), out, err)
    };
    let (code, out, err) = ran(&["ann@example.org", "--role", "admin"]);
    assert_eq!(code, Some(0), "{err}");
    let password = out.split_whitespace().last().expect("a password");
    assert_eq!(password.len(), 24, "{out}");
    assert!(!err.contains(password));
    let (code, _, err) = ran(&["Ann@example.org", "--role", "author"]);
    assert_eq!(
        (code, err.contains("belongs to another account")),
        (Some(1), true),
        "{err}"
    );
    let (code, _, err) = ran(&["bob@example.org", "--role", "king"]);
    assert_eq!(
        (code, err.contains("contributor, author, editor or admin")),
        (Some(2), true),
        "{err}"
    );

    let given = |email: &str, password: &str| {
        let arguments = create(&[email, "--role", "editor", "--password-stdin"]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = kindling(folder.path(), &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        child
            .stdin
            .take()
            .expect("its input")
            .write_all(password.as_bytes())
            .expect("written");
        child.wait_with_output().expect("its end")
    };
    let output = given("bob@example.org", "an ember under the ashes\n");
    assert!(output.status.success(), "{output:?}");
    assert!(!format!("{output:?}").contains("ember"), "{output:?}");
    let output = given("cyd@example.org", "short\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("must have 12 to 1024 characters"),
        "{output:?}"
    );
}
