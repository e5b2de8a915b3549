//! A database that went back in time: whatever was read before it did is gone, on every instance and for every client.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::support::{
    backup::Backup,
    postgres::TestDatabase,
    server::{Answer, Server, run},
    servers,
};

const LIST: &str = "/graphql?query=%7Bmilestones%28first%3A100%29%7Bnodes%7Bid%20title%7D%7D%7D";

/// The answer, once the server gives one: it refuses while connections come back.
async fn get(server: &Server, headers: &[(&str, &str)]) -> Answer {
    given(async || server.get(LIST, headers).await).await
}

async fn given(ask: impl AsyncFn() -> Answer) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(30), "refused: {answer:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The answer once it is as it should be.
async fn until(server: &Server, what: &str, is_right: impl Fn(&Answer) -> bool) -> Answer {
    let started = Instant::now();
    loop {
        let answer = server.get(LIST, &[]).await;
        if is_right(&answer) {
            return answer;
        }
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(30), "{what}: {answer:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a tag of this moment is known at the next one: not for long, the log may be found to have another lineage once
/// more, when several instances notice it at once.
async fn until_tags_match(server: &Server) {
    let started = Instant::now();
    loop {
        let now = get(server, &[]).await;
        let tag = now.header("etag");
        let again = get(server, &[("If-None-Match", tag)]).await;
        if again.status == 304 {
            return;
        }
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(30), "{tag}: {again:?}");
    }
}

/// What a change as the editor gives.
async fn change(server: &Server, token: &str, document: &str, variables: Value) -> Value {
    let ask = async || server.query_as(token, document, variables.clone()).await;
    given(ask).await.json()
}

/// A public milestone with this title; returns its id.
async fn publish_new(server: &Server, token: &str, title: &str) -> Value {
    let create = "mutation($title: String) { createMilestone(input: {content: {title: $title, date: \"2024\"}}) { milestone { id } } }";
    let created = change(server, token, create, json!({"title": title})).await;
    let id = created["data"]["createMilestone"]["milestone"]["id"].clone();
    let publish = "mutation($id: ID!) { publishEntries(input: {entries: [{id: $id}]}) { userErrors { message } } }";
    let published = change(server, token, publish, json!({"id": id})).await;
    let errors = &published["data"]["publishEntries"]["userErrors"];
    assert_eq!(*errors, json!([]), "{published}");
    id
}

async fn unpublish(server: &Server, token: &str, id: &Value) {
    let unpublish = "mutation($id: ID!) { unpublishEntries(input: {entries: [{id: $id}]}) { userErrors { message } } }";
    let done = change(server, token, unpublish, json!({"id": id})).await;
    let errors = &done["data"]["unpublishEntries"]["userErrors"];
    assert_eq!(*errors, json!([]), "{done}");
}

fn url(folder: &TempDir, database: Option<&TestDatabase>) -> String {
    database.map_or_else(
        || format!("sqlite://{}/data/kindling.db", folder.path().display()),
        TestDatabase::url,
    )
}

fn start_again(folder: &TempDir, database: Option<&TestDatabase>) -> Server {
    let url = url(folder, database);
    Server::start_without_demo(folder.path(), &["--database-url", &url])
}

#[tokio::test]
async fn what_was_read_before_a_restore_is_shown_to_nobody() {
    for (mut one, folder, database) in servers().await {
        let two = start_again(&folder, database.as_ref());
        let token = one.sign_in("editor").await;
        let id = publish_new(&one, &token, "Public at the backup").await;
        let early = until(&two, "the first change", |answer| {
            answer.text().contains("Public at the backup")
        })
        .await;
        let backup = Backup::take(&url(&folder, database.as_ref())).await;
        for number in 0..3 {
            publish_new(&one, &token, &format!("Lost {number}")).await;
        }
        let lost = get(&one, &[]).await;
        until(&two, "what gets lost", |answer| {
            answer.text().contains("Lost 2")
        })
        .await;
        backup.restore().await;
        // The restored log gives the numbers of the lost events to others, before anybody looks.
        unpublish(&one, &token, &id).await;
        for number in 0..9 {
            publish_new(&one, &token, &format!("New {number}")).await;
        }
        let is_right = |answer: &Answer| {
            let text = answer.text();
            text.contains("New 8") && !text.contains("Lost") && !text.contains("at the backup")
        };
        for server in [&one, &two] {
            until(server, "the restored content", is_right).await;
            for old in [&early, &lost] {
                let tag = old.header("etag");
                let again = get(server, &[("If-None-Match", tag)]).await;
                assert_eq!(again.status, 200, "no tag from before matches");
                let version = old.header("content-version");
                let asked = get(server, &[("Content-Version", version)]).await;
                assert!(asked.status == 200 && is_right(&asked), "{asked:?}");
            }
            until_tags_match(server).await;
        }
        let warned = |line: &Value| {
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            message.contains("went back in time")
        };
        let logs = [one.log(), two.log()].concat();
        assert!(logs.iter().any(warned), "{logs:?}");
    }
}

#[tokio::test]
async fn tags_match_nothing_after_a_restore_even_of_the_same_content() {
    for (mut server, folder, database) in servers().await {
        let before = get(&server, &[]).await;
        let tag = before.header("etag");
        let backup = Backup::take(&url(&folder, database.as_ref())).await;
        let token = server.sign_in("editor").await;
        publish_new(&server, &token, "Lost").await;
        let lost = get(&server, &[]).await;
        backup.restore().await;
        let after = until(&server, "the restored content", |answer| {
            answer.body == before.body
        })
        .await;
        assert_ne!(after.header("etag"), tag);
        for old in [tag, lost.header("etag")] {
            let again = get(&server, &[("If-None-Match", old)]).await;
            assert_eq!((again.status, &again.body), (200, &before.body));
        }
    }
}

#[tokio::test]
async fn a_version_of_a_lost_state_is_answered_after_a_restore_while_the_server_was_down() {
    for (mut server, folder, database) in servers().await {
        let token = server.sign_in("editor").await;
        let before = get(&server, &[]).await;
        let backup = Backup::take(&url(&folder, database.as_ref())).await;
        publish_new(&server, &token, "Lost").await;
        let lost = get(&server, &[]).await;
        assert!(lost.text().contains("Lost"));
        server.terminate();
        server.ended();
        backup.restore().await;
        let server = start_again(&folder, database.as_ref());
        for _ in 0..2 {
            let headers = [
                ("If-None-Match", lost.header("etag")),
                ("Content-Version", lost.header("content-version")),
            ];
            let after = get(&server, &headers).await;
            assert_eq!((after.status, &after.body), (200, &before.body));
            // Its sequence was given again to something else meanwhile.
            publish_new(&server, &token, "Lost").await;
            let now = get(&server, &headers[1..]).await;
            assert!(now.text().contains("Lost"));
            backup.restore().await;
            until(&server, "the restored content", |answer| {
                answer.body == before.body
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_version_of_another_instance_shows_a_restore_at_once() {
    for (mut one, folder, database) in servers().await {
        let token = one.sign_in("editor").await;
        let id = publish_new(&one, &token, "Shown").await;
        let backup = Backup::take(&url(&folder, database.as_ref())).await;
        for number in 0..5 {
            publish_new(&one, &token, &format!("Lost {number}")).await;
        }
        assert!(get(&one, &[]).await.text().contains("Lost 4"));
        // An instance that knows nothing of what was lost.
        let two = start_again(&folder, database.as_ref());
        backup.restore().await;
        unpublish(&two, &token, &id).await;
        // One that is refused, while connections come back, has the version of what was known before.
        let gone = |answer: &Answer| answer.status == 200 && !answer.text().contains("Shown");
        let two = until(&two, "what two did itself", gone).await;
        let version = two.header("content-version").to_owned();
        let told = get(&one, &[("Content-Version", &version)]).await;
        let is_wrong = |word: &str| told.text().contains(word);
        assert!(!is_wrong("Shown") && !is_wrong("Lost"), "{told:?}");
        until(&one, "what two did", gone).await;
    }
}

#[tokio::test]
async fn trusted_documents_that_are_lost_are_not_answered_after_a_restore() {
    let document = "{ milestones(first: 1) { totalCount } }";
    for (server, folder, database) in servers().await {
        let url = url(&folder, database.as_ref());
        let publish = |id: &str, document: &str| {
            let manifest = json!({ id: document }).to_string();
            let path = folder.path().join("manifest.json");
            std::fs::write(&path, manifest).expect("a manifest");
            let output = run(
                folder.path(),
                &[
                    "documents",
                    "publish",
                    "manifest.json",
                    "--client",
                    "site",
                    "--data-dir",
                    "data",
                    "--database-url",
                    &url,
                ],
            );
            assert!(output.status.success(), "{output:?}");
        };
        let ask = async |id: &str| {
            let body = json!({ "documentId": id }).to_string();
            let headers = [("Content-Type", "application/json")];
            server.request("POST", "/graphql", &headers, &body).await
        };
        let until = async |id: &str, code: &str| {
            let started = Instant::now();
            loop {
                let answer = ask(id).await;
                let is_right = match code {
                    "" => answer.json()["errors"].is_null(),
                    code => answer.code() == code,
                };
                if is_right {
                    return;
                }
                let waited = started.elapsed();
                assert!(waited < Duration::from_secs(30), "{id}: {answer:?}");
                sleep(Duration::from_millis(50)).await;
            }
        };
        let backup = Backup::take(&url).await;
        publish("lost", document);
        until("lost", "").await;
        backup.restore().await;
        // As many changes as were counted before.
        publish("other", "{ values(first: 1) { totalCount } }");
        until("lost", "DOCUMENT_NOT_FOUND").await;
        until("other", "").await;
    }
}

#[tokio::test]
async fn a_file_that_was_replaced_is_neither_read_nor_written_until_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let before = get(&server, &[]).await;
    assert_eq!(before.status, 200);
    let file = folder.path().join("data/kindling.db");
    let copy = folder.path().join("copy.db");
    std::fs::copy(&file, &copy).expect("a copy");
    std::fs::rename(&copy, &file).expect("another file");
    until(&server, "a refusal", |answer| answer.status == 503).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    let told = server.log().iter().any(|line| {
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        message.contains("restart the server")
    });
    assert!(told, "{:?}", server.log());
}
