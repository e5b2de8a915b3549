//! The commands of docs/sign-in.md, done as they stand there.

use std::{collections::HashMap, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    browser::Browser,
    oidc_provider::{OidcProvider, PUBLIC},
    server::Server,
};

const GUIDE: &str = include_str!("../../docs/sign-in.md");

/// The command of the guide that has this in it.
fn command(what: &str) -> &'static str {
    let blocks = GUIDE.split("```sh\n").skip(1);
    let mut blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks
        .find(|block| block.contains(what))
        .expect("the command")
}

fn run(folder: &TempDir, command: &str, variables: &HashMap<&str, String>) -> Value {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder.path())
        .envs(variables)
        .output()
        .expect("a shell");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {output:?}"))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn the_guide_to_signing_in_works_as_it_stands() {
    let folder = TempDir::new().expect("a folder");
    let provider = OidcProvider::start(&[]);
    let settings = provider
        .as_ref()
        .map(|provider| provider.settings("one", &json!({})));
    let settings = json!(settings.into_iter().collect::<Vec<_>>()).to_string();
    let arguments = ["--public-url", PUBLIC, "--oidc-providers", &settings];
    let mut server = Server::start(folder.path(), &arguments);
    let mut given = HashMap::from([
        ("KINDLING", format!("http://{}", server.address)),
        ("EMAIL", "editor@demo.example".to_owned()),
        ("PASSWORD", server.demo_password("editor")),
    ]);
    let answer = run(&folder, command("signIn(input"), &given);
    let session = &answer["data"]["signIn"]["session"];
    given.insert("ACCESS_TOKEN", text(&session["accessToken"]));
    given.insert("REFRESH_TOKEN", text(&session["refreshToken"]));
    let viewer = run(&folder, command("viewer"), &given);
    assert_eq!(
        viewer["data"]["viewer"],
        json!({"email": "editor@demo.example", "role": "EDITOR"})
    );
    let answer = run(&folder, command("refreshSession"), &given);
    let session = &answer["data"]["refreshSession"]["session"];
    given.insert("ACCESS_TOKEN", text(&session["accessToken"]));
    let out = run(&folder, command("signOut"), &given);
    assert!(out["data"]["signOut"]["endedAt"].is_string(), "{out}");

    let answer = run(&folder, command("cookie-jar"), &given);
    assert_eq!(
        answer["data"]["signIn"]["session"]["account"]["email"],
        "editor@demo.example"
    );

    let Some(provider) = provider else { return };
    let claims = json!({"email": "editor@demo.example", "email_verified": true});
    provider.knows("ed", &claims).await;
    let here = format!("http://{}", server.address);
    let mut browser = Browser::default();
    let there = browser
        .get(&format!("{here}/auth/oidc/one?return_to={PUBLIC}/&state=x"))
        .await;
    let back = provider
        .sign_in(&mut browser, "ed", there.header("location"))
        .await;
    let done = browser.get(&back.replace(PUBLIC, &here)).await;
    let location = done.header("location");
    let challenge = location
        .split("#challenge=")
        .nth(1)
        .and_then(|rest| rest.split('&').next());
    given.insert("CHALLENGE", challenge.expect("a challenge").to_owned());
    let answer = run(&folder, command("completeSignIn(input"), &given);
    assert!(
        answer["data"]["completeSignIn"]["session"]["accessToken"].is_string(),
        "{answer}"
    );
}

#[test]
fn the_example_of_a_provider_is_a_setting() {
    let example = GUIDE
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let flags = [
        "--public-url",
        PUBLIC,
        "--oidc-providers",
        example.expect("an example"),
    ];
    let config = crate::support::config(&flags);
    assert_eq!(config.oidc_providers[0].id, "corp");
}
