//! `kindling check` finds what the server would stumble over, and changes nothing.

use std::fs;

use super::{Site, listing};
use crate::support::server::Server;

/// A site with the demo, whose server has ended.
async fn sites() -> Vec<Site> {
    let sites = Site::all().await;
    for site in &sites {
        let mut server = Server::start(site.path(), &["--database-url", &site.url]);
        server.terminate();
        assert!(server.ended().success());
    }
    sites
}

#[tokio::test]
async fn what_is_well_is_said_in_sentences() {
    for site in sites().await {
        let before = listing(site.path());
        let said = site.done(&["check", "--max-batch", "3"]);
        for words in [
            "settings: max_batch = 3 (from the flag --max-batch)",
            "data can be written to",
            "answers; it is up to date",
            "the secret key is that of this database",
            "it is bound to this database",
            "the files of all assets are there",
        ] {
            assert!(said.contains(words), "no {words} in {said}");
        }
        assert!(!said.contains("Config"), "{said}");
        assert_eq!(listing(site.path()), before);
    }
}

#[tokio::test]
async fn files_and_keys_that_are_missing_are_found() {
    for site in sites().await {
        let media = site.path().join("data/media");
        let mut files = fs::read_dir(&media).expect("the store");
        let lost = files.find_map(|file| {
            let path = file.expect("a file").path();
            path.extension().is_some().then_some(path)
        });
        let lost = lost.expect("a file of an asset");
        let key = site.path().join("data/secret.key");
        fs::rename(&lost, site.path().join("kept")).expect("moved");
        fs::rename(&key, site.path().join("key")).expect("moved");
        let before = listing(site.path());
        let said = site.refusal(&["check"]);
        let name = lost
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        for words in [
            "files of assets are missing, such as",
            name,
            "the secret key of this database is missing",
        ] {
            assert!(said.contains(words), "no {words} in {said}");
        }
        let other = "A".repeat(43);
        let said = site.refusal(&["check", "--secret-key", &other]);
        assert!(
            said.contains("is not the one that this database was sealed with"),
            "{said}"
        );
        assert!(!said.contains(&other), "{said}");
        assert_eq!(listing(site.path()), before);
        fs::rename(site.path().join("kept"), &lost).expect("moved");
        fs::rename(site.path().join("key"), &key).expect("moved");
        site.done(&["check"]);
    }
}
