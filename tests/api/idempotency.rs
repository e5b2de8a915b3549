//! `Idempotency-Key`: what is sent again is answered again, and done once.

use std::path::Path;

use chrono::TimeDelta;
use kindling::database::Database;
use serde_json::{Value, json};

use crate::support::{
    at_rest::{in_files, in_tables},
    postgres::TestDatabase,
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

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_what_it_shows() {
    for (mut server, folder, database) in servers().await {
        let (editor, admin) = (
            server.sign_in("editor").await,
            server.sign_in("admin").await,
        );
        let shows = send(&server, &editor, "shows", CANARY).await.json();
        let other = send(&server, &editor, "other", "Another").await.json();
        let id = shows["data"]["createValue"]["value"]["id"].clone();
        let headers = |key: &'static str| {
            [
                ("Authorization", format!("Bearer {editor}")),
                ("Idempotency-Key", key.to_owned()),
            ]
        };
        let update = "mutation($id: ID!, $title: String!) { updateValue(input: {id: $id, expectedRevision: 1, content: {title: $title}}) {
            userErrors { code ... on ConflictError { fields { base theirs yours } } } } }";
        let change = async |key, title: &str| {
            let headers = headers(key);
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            server
                .query_with(&headers, update, json!({"id": id, "title": title}))
                .await
        };
        let long = format!("{CANARY} {}", "and more ".repeat(8));
        assert_eq!(
            change("one", &long).await.json()["data"]["updateValue"]["userErrors"],
            json!([])
        );
        let conflict = change("conflict", &format!("{CANARY} once more"))
            .await
            .json();
        assert!(conflict.to_string().contains("CONFLICT"), "{conflict}");
        let target = json!({"entries": [{"id": id}]});
        let archive = "mutation($entries: [EntryTarget!]!) { archiveEntries(input: {entries: $entries}) { entries { id } } }";
        server.query_as(&editor, archive, target.clone()).await;
        let erase = "mutation($entries: [EntryTarget!]!) { eraseEntries(input: {entries: $entries}) { erasedIds } }";
        let headers = [
            ("Authorization", format!("Bearer {admin}")),
            ("Idempotency-Key", "erase".to_owned()),
        ];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let erased = server
            .query_with(&headers, erase, target.clone())
            .await
            .json();
        assert_eq!(
            erased["data"]["eraseEntries"]["erasedIds"],
            json!([id]),
            "{erased}"
        );
        assert_eq!(
            server.query_with(&headers, erase, target).await.json(),
            erased
        );
        assert_eq!(
            send(&server, &editor, "shows", CANARY).await.code(),
            "ANSWER_UNKNOWN"
        );
        assert_eq!(
            change("conflict", &format!("{CANARY} once more"))
                .await
                .code(),
            "ANSWER_UNKNOWN"
        );
        assert_eq!(
            send(&server, &editor, "other", "Another").await.json(),
            other
        );
        is_forgotten(&mut server, folder.path(), database.as_ref(), CANARY).await;
    }
}

const CANARY: &str = "Canary of an erased text";

/// Waits until the database holds a text no more: neither in a row, nor in a free page or the log of SQLite.
async fn is_forgotten(
    server: &mut Server,
    folder: &Path,
    database: Option<&TestDatabase>,
    text: &str,
) {
    if let Some(database) = database {
        let database = Database::connect(&database.url(), 1)
            .await
            .expect("a connection");
        assert!(!in_tables(&database).await.contains(text));
        database.close().await;
        return;
    }
    server.wait_for("end of the text", |_| {
        let files = in_files(&folder.join("data"));
        (!files.contains(text)).then_some(())
    });
}

crate::support::on_both_engines! {
    async fn kept_answers_go_after_their_time_whether_anybody_keeps_others_or_not(app: TestApp) {
        use kindling::{auth::Role, idempotency::Claim, worker::Worker};
        let account = app.new_account("editor@example.org", Role::Editor).await;
        let claim = Claim::new((account.id, None), "key", &["one"]);
        claim.keep(&app.app, CANARY).await.expect("kept");
        let mut worker = Worker::new(&app.app);
        worker.step().await;
        assert!(app.everything().await.contains(CANARY));
        app.app.clock.advance(TimeDelta::hours(24));
        // What is left in the log of SQLite is truncated with the next step.
        worker.step().await;
        worker.step().await;
        assert!(!app.everything().await.contains(CANARY));
    }

    async fn an_answer_is_kept_for_a_day(app: TestApp) {
        use kindling::{auth::Role, idempotency::Claim};
        let account = app.new_account("editor@example.org", Role::Editor).await;
        let claim = |request: &str| Claim::new((account.id, None), "key", &[request]);
        claim("one").keep(&app.app, "the answer").await.expect("kept");
        assert_eq!(claim("one").answer(&app.app).await.expect("an answer").as_deref(), Some("the answer"));
        assert_eq!(claim("two").answer(&app.app).await.expect_err("another request").code(), "KEY_REUSED");
        app.app.clock.advance(TimeDelta::hours(24));
        assert_eq!(claim("two").answer(&app.app).await.expect("none any more"), None);
        claim("two").keep(&app.app, "another").await.expect("kept");
        assert_eq!(claim("two").answer(&app.app).await.expect("an answer").as_deref(), Some("another"));
    }
}
