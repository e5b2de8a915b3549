//! Trusted documents: published by a command while servers run, sent by their ids, and the only ones where that is wanted.

use std::{fs, path::Path, process::Output, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{get, hash, post};
use crate::support::{
    postgres::TestDatabase,
    server::{Server, run},
    servers, servers_with,
};

const TITLES: &str = "query Titles { milestones(first: 2) { nodes { title } } }";
const NAMES: &str = "query Names($first: Int) { teamMembers(first: $first) { nodes { name } } }";

/// A site whose server runs, and on which commands are given.
struct Site<'a> {
    folder: &'a Path,
    database: Option<&'a TestDatabase>,
}

impl Site<'_> {
    fn command(&self, arguments: &[&str]) -> Output {
        let url = self.database.map(|database| database.url().clone());
        let mut all = [&["documents"], arguments, &["--data-dir", "data"]].concat();
        if let Some(url) = &url {
            all.extend(["--database-url", url]);
        }
        run(self.folder, &all)
    }

    fn publish(&self, manifest: &Value, client: &[&str]) -> Output {
        let file = self.folder.join("manifest.json");
        fs::write(&file, manifest.to_string()).expect("a manifest");
        let file = file.display().to_string();
        self.command(&[&["publish", &file, "--client"], client].concat())
    }
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A second after something was done beside the server, as the guide has it, the first answer knows: however busy the machine is.
async fn noticed(server: &Server, id: &str, code: &str) {
    sleep(Duration::from_secs(1)).await;
    let answer = post(server, json!({"documentId": id})).await;
    assert_eq!(answer.code(), code, "{id}: {answer:?}");
}

#[tokio::test]
async fn published_documents_are_known_by_their_ids_until_they_are_removed() {
    for (server, folder, database) in servers().await {
        let site = Site {
            folder: folder.path(),
            database: database.as_ref(),
        };
        let unknown = post(&server, json!({"documentId": "titles"})).await;
        assert_eq!(
            (unknown.status, unknown.code().as_str()),
            (200, "DOCUMENT_NOT_FOUND")
        );
        let manifest = json!({"titles": TITLES, "names": NAMES});
        assert_eq!(
            done(&site.publish(&manifest, &["web"])),
            "web: documents published: 2, there already: 0\n"
        );
        noticed(&server, "titles", "").await;
        let wanted = post(&server, json!({"query": TITLES})).await;
        for answer in [
            post(&server, json!({"documentId": "titles"})).await,
            post(&server, json!({"documentId": format!("sha256:{}", hash(TITLES))})).await,
            post(&server, json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash(TITLES)}}})).await,
            get(&server, &[("documentId", "titles")]).await,
        ] {
            assert_eq!(answer.json(), wanted.json());
        }
        let names = get(
            &server,
            &[("documentId", "names"), ("variables", "{\"first\": 1}")],
        )
        .await;
        assert_eq!(
            names.json()["data"]["teamMembers"]["nodes"]
                .as_array()
                .map(Vec::len),
            Some(1),
            "{names:?}"
        );
        assert!(!names.header("etag").is_empty());
        let both = post(&server, json!({"documentId": "titles", "query": TITLES})).await;
        assert_eq!(both.code(), "BAD_REQUEST");

        assert_eq!(
            done(&site.publish(&manifest, &["web"])),
            "web: documents published: 0, there already: 2\n"
        );
        done(&site.publish(
            &json!({"titles": TITLES}),
            &["app", "--client-version", "1.4"],
        ));
        let list = done(&site.command(&["list"]));
        let lines: Vec<&str> = list
            .lines()
            .map(|line| line.rsplit_once('\t').expect("a time").0)
            .collect();
        assert_eq!(lines, ["app@1.4\tdocuments: 1", "web\tdocuments: 2"]);
        done(&site.command(&["remove", "--client", "web"]));
        noticed(&server, "names", "DOCUMENT_NOT_FOUND").await;
        assert_eq!(
            post(&server, json!({"documentId": "titles"})).await.code(),
            "",
            "another client has it"
        );
        done(&site.command(&["remove", "--client", "app", "--client-version", "1.4"]));
        noticed(&server, "titles", "DOCUMENT_NOT_FOUND").await;
        assert!(
            !site
                .command(&["remove", "--client", "web"])
                .status
                .success()
        );
    }
}

