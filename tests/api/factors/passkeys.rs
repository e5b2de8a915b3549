//! Passkeys, with a real Chromium and a virtual authenticator in it, against the real program on both engines.

use serde_json::{Value, json};

use crate::support::{servers_with, tools};

#[tokio::test]
async fn a_passkey_signs_in_and_nothing_like_it_does() {
    let (Some(folder), Some(chromium)) = (tools::node_folder(), tools::chromium()) else {
        return;
    };
    // The page of a frontend, which Node.js serves there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let page = format!("http://localhost:{port}");
    for (mut server, _folder, _database) in servers_with(&["--public-url", &page]).await {
        let base = format!("http://{}", server.address);
        let password = server.demo_password("editor");
        let mut node = std::process::Command::new("node");
        node.arg("passkeys.mjs").arg(&chromium);
        node.args([&base, &page, "editor@demo.example", &password]);
        let run = node.current_dir(&folder).output().expect("Node.js");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{said} {:?}", server.log().last());
        let steps: Value = serde_json::from_slice(&run.stdout).expect("steps");
        let who = "editor@demo.example";
        let expected = json!({
            "register": ["", "A phone", 10, null],
            "registerReplayed": "CREDENTIALS ceremony",
            "asked": [["PASSKEY", "RECOVERY_CODE"], false],
            "ofAnotherChallenge": "CREDENTIALS factor",
            "secondFactor": ["", who],
            "secondFactorReplayed": "CREDENTIALS challenge",
            "replayedElsewhere": "CREDENTIALS factor",
            "alone": ["", who],
            "aloneReplayed": "CREDENTIALS ceremony",
            "aloneElsewhere": "CREDENTIALS credential",
            "confirm": ["", "string"],
            "confirmReplayed": "CREDENTIALS ceremony",
            "wrongOrigin": "CREDENTIALS credential",
            "unverified": "CREDENTIALS credential",
            "anothersHandle": "CREDENTIALS credential",
            "copied": "CREDENTIALS credential",
            "remove": ["", {"passkeys": [], "recoveryCodesLeft": 0}],
            "afterRemoval": "CREDENTIALS credential",
            "passwordAgain": ["", who],
        });
        assert_eq!(steps, expected);
    }
}
