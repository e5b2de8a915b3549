//! The commands of docs/second-factors.md, done as they stand there.

use std::{collections::HashMap, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::texts;
use crate::support::server::Server;

const GUIDE: &str = include_str!("../../../docs/second-factors.md");

/// The answer to the command of the guide that calls this mutation.
fn run(folder: &TempDir, field: &str, variables: &HashMap<&str, String>) -> Value {
    let blocks = GUIDE.split("```sh\n").skip(1);
    let mut blocks = blocks.filter_map(|rest| rest.split("```").next());
    let command = blocks.find(|block| block.contains(&format!(" {field}")));
    let output = Command::new("sh")
        .args(["-c", command.expect("the command")])
        .current_dir(folder.path())
        .envs(variables)
        .output()
        .expect("a shell");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("an answer");
    assert_eq!(answer["data"][field]["userErrors"], json!([]), "{answer}");
    answer["data"][field].clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The code of the app, so many steps from now: the server takes the next one, too.
pub(crate) fn code(secret: &str, steps: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("a secret");
    let totp = totp_rs::Builder::new().with_secret(secret).build();
    let now = std::time::UNIX_EPOCH.elapsed().expect("the time").as_secs();
    totp.expect("an app").generate(now + steps * 30).to_string()
}

#[tokio::test]
async fn the_guide_to_second_factors_works_as_it_stands() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = server.sign_in("editor").await;
    let mut given = HashMap::from([
        ("KINDLING", format!("http://{}", server.address)),
        ("EMAIL", "editor@demo.example".to_owned()),
        ("PASSWORD", server.demo_password("editor")),
        ("ADMIN_TOKEN", server.sign_in("admin").await),
        ("ACCESS_TOKEN", token.clone()),
    ]);
    let begun = run(&folder, "beginTotp", &given);
    let secret = text(&begun["enrolment"]["secret"]);
    given.insert("CODE", code(&secret, 0));
    let confirmed = run(&folder, "confirmTotp", &given);
    assert_eq!(texts(&confirmed["recoveryCodes"]).len(), 10);
    let challenge = run(&folder, "signIn", &given)["challenge"].clone();
    assert_eq!(challenge["factors"], json!(["TOTP", "RECOVERY_CODE"]));
    given.insert("CHALLENGE", text(&challenge["token"]));
    given.insert("CODE", code(&secret, 1));
    let session = run(&folder, "completeSignIn", &given)["session"].clone();
    given.insert("ACCESS_TOKEN", text(&session["accessToken"]));
    let codes = run(&folder, "regenerateRecoveryCodes", &given);
    assert_eq!(texts(&codes["recoveryCodes"]).len(), 10);
    let policy = run(&folder, "setSecondFactorPolicy", &given)["policy"].clone();
    assert_eq!(policy, json!({"role": "AUTHOR", "required": true}));
    let viewer = "{ viewer { id } }";
    let viewer = server
        .query_as(&given["ACCESS_TOKEN"], viewer, Value::Null)
        .await;
    given.insert("ACCOUNT", text(&viewer.json()["data"]["viewer"]["id"]));
    let reset = run(&folder, "resetFactors", &given);
    assert_eq!(reset["account"]["email"], "editor@demo.example");
    assert!(run(&folder, "signIn", &given)["session"].is_object());
}
