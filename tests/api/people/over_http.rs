//! The whole way over HTTP, with a real mail server: invited, joined, forgotten, reset; and links that no Host header bends.

use serde_json::{Value, json};

use super::{ANN, NEW_PASSWORD};
use crate::support::{
    mail::{Sink, token_in},
    server::Server,
    servers_with,
};

const INVITE: &str = "mutation($input: InviteAccountInput!) { inviteAccount(input: $input) {
    account { id status } link userErrors { code path } } }";
const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
    account { email status } userErrors { code path } } }";
const REQUEST: &str =
    "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
    requestedAt userErrors { code path } } }";
const RESET: &str = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) {
    account { email } userErrors { code path } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { code } } }";

async fn done(server: &Server, headers: &[(&str, &str)], mutation: &str, input: Value) -> Value {
    let answer = server
        .query_with(headers, mutation, json!({ "input": input }))
        .await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let answer = answer.json();
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn somebody_is_invited_comes_and_gets_a_new_password() {
    let Some(sink) = Sink::start() else { return };
    let url = sink.url();
    let flags = [
        "--smtp-url",
        &url,
        "--mail-from",
        "cms@example.org",
        "--public-url",
        "https://cms.example.org",
    ];
    let mut number = 0;
    for (mut server, _folder, _database) in servers_with(&flags).await {
        let bearer = format!("Bearer {}", server.sign_in("admin").await);
        let input = json!({"email": ANN, "name": "Ann", "role": "EDITOR"});
        let invited = done(&server, &[("Authorization", &bearer)], INVITE, input).await;
        assert_eq!(
            invited["inviteAccount"]["account"]["status"], "INVITED",
            "{invited}"
        );
        assert!(
            invited["inviteAccount"]["link"].is_null(),
            "it goes by mail"
        );
        number += 1;
        let mail = sink.mail(number);
        assert_eq!(
            (&mail["to"], &mail["subject"]),
            (&json!([ANN]), &json!("You are invited to cms.example.org"))
        );
        let mail = mail["text"].as_str().expect("a text");
        assert!(
            mail.contains("https://cms.example.org/invitation#kdi_"),
            "{mail}"
        );
        let input = json!({"token": token_in(mail), "password": "an ember under the ashes"});
        let joined = done(&server, &[], ACCEPT, input).await;
        assert_eq!(
            joined["acceptInvitation"]["account"],
            json!({"email": ANN, "status": "ACTIVE"})
        );

        // Whoever sends a foreign host gets no link to it.
        let forged = [
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
            ("Origin", "https://evil.example"),
        ];
        let body = json!({"query": REQUEST, "variables": {"input": {"email": ANN}}}).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let lines = forged.map(|(name, value)| [name, ": ", value, "\r\n"].concat());
        let forged = lines.concat();
        let asked = server
            .send(format!("{head}{forged}\r\n{body}").as_bytes())
            .await
            .json();
        assert!(
            !asked["data"]["requestPasswordReset"]["requestedAt"].is_null(),
            "{asked}"
        );
        number += 1;
        let mail = sink.mail(number);
        assert!(!mail.to_string().contains("evil"), "{mail}");
        let mail = mail["text"].as_str().expect("a text");
        assert!(
            mail.contains("https://cms.example.org/password-reset#kdi_"),
            "{mail}"
        );
        let input = json!({"token": token_in(mail), "password": NEW_PASSWORD});
        let reset = done(&server, &[], RESET, input).await;
        assert_eq!(
            reset["resetPassword"],
            json!({"account": {"email": ANN}, "userErrors": []})
        );
        let session = done(
            &server,
            &[],
            SIGN_IN,
            json!({"email": ANN, "password": NEW_PASSWORD}),
        )
        .await;
        assert!(
            session["signIn"]["session"]["accessToken"].is_string(),
            "{session}"
        );
        number += 1;
        assert_eq!(
            sink.mail(number)["subject"],
            "Your password for cms.example.org was changed"
        );
        let log = format!("{:?}", server.log());
        assert!(!log.contains("kdi_") && !log.contains(ANN), "{log}");
    }
}

#[tokio::test]
async fn the_pages_come_alone_and_are_kept_nowhere() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let server = Server::start_without_demo(folder.path(), &[]);
    for (page, title) in [
        ("/setup", "Set up Kindling"),
        ("/invitation", "Accept the invitation"),
        ("/password-reset", "A new password"),
        ("/email-change", "Confirm your new address"),
    ] {
        let shown = server.get(page, &[]).await;
        let body = String::from_utf8_lossy(&shown.body).into_owned();
        assert!(
            shown.status == 200 && body.contains(&format!("<title>{title}</title>")),
            "{page}: {body}"
        );
        assert_eq!(
            (
                shown.header("cache-control"),
                shown.header("referrer-policy")
            ),
            ("no-store", "no-referrer")
        );
        let policy = shown.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';")
                && policy.contains("frame-ancestors 'none'")
        );
        let sources = body
            .split("src=\"")
            .skip(1)
            .chain(body.split("href=\"").skip(1));
        for source in sources.filter_map(|rest| rest.split('"').next()) {
            assert_eq!(
                server.get(&format!("/{source}"), &[]).await.status,
                200,
                "{source}"
            );
        }
    }
}
