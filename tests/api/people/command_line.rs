//! What whoever runs the program can do with accounts: the commands of the guide.

use std::{path::Path, process::Output};

use serde_json::json;
use tempfile::TempDir;

use super::NEW_PASSWORD;
use crate::support::{
    mail::token_in,
    server::{Server, run},
};

const GUIDE: &str = include_str!("../../../docs/accounts.md");

/// Runs a command as the guide shows it.
fn shell(folder: &Path, command: &str) -> Output {
    let words = command.split_whitespace().skip(1);
    let arguments: Vec<&str> = words.chain(["--data-dir", "data"]).collect();
    run(folder, &arguments)
}

fn printed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_commands_of_the_guide_do_what_it_says() {
    let folder = TempDir::new().expect("a folder");
    let admin = "kindling account create --email admin@example.org --name Admin --role admin";
    printed(&shell(folder.path(), admin));
    let commands = GUIDE
        .split("```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let commands: Vec<&str> = commands.expect("commands").lines().collect();
    let [invite, list, reset, change, suspend, reactivate, erase] = commands[..] else {
        panic!("{commands:?}");
    };
    let invited = printed(&shell(folder.path(), invite));
    assert!(
        invited.contains("http://127.0.0.1:8080/invitation#kdi_"),
        "{invited}"
    );
    let again = printed(&shell(folder.path(), reset));
    assert!(
        again.contains("/invitation#kdi_"),
        "she has not come yet: {again}"
    );
    let server = Server::start_without_demo(folder.path(), &[]);
    let accept = "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { account { email } userErrors { path } } }";
    let accepted = async |token: String| {
        let input = json!({"token": token, "password": NEW_PASSWORD});
        let answer = server
            .query_with(&[], accept, json!({ "input": input }))
            .await;
        !answer.json()["data"]["acceptInvitation"]["account"].is_null()
    };
    assert!(
        !accepted(token_in(&invited)).await,
        "the one before has ended"
    );
    assert!(accepted(token_in(&again)).await);
    let listed = printed(&shell(folder.path(), list));
    assert_eq!(
        listed,
        "admin@example.org  admin  active  Admin\nann@example.org  editor  active  Ann\n"
    );
    let link = printed(&shell(
        folder.path(),
        &format!("{reset} --public-url https://cms.example.org/"),
    ));
    assert!(
        link.contains("https://cms.example.org/password-reset#kdi_"),
        "{link}"
    );
    assert_eq!(
        printed(&shell(folder.path(), change)),
        "ann@example.org has the role author\n"
    );
    assert_eq!(
        printed(&shell(folder.path(), suspend)),
        "ann@example.org is suspended\n"
    );
    assert!(printed(&shell(folder.path(), list)).contains("ann@example.org  author  suspended"));
    assert_eq!(
        printed(&shell(folder.path(), reactivate)),
        "ann@example.org is no longer suspended\n"
    );
    assert_eq!(
        printed(&shell(folder.path(), erase)),
        "ann@example.org is gone\n"
    );
    let gone = shell(folder.path(), erase);
    assert!(
        !gone.status.success()
            && String::from_utf8_lossy(&gone.stderr).contains("belongs to no account")
    );
    let refused = shell(
        folder.path(),
        "kindling account suspend --email admin@example.org",
    );
    assert!(
        !refused.status.success()
            && String::from_utf8_lossy(&refused.stderr).contains("is the last admin")
    );
}
