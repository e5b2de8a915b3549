//! The pages behind links, in a real browser on a small screen, of a server that shares its name with other sites.

use std::process::Command;

use serde_json::{Value, json};

use super::ANN;
use crate::support::{
    mail::token_in,
    servers_with,
    tools::{chromium, node_folder},
};

const INVITE: &str = "mutation($input: InviteAccountInput!) { inviteAccount(input: $input) { account { id } link } }";
const RESET: &str = "mutation($input: CreatePasswordResetLinkInput!) { createPasswordResetLink(input: $input) { link } }";
const CHANGE: &str = "mutation($input: CreateEmailChangeLinkInput!) { createEmailChangeLink(input: $input) { link } }";

#[tokio::test]
async fn people_use_their_links_on_a_phone() {
    let (Some(folder), Some(browser)) = (node_folder(), chromium()) else {
        return;
    };
    let (mut server, _folder, _) = servers_with(&["--public-url", "http://kindling.test/cms"])
        .await
        .swap_remove(0);
    let admin = server.sign_in("admin").await;
    let made = async |mutation: &str, name: &str, input: Value| {
        let answer = server
            .query_as(&admin, mutation, json!({ "input": input }))
            .await
            .json();
        answer["data"][name].clone()
    };
    let token = |made: &Value| token_in(made["link"].as_str().unwrap_or_else(|| panic!("{made}")));
    let invited = made(
        INVITE,
        "inviteAccount",
        json!({"email": ANN, "name": "Ann", "role": "EDITOR"}),
    )
    .await;
    // Whoever has joined already gets the other two.
    let joined = "{ accounts(where: {role: [AUTHOR]}) { nodes { id } } }";
    let joined = server.query_as(&admin, joined, Value::Null).await.json();
    let author = joined["data"]["accounts"]["nodes"][0]["id"].clone();
    let editor = "{ accounts(where: {role: [CONTRIBUTOR]}) { nodes { id } } }";
    let editor = server.query_as(&admin, editor, Value::Null).await.json();
    let contributor = editor["data"]["accounts"]["nodes"][0]["id"].clone();
    let reset = made(
        RESET,
        "createPasswordResetLink",
        json!({ "account": author }),
    )
    .await;
    let change = json!({"account": contributor, "newEmail": "new@example.org"});
    let change = made(CHANGE, "createEmailChangeLink", change).await;
    let base = format!("http://{}/cms", server.address);
    let output = Command::new("node")
        .current_dir(folder)
        .arg("pages.mjs")
        .arg(browser)
        .args([
            base.as_str(),
            &token(&invited),
            &token(&reset),
            &token(&change),
        ])
        .output()
        .expect("node");
    let seen: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let says = |name: &str, text: &str| {
        let is_said = seen[name].as_str().is_some_and(|seen| seen.contains(text));
        assert!(is_said, "{name} lacks {text:?}: {seen:#}");
    };
    assert_eq!(
        seen["address"],
        format!("{base}/invitation"),
        "the token leaves the address"
    );
    says("weak", "This is too easy to guess: ");
    assert_eq!(seen["focus"], "password");
    says("joined", "You can sign in as ann@example.org");
    says("lacking", "This link is not whole");
    says("reset", "You can sign in as author@demo.example");
    says(
        "asked",
        "This server sends no mail: ask an admin for a link.",
    );
    says("changed", "You sign in as new@example.org from now on");
    assert_eq!(
        (&seen["wide"], &seen["faults"]),
        (&json!(false), &json!([]))
    );
}
