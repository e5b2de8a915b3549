//! What lies on the disk is for its owner only.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use tempfile::TempDir;

use crate::support::server::{SERVE, Server, kindling};

#[test]
fn nobody_but_the_owner_can_read_what_the_server_keeps() {
    for umask in ["022", "000"] {
        let folder = TempDir::new().expect("a folder");
        let program = kindling(folder.path(), &[]).get_program().to_owned();
        let mut command = Command::new("/bin/sh");
        let script = format!("umask {umask}; exec \"$@\"");
        command.args(["-c", &script, "sh"]).arg(program).args(SERVE);
        command.current_dir(folder.path()).env_clear();
        command.env("KINDLING_MANAGEMENT_LISTEN", "off");
        let server = Server::run(command);
        for name in [
            "data",
            "data/kindling.db",
            "data/kindling.db-wal",
            "data/kindling.db-shm",
            "data/secret.key",
            "data/media",
        ] {
            let metadata = fs::metadata(folder.path().join(name)).expect(name);
            let mode = metadata.permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name} with umask {umask}: {mode:o}");
        }
        drop(server);
    }
}
