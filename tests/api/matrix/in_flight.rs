//! Rights that are revoked while the body of a request is still coming: every operation that writes on somebody's behalf ×
//! everything that revokes their credentials, on the instance that has the request and on another one.

use entity::account::Role;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    alone::Asker,
    document::{How, rules},
    operations::{Operation, Request, Subject},
};
use crate::{
    database_state::rows_of,
    introspection::Introspection,
    support::{
        TestApp,
        accounts::PASSWORD,
        pictures::{one_file, png},
        postgres,
        server::{Answer, Server},
    },
    taken_back::{Held, Site, rows, text},
};

/// What revokes credentials beside the rows of `docs/security.md`; the last one ends the admin's session, too.
const MORE: [(&str, [bool; 4]); 2] = [
    (
        "`rotateApiToken` without an overlap",
        [true, true, false, true],
    ),
    (
        "`setSecondFactorPolicy` for the role, without a factor",
        [false, false, true, true],
    ),
];
/// Only this one is no row of the database that a transaction could look at: it takes up to a second.
const KEYS: &str = "`kindling keys rotate --at-once`";
/// After this, an API token goes on with the rights of the new role.
const ROLE: &str = "`changeRole` to one that may not read the draft";
/// Operations that are refused before their transaction begins: no mail server, an id or a ceremony that does not exist, or too
/// many attempts.
const REFUSED_BEFORE: [&str; 7] = [
    "requestEmailChange",
    "endSession",
    "changePassword",
    "confirmPassword",
    "confirmTotp",
    "finishPasskeyRegistration",
    "confirmWithPasskey",
];

