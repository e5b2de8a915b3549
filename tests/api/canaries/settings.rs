//! Settings that are wrong, with secrets in them.

use std::path::Path;

use super::secrets::Canaries;
use crate::support::server::{kindling, run};

/// Gives commands settings that they cannot use, and looks at what they say.
pub(super) fn provoke(folder: &Path, known: &mut Canaries) {
    let key = known.add("a secret key that is none", "canary-key-that-is-none");
    let password = known.add("a password in an address", "canary-password-in-address");
    let providers = format!(
        r#"[{{"id": "one", "client_secret": "{password}", "client_secret": "{key}", "x": "{key}"}}]"#
    );
    let wrong = [
        ("--secret-key", key.clone()),
        (
            "--smtp-url",
            format!("smtp://user:{password}/x@mail.example.org"),
        ),
        (
            "--smtp-url",
            format!("http://user:{password}@mail.example.org"),
        ),
        (
            "--database-url",
            format!("mysql://user:{password}@127.0.0.1/x"),
        ),
        (
            "--database-url",
            format!("postgres://user:{password}/@127.0.0.1:x/x"),
        ),
        (
            "--database-url",
            format!("postgres://user:{password}@127.0.0.1:1/x"),
        ),
        ("--oidc-providers", providers.clone()),
        (
            "--oidc-providers",
            format!("[{{\"client_secret\": {key}}}]"),
        ),
        ("--oidc-providers", format!("\"{key}\"")),
        ("--oidc-providers", providers[..60].to_owned()),
    ];
    for (flag, value) in &wrong {
        let given = run(
            folder,
            &[
                "check",
                "--data-dir",
                "other",
                "--log-level",
                "trace",
                flag,
                value,
            ],
        );
        let name = format!("KINDLING_{}", flag[2..].replace('-', "_").to_uppercase());
        let mut command = kindling(folder, &["check", "--data-dir", "other"]);
        let set = command.env(name, value).output().expect("the program");
        let setting = flag[2..].replace('-', "_");
        std::fs::write(
            folder.join("wrong.toml"),
            format!("{setting} = '''{value}'''\n{key} = \""),
        )
        .expect("a file");
        let written = run(
            folder,
            &["check", "--data-dir", "other", "--config", "wrong.toml"],
        );
        for output in [given, set, written] {
            assert!(!output.status.success(), "{flag} {value}: {output:?}");
            known.look_in("the output of a command", &format!("{output:?}"));
        }
    }
}
