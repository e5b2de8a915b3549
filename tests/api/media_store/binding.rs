//! The binding of a store to its database, as an operator meets it.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    pictures::{CREATE, one_file, png},
    postgres::{self, TestDatabase},
    server::{SERVE, Server, kindling, run},
};

const MARKER: &str = "kindling-site-id";

/// Two databases of one engine, and a folder with one store.
struct Site {
    folder: TempDir,
    urls: [String; 2],
    _databases: Vec<TestDatabase>,
}

impl Site {
    async fn all() -> Vec<Self> {
        let folder = TempDir::new().expect("a folder");
        let sqlite = |name| format!("sqlite://{}/{name}.db", folder.path().display());
        let urls = [sqlite("a"), sqlite("b")];
        let mut sites = vec![Self {
            folder,
            urls,
            _databases: Vec::new(),
        }];
        if let Some(server) = postgres::server().await {
            let databases = vec![
                server.create_database(None).await,
                server.create_database(None).await,
            ];
            sites.push(Self {
                folder: TempDir::new().expect("a folder"),
                urls: [databases[0].url(), databases[1].url()],
                _databases: databases,
            });
        }
        sites
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Serves one of the databases until now.
    fn serve(&self, database: usize, arguments: &[&str]) {
        let mut server = self.server(database, arguments);
        server.terminate();
        assert!(server.ended().success());
    }

    fn server(&self, database: usize, arguments: &[&str]) -> Server {
        let url = ["--database-url", &self.urls[database]];
        Server::start_without_demo(self.path(), &[&url, arguments].concat())
    }

    /// What a server says that does not start.
    fn refusal(&self, database: usize, arguments: &[&str]) -> String {
        let url = ["--database-url", &self.urls[database]];
        let mut command = kindling(self.path(), &[&SERVE, &url[..], arguments].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("a server");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a state") {
                break Some(status);
            }
            if begun.elapsed() > Duration::from_mins(1) {
                break None;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        if status.is_none() {
            child.kill().expect("an end");
        }
        let mut said = String::new();
        let stderr = child.stderr.as_mut().expect("what it says");
        stderr.read_to_string(&mut said).expect("text");
        let status = status.unwrap_or_else(|| panic!("it goes on: {said}"));
        assert_eq!(status.code(), Some(1), "{said}");
        said
    }

    /// What a command says, and whether it went well.
    fn command(&self, words: &[&str], database: usize) -> (bool, String) {
        let url = ["--data-dir", "data", "--database-url", &self.urls[database]];
        let output = run(self.path(), &[words, &url].concat());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }

    /// The names of all files and folders of the store.
    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.path().join("data/media")).expect("the store");
        let mut names: Vec<String> = files
            .map(|file| file.expect("a file").file_name().into_string())
            .map(|name| name.expect("text"))
            .collect();
        names.sort();
        names
    }

    /// Makes all files of the store two days old.
    fn age(&self) {
        for name in self.files() {
            let file = File::options()
                .append(true)
                .open(self.path().join("data/media").join(name));
            let file = file.expect("a file");
            let now = file
                .metadata()
                .and_then(|file| file.modified())
                .expect("the time");
            file.set_modified(now - Duration::from_hours(48))
                .expect("its time");
        }
    }

    /// Takes the binding away on both sides, as before there was one.
    async fn unbind(&self) {
        fs::remove_file(self.path().join("data/media").join(MARKER)).expect("the id");
        let connection = Database::connect(&self.urls[0])
            .await
            .expect("a connection");
        connection
            .execute_unprepared("DELETE FROM site")
            .await
            .expect("no site");
        connection.close().await.expect("an end");
    }
}

#[tokio::test]
async fn a_store_of_another_database_is_refused_until_an_operator_binds_it() {
    for site in Site::all().await {
        site.serve(0, &["--demo"]);
        site.age();
        let before = site.files();
        assert!(before.len() > 5, "{before:?}");
        let said = site.refusal(1, &[]);
        for words in [
            "does not belong to this database",
            "media_dir",
            "database_url",
            "`kindling media bind`",
        ] {
            assert!(said.contains(words), "no {words} in {said}");
        }
        assert_eq!(site.files(), before);
        let (is_well, said) = site.command(&["check"], 1);
        assert!(
            !is_well && said.contains("does not belong to this database"),
            "{said}"
        );
        let (is_well, said) = site.command(&["check"], 0);
        assert!(
            is_well && said.contains("it is bound to this database"),
            "{said}"
        );
        assert_eq!(site.files(), before);

        let (is_well, said) = site.command(&["media", "bind"], 1);
        assert!(
            is_well && said.contains("is bound to this database"),
            "{said}"
        );
        let mut server = site.server(1, &[]);
        server.wait_for("sweep", |server| {
            let is_told =
                |line: &serde_json::Value| line["fields"]["held_back"] == before.len() - 1;
            server.log().iter().any(is_told).then_some(())
        });
        drop(server);
        assert_eq!(
            site.files(),
            before,
            "a sweep takes no more than a small share"
        );
        site.refusal(0, &[]);
        let (is_well, said) = site.command(&["media", "sweep"], 1);
        assert!(
            is_well && said.contains("were moved to the trash"),
            "{said}"
        );
        assert_eq!(site.files(), [MARKER, "trash"]);
        // Back with the right database, the files come back.
        let (is_well, said) = site.command(&["media", "bind"], 0);
        assert!(is_well, "{said}");
        let mut server = site.server(0, &[]);
        server.wait_for("sweep", |server| {
            let is_told = |line: &serde_json::Value| line["fields"]["restored"] == before.len() - 1;
            server.log().iter().any(is_told).then_some(())
        });
        let files = site.files();
        assert!(before.iter().all(|name| files.contains(name)), "{files:?}");
    }
}