#[tokio::test]
async fn where_only_trusted_documents_are_answered_accounts_alone_may_ask_for_more() {
    for (mut server, folder, database) in servers_with(&["--trusted-documents-only"]).await {
        let site = Site {
            folder: folder.path(),
            database: database.as_ref(),
        };
        let bearer = format!("Bearer {}", server.sign_in("admin").await);
        let other = "{ milestones(first: 1) { nodes { id } } }";
        for body in [
            json!({"query": other}),
            json!({"query": TITLES}),
            json!({"query": "{ __schema { queryType { name } } }"}),
        ] {
            assert_eq!(
                post(&server, body.clone()).await.code(),
                "DOCUMENT_NOT_TRUSTED",
                "{body}"
            );
        }
        let as_admin = server
            .query_with(&[("Authorization", &bearer)], other, Value::Null)
            .await;
        assert_eq!(as_admin.code(), "", "{as_admin:?}");
        assert_eq!(
            post(&server, json!({"query": other})).await.code(),
            "DOCUMENT_NOT_TRUSTED"
        );
        let create = "mutation { createApiToken(input: {name: \"frontend\", scopes: []}) { secret userErrors { message } } }";
        let token = server
            .query_with(&[("Authorization", &bearer)], create, Value::Null)
            .await
            .json();
        let secret = token["data"]["createApiToken"]["secret"]
            .as_str()
            .unwrap_or_else(|| panic!("{token}"));
        let as_machine = server.query_as(secret, other, Value::Null).await;
        assert_eq!(as_machine.code(), "DOCUMENT_NOT_TRUSTED");
        done(&site.publish(&json!({"titles": TITLES}), &["web"]));
        noticed(&server, "titles", "").await;
        assert_eq!(post(&server, json!({"query": TITLES})).await.code(), "");
        assert_eq!(
            server.query_as(secret, TITLES, Value::Null).await.code(),
            ""
        );
        done(&site.command(&["remove", "--client", "web"]));
        noticed(&server, "titles", "DOCUMENT_NOT_FOUND").await;
        assert_eq!(
            post(&server, json!({"query": TITLES})).await.code(),
            "DOCUMENT_NOT_TRUSTED"
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_is_not_published_and_who_would_break_is_named() {
    for (_server, folder, database) in servers().await {
        let site = Site {
            folder: folder.path(),
            database: database.as_ref(),
        };
        done(&site.publish(
            &json!({"titles": TITLES}),
            &["web", "--client-version", "2"],
        ));
        for (manifest, message) in [
            (
                json!({"a": TITLES, "b": "query B { milestones { nodes { nothing } } }"}),
                "b: 1:32: type `Milestone` does not have a field `nothing`",
            ),
            (json!({"a": "query {"}), "a: 1:8: "),
            (
                json!({"titles": NAMES}),
                "titles: this id stands for another document of web",
            ),
            (
                json!({hash(TITLES): NAMES}),
                "this id stands for another document of web",
            ),
            (json!({"a": 1}), "manifest.json: is no manifest"),
        ] {
            let refused = site.publish(&manifest, &["app"]);
            assert_eq!(refused.status.code(), Some(1));
            assert!(told(&refused).contains(message), "{}", told(&refused));
        }
        assert_eq!(done(&site.command(&["list"])).lines().count(), 1);
        assert_eq!(
            done(&site.command(&["check"])),
            "documents that fit the schema: 1\n"
        );
        // As if the schema had changed since.
        let url = database.as_ref().map_or_else(
            || format!("sqlite://{}/data/kindling.db", folder.path().display()),
            |database| database.url().clone(),
        );
        let connection = sea_orm::Database::connect(url).await.expect("a connection");
        let change =
            "UPDATE trusted_document SET text = 'query Titles { milestones { nodes { former } } }'";
        sea_orm::ConnectionTrait::execute_unprepared(&connection, change)
            .await
            .expect("a change");
        let broken = site.command(&["check"]);
        assert_eq!(broken.status.code(), Some(1));
        assert!(
            told(&broken).starts_with("web@2 Titles titles: 1:37: type `"),
            "{}",
            told(&broken)
        );
    }
}
