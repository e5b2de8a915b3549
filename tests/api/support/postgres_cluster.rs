//! Starts a throw-away PostgreSQL that ends with this process, whatever ends this process.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::postgres::is_alive;

const FOLDER_PREFIX: &str = "kindling-test-postgres-";
const DEBIAN: &str = "/usr/lib/postgresql";

/// Runs the server until the pipe on its standard input closes, which the kernel does when the tests end or are killed.
/// Signals are not for it: an interrupt reaches the whole group, and there must be somebody left to clear up.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server"
wait "$server"
cd / && rm -rf "$folder"
"#;

/// Speed for safety: nothing in here is worth keeping.
const SETTINGS: [&str; 6] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "autovacuum=off",
    "listen_addresses=127.0.0.1",
];

pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    password: String,
    /// Holds the pipe that keeps the server alive.
    _watchdog: Child,
}

impl Cluster {
    /// Gives a cluster that is about to answer at its `url`, or the reason why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = installed().ok_or("neither `initdb` nor `postgres` is installed")?;
        remove_leftovers();
        let launcher = Launcher::find()?;
        let password = random_text().map_err(|error| format!("/dev/urandom: {error}"))?;
        let folder = launcher
            .make_folder(&password)
            .map_err(|error| format!("no folder: {error}"))?;
        let data = folder.join("data");

        let mut initdb = launcher.command(&programs.join("initdb"), &folder);
        initdb
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(folder.join("password"));
        initdb.args([
            "--username=postgres",
            "--auth-local=trust",
            "--auth-host=password",
        ]);
        initdb.args(["--encoding=UTF8", "--no-locale", "--no-sync"]);
        let output = initdb
            .output()
            .map_err(|error| format!("{initdb:?}: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "{initdb:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }

        let port = free_port().map_err(|error| format!("no free port: {error}"))?;
        let mut watchdog = launcher.command(Path::new("sh"), &folder);
        watchdog
            .args(["-c", WATCHDOG, "sh"])
            .arg(&folder)
            .arg(programs.join("postgres"));
        watchdog
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .arg("-p")
            .arg(port.to_string());
        watchdog.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // Its output is nobody's: whoever reads the tests' output would wait for it to end.
        watchdog
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let watchdog = watchdog
            .spawn()
            .map_err(|error| format!("{watchdog:?}: {error}"))?;
        Ok(Self {
            folder,
            port,
            password,
            _watchdog: watchdog,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://postgres:{}@127.0.0.1:{}/postgres",
            self.password, self.port
        )
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// What runs programs as somebody whom PostgreSQL accepts: it refuses to run as root.
struct Launcher {
    /// Put before every command.
    prefix: Vec<String>,
    /// User and group that own the cluster, if they are not our own.
    owner: Option<(u32, u32)>,
}

impl Launcher {
    fn find() -> Result<Self, String> {
        if id(&["-u"]).as_deref() != Some("0") {
            return Ok(Self {
                prefix: Vec::new(),
                owner: None,
            });
        }
        let user = ["postgres", "nobody"].into_iter().find_map(|name| {
            let (user, group): (u32, u32) = (
                id(&["-u", name])?.parse().ok()?,
                id(&["-g", name])?.parse().ok()?,
            );
            Some((name, user, group))
        });
        let (name, user, group) =
            user.ok_or("root has no `postgres` or `nobody` to run PostgreSQL as")?;
        let (user_id, group_id) = (user.to_string(), group.to_string());
        let ways: [&[&str]; 3] = [
            &[
                "setpriv",
                "--reuid",
                &user_id,
                "--regid",
                &group_id,
                "--clear-groups",
            ],
            &["runuser", "-u", name, "--"],
            &["su", "-s", "/bin/sh", "-c", r#"exec "$0" "$@""#, name],
        ];
        let way = ways
            .into_iter()
            .find(|way| runs(Command::new(way[0]).args(&way[1..]).arg("true")));
        let way = way
            .ok_or("root has no `setpriv`, `runuser` or `su` to run PostgreSQL as somebody else")?;
        Ok(Self {
            prefix: way.iter().map(ToString::to_string).collect(),
            owner: Some((user, group)),
        })
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match self.prefix.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(folder);
        command
    }

    /// Makes the folder of the cluster, closed to everybody but its owner, with the password in it.
    fn make_folder(&self, password: &str) -> std::io::Result<PathBuf> {
        let folder = std::env::temp_dir().join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        fs::create_dir(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        fs::write(folder.join("password"), password)?;
        if let Some((user, group)) = self.owner {
            chown(folder.join("password"), Some(user), Some(group))?;
            chown(&folder, Some(user), Some(group))?;
        }
        Ok(folder)
    }
}

/// The folder that holds PostgreSQL's programs; an empty path if they are found on `PATH`.
fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<u32> = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    let debian = versions
        .iter()
        .rev()
        .map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin"));
    std::iter::once(PathBuf::new())
        .chain(debian)
        .find(|folder| {
            ["initdb", "postgres"]
                .iter()
                .all(|program| runs(Command::new(folder.join(program)).arg("--version")))
        })
}

/// Folders of runs whose watchdog was killed as well.
fn remove_leftovers() {
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDER_PREFIX)?.parse().ok());
        if process.is_some_and(|id| id == std::process::id() || !is_alive(id)) {
            // It may be somebody else's, or be removed by its own watchdog at this moment.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Gives what `id` says, which knows users without any unsafe code of ours.
pub(super) fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn runs(command: &mut Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn random_text() -> std::io::Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}