/// A request of which the head and a part of the body have been sent.
struct Pending {
    field: String,
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Pending {
    async fn send(server: &Server, token: &str, field: &str, request: &Request) -> Self {
        let (kind, body) = if request.takes_a_file() {
            let input = request.variables["input"].clone();
            let form = one_file(&request.document, input, "a.png", &png(1, 1));
            let head = server.head_of_form(&[], form.len());
            let kind = head.lines().find(|line| line.starts_with("Content-Type"));
            (kind.expect("a type").to_owned(), form)
        } else {
            let body =
                serde_json::json!({"query": request.document, "variables": request.variables});
            (
                "Content-Type: application/json".to_owned(),
                body.to_string().into_bytes(),
            )
        };
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (first, rest) = body.split_at(body.len() / 2);
        Self {
            field: field.to_owned(),
            stream: server.open(&[head.as_bytes(), first].concat()).await,
            rest: rest.to_vec(),
        }
    }

    /// Sends the rest; returns the operation with what it was answered, unless it was refused.
    async fn end(mut self) -> Option<String> {
        let sent = self.stream.write_all(&self.rest).await;
        let mut bytes = Vec::new();
        let read = self.stream.read_to_end(&mut bytes).await;
        assert!(sent.is_ok() && read.is_ok(), "{}: cut off", self.field);
        let answer = Answer::parse(&bytes);
        let is_refused = answer.code() == "UNAUTHENTICATED"
            || (REFUSED_BEFORE.contains(&self.field.as_str()) && has_errors(&answer, &self.field));
        (!is_refused).then(|| format!("{}: {}", self.field, answer.text()))
    }
}

fn has_errors(answer: &Answer, field: &str) -> bool {
    let answer = answer.json();
    let in_data = answer["data"][field]["userErrors"].as_array();
    answer["errors"].is_array() || in_data.is_some_and(|errors| !errors.is_empty())
}

/// Every mutation that needs credentials, with whether API tokens may send it.
fn requests(api: &Introspection, site: &Site, held: &Held) -> Vec<(String, bool, Request)> {
    let asker = Asker {
        email: held.email.clone(),
        password: PASSWORD.to_owned(),
        refresh: text(&held.session["refreshToken"]).to_owned(),
        api_token: text(&held.api_token["apiToken"]["id"]).to_owned(),
        preview_link: text(&held.preview_link["previewLink"]["id"]).to_owned(),
    };
    let subject = Subject {
        id: site.draft.parse().expect("an id"),
        latest: 1,
        moment: String::new(),
    };
    let plain = |how: How| matches!(how, How::Plainly | How::OfADraft);
    let rules = rules().into_iter();
    let rules = rules.filter(|rule| rule.needs_credentials() && plain(rule.how));
    let request = |rule| {
        let operation = Operation::of(api, &rule);
        let request = if operation.is_about_an_entry() {
            operation.about(&subject)
        } else {
            operation.alone(&asker)
        };
        (operation.is_mutation).then(|| (rule.field.clone(), rule.scopes.is_some(), request))
    };
    rules.filter_map(request).collect()
}

/// Revokes the credentials in this way while all requests are under way; returns those that were not refused.
async fn revoke(
    site: &mut Site,
    api: &Introspection,
    number: usize,
    (way, lives): (&str, &[bool]),
) -> Vec<String> {
    site.at = 0;
    site.sign_in_admin().await;
    let scopes = ["DRAFTS", "HISTORY", "WRITE", "PUBLISH", "EVENTS"];
    let held = site.held(number, Role::Admin, &scopes).await;
    let access = text(&held.session["accessToken"]);
    let secret = text(&held.api_token["secret"]);
    let mut pending = Vec::new();
    for (field, by_token, request) in requests(api, site, &held) {
        let server = &site.instances[0];
        if !lives[0] {
            pending.push(Pending::send(server, access, &field, &request).await);
        }
        if !lives[2] && by_token && way != ROLE {
            pending.push(Pending::send(server, secret, &field, &request).await);
        }
    }
    assert!(pending.len() > 20, "{way}: {}", pending.len());
    // Both credentials are cached when they are revoked, on the other instance in every second case.
    for token in [access, secret] {
        let answer = site.instances[0]
            .query_as(token, "{ values { totalCount } }", Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{way}");
    }
    site.at = number % 2;
    site.happen(way, &held).await;
    if way == KEYS {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let before = rows_of(&site.app).await;
    let answers = pending.into_iter().map(Pending::end);
    let answers = futures_util::future::join_all(answers).await;
    let mut wrong: Vec<String> = answers.into_iter().flatten().collect();
    let after = rows_of(&site.app).await;
    let written = after.iter().filter(|row| !before.contains(row));
    wrong.extend(written.map(|row| format!("wrote {row}")));
    wrong
        .into_iter()
        .map(|wrong| format!("{way} on instance {}: {wrong}", site.at))
        .collect()
}

async fn hold(api: &TestApp, database_url: Option<&str>) {
    let api = Introspection::of(api).await;
    let mut site = Site::start(database_url).await;
    let from_document = rows();
    let more = MORE.iter().map(|(way, lives)| (*way, lives.to_vec()));
    let ways = from_document.into_iter().chain(more);
    let ways = ways.filter(|(_, lives)| !lives[0] || !lives[2]);
    let mut wrong = Vec::new();
    for (at, (way, lives)) in ways.enumerate() {
        for instance in 0..2 {
            // The policy of the role ends what the next round would begin with.
            if instance == 0 || !way.contains("setSecondFactorPolicy") {
                let number = at * 2 + instance;
                wrong.extend(revoke(&mut site, &api, number, (way, &lives)).await);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn rights_that_were_revoked_meanwhile_are_not_used_on_sqlite() {
    let app = TestApp::on_sqlite().await;
    hold(&app, None).await;
}

#[tokio::test]
async fn rights_that_were_revoked_meanwhile_are_not_used_on_postgres() {
    if let (Some(app), Some(server)) = (TestApp::on_postgres().await, postgres::server().await) {
        let database = server.create_database(None).await;
        hold(&app, Some(&database.url())).await;
    }
}