#[tokio::test]
async fn a_database_does_not_start_with_a_store_that_is_not_its_own() {
    for site in Site::all().await {
        site.serve(0, &["--demo"]);
        let said = site.refusal(0, &["--media-dir", "data/empty"]);
        assert!(said.contains("is the right folder mounted?"), "{said}");
        assert_eq!(
            fs::read_dir(site.path().join("data/empty"))
                .expect("a folder")
                .count(),
            0
        );
        // A store without an id is not taken by a new database, either, nor by a database whose files are elsewhere.
        site.unbind().await;
        let said = site.refusal(1, &[]);
        assert!(said.contains("of which this database names 0"), "{said}");
        let said = site.refusal(0, &["--media-dir", "data/empty"]);
        assert!(said.contains("it holds 0 of the"), "{said}");
        assert!(!site.files().contains(&MARKER.to_owned()));
    }
}

#[tokio::test]
async fn a_further_instance_starts_without_the_store_and_takes_no_files() {
    let Some(postgres) = postgres::server().await else {
        return;
    };
    let database = postgres.create_database(None).await;
    let url = database.url();
    let arguments = ["--database-url", url.as_str()];
    let (one, other) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let mut first = Server::start(one.path(), &arguments);
    let token = first.sign_in("editor").await;
    fs::create_dir(other.path().join("data")).expect("a folder");
    let key = "data/secret.key";
    fs::copy(one.path().join(key), other.path().join(key)).expect("the same key");
    let second = Server::start_without_demo(other.path(), &arguments);
    let pages = second.query("{ pages { totalCount } }").await;
    assert_eq!(pages.json()["data"]["pages"]["totalCount"], 1, "{pages:?}");
    let warned = second.log().iter().any(|line| {
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        message.contains("without the media store")
    });
    assert!(warned, "{:?}", second.log());
    let form = one_file(CREATE, json!({}), "a.png", &png(1, 1));
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str())];
    let refused = second.send_form(&headers, &form).await;
    assert_eq!(refused.code(), "UNAVAILABLE", "{refused:?}");
    let files = fs::read_dir(other.path().join("data/media")).expect("the store");
    assert_eq!(files.count(), 0);
    // An empty store of a name that somebody gave may be a disk that is not mounted.
    drop(second);
    let empty = other.path().join("data/media").display().to_string();
    let refused = run(
        other.path(),
        &[
            &["serve", "--data-dir", "elsewhere", "--media-dir", &empty],
            &arguments[..],
        ]
        .concat(),
    );
    assert!(!refused.status.success(), "{refused:?}");
}

#[tokio::test]
async fn an_installation_from_before_is_bound_at_its_next_start() {
    for site in Site::all().await {
        site.serve(0, &["--demo"]);
        let before = site.files();
        site.unbind().await;
        let (is_well, said) = site.command(&["check"], 0);
        assert!(
            is_well && said.contains("will be bound to this database"),
            "{said}"
        );
        assert!(
            !site.files().contains(&MARKER.to_owned()),
            "check binds nothing"
        );
        site.serve(0, &[]);
        assert_eq!(site.files(), before);
        site.serve(0, &[]);
        site.refusal(1, &[]);
    }
}

#[tokio::test]
async fn a_damaged_id_is_told() {
    let site = Site::all().await.remove(0);
    site.serve(0, &[]);
    fs::write(site.path().join("data/media").join(MARKER), "nonsense").expect("written");
    let said = site.refusal(0, &[]);
    assert!(said.contains(MARKER), "{said}");
    let (is_well, said) = site.command(&["media", "bind"], 0);
    assert!(is_well, "{said}");
    site.serve(0, &[]);
}
