//! The disk is full: writes are told so and change nothing, reads go on, and when there is room again, so do writes.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use entity::{entry_id::EntryId, milestone};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    books::contradictions,
    client::{Client, Request, code},
    site::Site,
    sizes::{tell, turn},
    support::server::{SERVE, Server, kindling},
};

/// Longer than what is left anywhere.
const LONG: usize = 15_000;
const ATTEMPTS: i64 = 150;
const READ: &str = "query($id: ID!) { milestone(by: {id: $id}) { title } }";
const DRAFT: &str =
    "query($id: ID!) { milestone(by: {id: $id}, view: {perspective: DRAFT}) { title revision } }";

/// A small file system of its own, let go with this value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where one may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(folder)
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }

    /// Leaves no byte.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).expect("a file");
        for size in [1 << 16, 1 << 10, 1] {
            let part = vec![0; size];
            while file.write_all(&part).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // If it stays, the folder's removal tells.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Somebody who goes on writing a public milestone.
struct Writer {
    client: Client,
    id: String,
    seen: i64,
    /// The titles that were acknowledged, in their order.
    titles: Vec<String>,
}

impl Writer {
    async fn new(site: &Site) -> Self {
        let mut writer = Self {
            client: site.client(0),
            id: site.milestone("first").await,
            seen: 1,
            titles: vec!["first".to_owned()],
        };
        writer.client.done(&writer.publication()).await;
        writer
    }

    fn publication(&self) -> Request {
        let input = json!({ "entries": [{ "id": self.id }] });
        Request::new("publishEntries", &input, "")
    }

    /// Tries to save once; the code of the error, or nothing.
    async fn save(&mut self, title: String) -> String {
        let input = json!({ "id": self.id, "expectedRevision": self.seen,
            "content": { "title": title, "body": "long ".repeat(LONG / 5) } });
        let request = Request::new("updateMilestone", &input, "milestone { revision title }");
        let answer = self.client.send(&request).await.expect("an answer");
        let code = code(&answer).to_owned();
        if code.is_empty() {
            self.seen += 1;
            let expected = json!({ "revision": self.seen, "title": title });
            assert_eq!(answer["data"]["payload"]["milestone"], expected, "{answer}");
            self.titles.push(title);
        }
        code
    }

    /// Writes while there is no room: some of it may fit yet, and the rest is told.
    async fn write_without_room(&mut self) -> i64 {
        let mut refused = 0;
        for number in 0..ATTEMPTS {
            let told = self.save(format!("full {number}")).await;
            assert!(matches!(told.as_str(), "" | "UNAVAILABLE"), "{told}");
            refused += i64::from(!told.is_empty());
            let answer = self
                .client
                .send(&self.publication())
                .await
                .expect("an answer");
            assert!(matches!(code(&answer), "" | "UNAVAILABLE"), "{answer}");
            self.read().await;
        }
        assert!(refused > ATTEMPTS / 3, "{refused} were refused");
        refused
    }

    /// What is public, and the draft, can be read.
    async fn read(&mut self) {
        let id = json!({ "id": self.id });
        let public = self.client.ask(READ, &id).await.expect("an answer");
        let public = public["data"]["milestone"]["title"]
            .as_str()
            .expect("public")
            .to_owned();
        assert!(self.titles.contains(&public), "{public}");
        let draft = self.client.ask(DRAFT, &id).await.expect("an answer");
        let expected = json!({ "title": self.titles.last(), "revision": self.seen });
        assert_eq!(draft["data"]["milestone"], expected, "{draft}");
        assert_eq!(self.client.status("/readyz").await.expect("an answer"), 200);
    }

    /// Writes go on at once, and of all that was tried what was acknowledged is there, and nothing else.
    async fn write_with_room(&mut self, site: &Site) {
        for number in 0..5 {
            assert_eq!(self.save(format!("room {number}")).await, "");
        }
        self.client.done(&self.publication()).await;
        self.read().await;
        let database = site.database().await;
        let id: EntryId = self.id.parse().expect("an id");
        let rows = milestone::Entity::find()
            .filter(milestone::Column::EntryId.eq(id.uuid))
            .order_by_asc(milestone::Column::Revision)
            .all(&database)
            .await
            .expect("rows");
        let titles: Vec<_> = rows.iter().filter_map(|row| row.title.get("en")).collect();
        assert_eq!(titles, self.titles);
        assert_eq!(contradictions(&database).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_passes() {
    let _turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else {
        tell(
            "no small file system may be mounted here: only the limit on the size of files was tested",
        );
        return;
    };
    let mut site = Site::served_from(folder, |folder| Server::start(folder.path(), &[]));
    let mut writer = Writer::new(&site).await;
    let mut refused = 0;
    for _ in 0..3 {
        let filler = disk.fill();
        refused += writer.write_without_room().await;
        std::fs::remove_file(filler).expect("room");
        writer.write_with_room(&site).await;
    }
    tell(&format!(
        "a file system of 12 MiB, filled three times: {refused} saves were told to try again, and none was half done"
    ));
    site.servers.clear();
    drop(disk);
}

/// `prlimit` of the server's process; whether there is such a program.
fn limit_files(server: &Server, size: &str) -> bool {
    let limited = Command::new("prlimit")
        .args(["--pid", &server.process().to_string()])
        .arg(format!("--fsize={size}:unlimited"))
        .status();
    limited.is_ok_and(|status| status.success())
}

/// A server that is told of the limit, instead of being killed for it.
fn start_with_limit(folder: &TempDir) -> Server {
    let program = kindling(folder.path(), &[]).get_program().to_owned();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(program)
        .args(SERVE)
        .arg("--demo")
        .current_dir(folder.path())
        .env_clear();
    Server::run(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_write_to_the_disk_is_told_and_passes() {
    let _turn = turn().await;
    let site = Site::served_from(TempDir::new().expect("a folder"), start_with_limit);
    let mut writer = Writer::new(&site).await;
    let mut refused = 0;
    for _ in 0..3 {
        let sizes = ["kindling.db", "kindling.db-wal"].map(|name| {
            let path = site.folder.path().join("data").join(name);
            let file = OpenOptions::new().read(true).open(path);
            file.and_then(|file| file.metadata())
                .map_or(0, |file| file.len())
        });
        let largest = sizes.into_iter().max().unwrap_or_default();
        if !limit_files(&site.servers[0], &largest.to_string()) {
            tell("no limit can be set on the size of files here: failing writes were not tested");
            return;
        }
        refused += writer.write_without_room().await;
        assert!(limit_files(&site.servers[0], "unlimited"));
        writer.write_with_room(&site).await;
    }
    tell(&format!(
        "a limit on the size of files, reached three times: {refused} saves were told to try again, and none was half done"
    ));
}
