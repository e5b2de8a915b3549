//! Automatic persisted queries, as Apollo's clients speak of them.

use serde_json::{Value, json};

use super::{get, hash, post};
use crate::support::{servers, servers_with};

const QUERY: &str = "query Titles($first: Int) { milestones(first: $first) { nodes { title } } }";

fn named(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

#[tokio::test]
async fn a_document_that_was_sent_once_is_known_by_its_hash() {
    for (server, _folder, _database) in servers().await {
        let extensions = named(&hash(QUERY));
        let variables = json!({"first": 2});
        let unknown = post(
            &server,
            json!({"extensions": extensions, "variables": variables}),
        )
        .await;
        let error = &unknown.json()["errors"][0];
        assert_eq!(
            (
                unknown.status,
                &error["message"],
                &error["extensions"]["code"]
            ),
            (
                200,
                &json!("PersistedQueryNotFound"),
                &json!("PERSISTED_QUERY_NOT_FOUND")
            )
        );
        let sent = post(
            &server,
            json!({"query": QUERY, "extensions": extensions, "variables": variables}),
        )
        .await;
        assert_eq!(
            sent.json()["data"]["milestones"]["nodes"]
                .as_array()
                .map(Vec::len),
            Some(2),
            "{sent:?}"
        );
        let known = post(
            &server,
            json!({"extensions": extensions, "variables": variables}),
        )
        .await;
        assert_eq!(known.json(), sent.json());
        let loud = named(&hash(QUERY).to_uppercase());
        assert_eq!(
            post(&server, json!({"extensions": loud, "variables": variables}))
                .await
                .json(),
            sent.json()
        );
        let got = get(
            &server,
            &[
                ("extensions", &extensions.to_string()),
                ("variables", "{\"first\":2}"),
            ],
        )
        .await;
        assert_eq!(got.json(), sent.json());
        assert!(!got.header("etag").is_empty());
    }
}

#[tokio::test]
async fn a_hash_names_what_it_is_the_hash_of_and_nothing_that_is_wrong() {
    let (server, _folder, _database) = servers().await.remove(0);
    let other = post(
        &server,
        json!({"query": "{ milestones { totalCount } }", "extensions": named(&hash(QUERY))}),
    )
    .await;
    assert_eq!(other.code(), "BAD_REQUEST", "{other:?}");
    assert_eq!(
        post(&server, json!({"extensions": named(&hash(QUERY))}))
            .await
            .code(),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let wrong = "{ milestones { nodes { nothing } } }";
    for _ in 0..2 {
        post(
            &server,
            json!({"query": wrong, "extensions": named(&hash(wrong))}),
        )
        .await;
        assert_eq!(
            post(&server, json!({"extensions": named(&hash(wrong))}))
                .await
                .code(),
            "PERSISTED_QUERY_NOT_FOUND"
        );
    }
    let changes = "mutation { signOut(input: {}) { userErrors { message } } }";
    post(
        &server,
        json!({"query": changes, "extensions": named(&hash(changes))}),
    )
    .await;
    let got = get(
        &server,
        &[("extensions", &named(&hash(changes)).to_string())],
    )
    .await;
    assert!(
        got.status == 405 || got.code() == "PERSISTED_QUERY_NOT_FOUND",
        "{got:?}"
    );
    for (extensions, status) in [
        (
            json!({"persistedQuery": {"version": 2, "sha256Hash": hash(QUERY)}}),
            200,
        ),
        (
            json!({"persistedQuery": {"version": 1, "sha256Hash": "é"}}),
            200,
        ),
        (json!({"persistedQuery": {"version": 1}}), 400),
        (json!({"persistedQuery": "x"}), 400),
        (json!("x"), 400),
        (json!({}), 400),
    ] {
        let answer = post(&server, json!({"extensions": extensions})).await;
        assert_eq!(
            (answer.status, answer.json()["data"].is_null()),
            (status, true),
            "{extensions}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn where_the_settings_say_so_hashes_are_not_taken() {
    let settings = ["--automatic-persisted-queries", "false"];
    let (server, _folder, _database) = servers_with(&settings).await.remove(0);
    let extensions = named(&hash(QUERY));
    post(&server, json!({"query": QUERY, "extensions": extensions})).await;
    let answer = post(&server, json!({"extensions": extensions})).await;
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["message"], &error["extensions"]["code"]),
        (
            &json!("PersistedQueryNotSupported"),
            &json!("PERSISTED_QUERY_NOT_SUPPORTED")
        )
    );
}
