//! The commands of docs/operating.md that back up and restore, run while a server serves, and on a new machine.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    pictures::{CREATE, one_file, png},
    postgres,
    server::{SERVE, Server, kindling, run},
    tools::{pg_dump, sqlite3},
};

const OPERATING: &str = include_str!("../../../docs/operating.md");
const DATA: &str = "/var/lib/kindling";
const BACKUPS: &str = "/var/backups/kindling";

/// Runs the commands that the guide names so, with these folders in the place of those that it shows.
fn follow(name: &str, data: &Path, backups: &Path, variable: (&str, &str)) {
    let fence = format!("```sh {name}\n");
    let (_, block) = OPERATING.split_once(&fence).expect("the commands");
    let commands = block.split("```").next().expect("an end");
    let commands = commands
        .replace(DATA, &data.display().to_string())
        .replace(BACKUPS, &backups.display().to_string());
    let output = Command::new("sh")
        .args(["-e", "-c", &commands])
        .env(variable.0, variable.1)
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{name}: {output:?}");
}

/// What is on a site: titles of values, and whether each picture has its file.
async fn content(server: &Server) -> (Vec<Value>, usize) {
    let query = "{ values { nodes { title } } assets(first: 100) { nodes { url } } }";
    let shown = server.query(query).await.json();
    let nodes = |list: &str| {
        shown["data"][list]["nodes"]
            .as_array()
            .expect("a list")
            .clone()
    };
    let assets = nodes("assets");
    for asset in &assets {
        let url = asset["url"].as_str().expect("an address");
        assert_eq!(server.get(url, &[]).await.status, 200, "{url}");
    }
    let values = nodes("values");
    let titles = values.iter().map(|node| node["title"].clone());
    (titles.collect(), assets.len())
}

/// Adds a public value and a public picture.
async fn add(server: &Server, token: &str, title: &str) {
    let create = "mutation($title: String!) { createValue(input: {content: {title: $title}}) { value { id } } }";
    let created = server
        .query_as(token, create, json!({"title": title}))
        .await
        .json();
    let value = created["data"]["createValue"]["value"]["id"].clone();
    let input = json!({"content": {"alternativeText": title}});
    let form = one_file(CREATE, input, "picture.png", &png(8, 8));
    let bearer = format!("Bearer {token}");
    let credentials = [("Authorization", bearer.as_str())];
    let created = server.send_form(&credentials, &form).await.json();
    let asset = created["data"]["createAsset"]["asset"]["id"].clone();
    let publish = "mutation($input: PublishEntriesInput!) { publishEntries(input: $input) { userErrors { message } } }";
    let entries = json!({"entries": [{"id": value}, {"id": asset}]});
    let published = server
        .query_as(token, publish, json!({"input": entries}))
        .await
        .json();
    assert_eq!(
        published["data"]["publishEntries"]["userErrors"],
        json!([]),
        "{published}"
    );
}

/// Serves from the folder of a site.
fn serve(site: &Path, arguments: &[&str]) -> Server {
    Server::run(kindling(site, &[&SERVE, arguments].concat()))
}

/// Backs up while a server serves; changes and loses everything; restores on a new machine.
async fn survives(engine: &str, url: Option<[&str; 2]>) {
    let folder = TempDir::new().expect("a folder");
    let [site, machine, backups] = ["site", "machine", "backups"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir(&path).expect("a folder");
        path
    });
    let data = |site: &Path| site.join("data");
    let [url, restored_url] = url.unwrap_or_default();
    let database = |url| {
        if engine == "sqlite" {
            vec![]
        } else {
            vec!["--database-url", url]
        }
    };

    let mut server = serve(&site, &[vec!["--demo"], database(url)].concat());
    let password = server.demo_password("editor");
    let token = server.sign_in("editor").await;
    add(&server, &token, "Before the backup").await;
    let saved = content(&server).await;
    let backup = format!("backup {engine}");
    follow(&backup, &data(&site), &backups, ("DATABASE_URL", url));
    add(&server, &token, "After the backup").await;
    assert_ne!(content(&server).await, saved);
    // Once more, over the files of before, and back to the state of now.
    follow(&backup, &data(&site), &backups, ("DATABASE_URL", url));
    let saved = content(&server).await;
    add(&server, &token, "Lost").await;
    drop(server);

    let new = data(&machine);
    fs::create_dir(&new).expect("a folder");
    fs::copy(data(&site).join("secret.key"), new.join("secret.key")).expect("the key");
    let restore = format!("restore {engine}");
    follow(
        &restore,
        &new,
        &backups,
        ("RESTORED_DATABASE_URL", restored_url),
    );
    let check = [vec!["check", "--data-dir", "data"], database(restored_url)].concat();
    let checked = run(&machine, &check);
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{checked:?}");
    assert!(said.contains("it is up to date"), "{said}");
    let server = serve(&machine, &database(restored_url));
    assert_eq!(content(&server).await, saved);
    let input = json!({"email": "editor@demo.example", "password": password});
    let sign_in =
        "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
    let signed_in = server
        .query_with(&[], sign_in, json!({"input": input}))
        .await
        .json();
    let token = &signed_in["data"]["signIn"]["session"]["accessToken"];
    add(
        &server,
        token.as_str().expect("a token"),
        "After the restore",
    )
    .await;
    drop(server);

    // The same machine goes back once more: what is there is replaced.
    if engine == "sqlite" {
        follow(
            &restore,
            &new,
            &backups,
            ("RESTORED_DATABASE_URL", restored_url),
        );
        let server = serve(&machine, &[]);
        assert_eq!(content(&server).await, saved);
    }
}

#[tokio::test]
async fn a_site_on_sqlite_survives_by_its_backup() {
    if sqlite3().is_some() {
        survives("sqlite", None).await;
    }
}

#[tokio::test]
async fn a_site_on_postgresql_survives_by_its_backup() {
    let (Some(server), Some(_)) = (postgres::server().await, pg_dump()) else {
        return;
    };
    let database = server.create_database(None).await;
    let restored = server.create_database(None).await;
    survives("postgres", Some([&database.url(), &restored.url()])).await;
}

#[test]
fn a_program_does_not_start_on_a_database_of_a_newer_one() {
    let Some(sqlite3) = sqlite3() else {
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let arguments = ["migrate", "--data-dir", "data"];
    assert!(run(folder.path(), &arguments).status.success());
    let newer = "INSERT INTO seaql_migrations VALUES ('m29990101_000001_newer', 1)";
    let inserted = Command::new(sqlite3)
        .args(["data/kindling.db", newer])
        .current_dir(folder.path())
        .status();
    assert!(inserted.expect("sqlite3").success());
    let refused = run(folder.path(), &SERVE);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("newer than this program"), "{said}");
}
