//! `Idempotency-Key`: what is sent again is answered again, and done once.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    server::{Answer, Server},
    servers,
};

const CREATE: &str = "mutation($title: String!) { createValue(input: {content: {title: $title}}) { value { id title } userErrors { code } } }";

async fn send(server: &Server, token: &str, key: &str, title: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Idempotency-Key", key),
    ];
    server
        .query_with(&headers, CREATE, json!({ "title": title }))
        .await
}

async fn count(server: &Server, token: &str) -> Value {
    let query = "{ values(view: {perspective: DRAFT}) { totalCount } }";
    server.query_as(token, query, json!({})).await.json()["data"]["values"]["totalCount"].clone()
}

#[tokio::test]
async fn an_operation_with_a_key_is_done_once() {
    for (mut server, _folder, _database) in servers().await {
        let editor = server.sign_in("editor").await;
        let author = server.sign_in("author").await;
        let before = count(&server, &editor).await.as_i64().expect("a number");
        let first = send(&server, &editor, "one", "First").await.json();
        assert_eq!(first["data"]["createValue"]["value"]["title"], "First");
        for _ in 0..3 {
            assert_eq!(send(&server, &editor, "one", "First").await.json(), first);
        }
        assert_eq!(
            send(&server, &editor, "one", "Second").await.code(),
            "KEY_REUSED"
        );
        let of_author = send(&server, &author, "one", "First").await.json();
        assert_ne!(
            of_author["data"], first["data"],
            "keys belong to an account"
        );
        let refused = send(&server, &editor, "two", "").await.json();
        assert_eq!(
            refused["data"]["createValue"]["userErrors"],
            json!([{"code": "INVALID"}])
        );
        assert_eq!(send(&server, &editor, "two", "").await.json(), refused);
        assert_eq!(count(&server, &editor).await, before + 2);
        let long = "k".repeat(256);
        for key in ["", &long] {
            assert_eq!(
                send(&server, &editor, key, "Third").await.status,
                400,
                "{key:?}"
            );
        }
        at_once(&server, &editor, before + 2).await;
    }
}

#[tokio::test]
async fn what_is_secret_is_never_kept_and_what_may_pass_can_be_tried_again() {
    for (mut server, _folder, _database) in servers().await {
        let input =
            json!({"email": "admin@demo.example", "password": server.demo_password("admin")});
        let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } } }";
        let signed_in = server
            .query_with(&[], sign_in, json!({ "input": input }))
            .await
            .json();
        let session = &signed_in["data"]["signIn"]["session"];
        let bearer = format!(
            "Bearer {}",
            session["accessToken"].as_str().expect("a token")
        );
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "one"),
        ];
        let refresh = "mutation($token: String!) { ...Refresh } fragment Refresh on Mutation {
            refreshSession(input: {refreshToken: $token}) { userErrors { code } } }";
        let token = json!({"token": session["refreshToken"]});
        let refresh = async || {
            let answer = server.query_with(&headers, refresh, token.clone()).await;
            answer.json()["data"]["refreshSession"]["userErrors"].clone()
        };
        assert_eq!(refresh().await, json!([]));
        // The spent token ends the session: had the first answer been kept, it would have come again.
        assert_ne!(refresh().await, json!([]));
    }
}

/// Many requests with one key at the same time are done once.
async fn at_once(server: &Server, token: &str, before: i64) {
    let requests = (0..20).map(|_| send(server, token, "many", "Many"));
    let answers = futures_util::future::join_all(requests).await;
    let mut given = Vec::new();
    for answer in answers {
        match answer.code().as_str() {
            "" => given.push(answer.json()["data"].clone()),
            code => assert!(["ANSWER_UNKNOWN", "UNAVAILABLE"].contains(&code), "{code}"),
        }
    }
    given.dedup();
    assert_eq!(given.len(), 1, "{given:?}");
    assert_eq!(count(server, token).await, before + 1);
    assert_eq!(
        send(server, token, "many", "Many").await.json()["data"],
        given[0]
    );
}

crate::support::on_both_engines! {
    async fn an_answer_is_kept_for_a_day(app: TestApp) {
        use kindling::{auth::Role, content::idempotency::Claim};
        let account = app.new_account("editor@example.org", Role::Editor).await;
        let claim = |request: &str| Claim::new((account.id, None), "key", &[request]);
        claim("one").keep(&app.app, "the answer".to_owned()).await.expect("kept");
        assert_eq!(claim("one").answer(&app.app).await.expect("an answer").as_deref(), Some("the answer"));
        assert_eq!(claim("two").answer(&app.app).await.expect_err("another request").code(), "KEY_REUSED");
        app.app.clock.advance(TimeDelta::hours(24));
        assert_eq!(claim("two").answer(&app.app).await.expect("none any more"), None);
        claim("two").keep(&app.app, "another".to_owned()).await.expect("kept");
        assert_eq!(claim("two").answer(&app.app).await.expect("an answer").as_deref(), Some("another"));
    }
}
