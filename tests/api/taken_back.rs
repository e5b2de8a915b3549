//! What takes a credential back takes it back everywhere within a second: each cell of the table in `docs/security.md`, on two
//! instances of one site.

use std::time::Duration;

use entity::account::Role;
use kindling::{
    app::App,
    auth::account::{NewAccount, create},
    clock::Clock,
    crypto::Secret,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{accounts::PASSWORD, config, postgres, server::Server};

const DOCUMENT: &str = include_str!("../../docs/security.md");
const HEAD: &str = "| What happens | access token | refresh token | API token | preview link |";
const ADMIN: &str = "admin@example.org";

/// Two instances over one database, and a third in the test's own process.
pub(crate) struct Site {
    pub(crate) instances: [Server; 2],
    /// The instance that is asked.
    pub(crate) at: usize,
    folder: TempDir,
    flags: Vec<String>,
    pub(crate) app: App,
    admin: String,
    pub(crate) draft: String,
}

/// What an account holds.
pub(crate) struct Held {
    account: String,
    pub(crate) email: String,
    pub(crate) session: Value,
    other: String,
    pub(crate) api_token: Value,
    pub(crate) preview_link: Value,
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

impl Site {
    pub(crate) async fn start(database_url: Option<&str>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut flags: Vec<&str> = Vec::new();
        flags.extend(
            database_url
                .into_iter()
                .flat_map(|url| ["--database-url", url]),
        );
        let instances = [0, 1].map(|_| Server::start_without_demo(folder.path(), &flags));
        let data_dir = folder.path().join("data").display().to_string();
        let own = [&["--data-dir", &data_dir], &flags[..]].concat();
        let app = App::start(config(&own), Clock::system())
            .await
            .expect("an instance");
        let flags = flags.into_iter().map(str::to_owned).collect();
        let mut site = Self {
            instances,
            at: 0,
            folder,
            flags,
            app,
            admin: String::new(),
            draft: String::new(),
        };
        site.account(ADMIN, Role::Admin).await;
        site.sign_in_admin().await;
        let made = site
            .ask(
                &site.admin,
                "mutation { createValue(input: {content: {}}) { value { id } } }",
                Value::Null,
            )
            .await;
        text(&made["data"]["createValue"]["value"]["id"]).clone_into(&mut site.draft);
        site
    }

    /// A new account; returns its id.
    async fn account(&self, email: &str, role: Role) -> String {
        let (name, password) = ("Somebody".to_owned(), Secret::new(PASSWORD));
        let new = NewAccount {
            email: email.to_owned(),
            name,
            role,
            password,
        };
        let made = create(&self.app, new).await.expect("an account");
        format!("account_{}", made.id.simple())
    }

    /// Gives the admin a new session.
    pub(crate) async fn sign_in_admin(&mut self) {
        let session = self.sign_in(ADMIN).await;
        text(&session["accessToken"]).clone_into(&mut self.admin);
    }

    async fn sign_in(&self, email: &str) -> Value {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } } }";
        let answer = self
            .ask(
                "",
                query,
                json!({"input": {"email": email, "password": PASSWORD}}),
            )
            .await;
        answer["data"]["signIn"]["session"].clone()
    }

    /// The answer of the instance to whoever holds the token.
    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let instance = &self.instances[self.at];
        let answer = if token.is_empty() {
            instance.query_with(&[], query, variables).await
        } else {
            instance.query_as(token, query, variables).await
        };
        answer.json()
    }

    /// The payload of a mutation that must succeed.
    async fn done(&self, token: &str, field: &str, input: Value, selection: &str) -> Value {
        let mut name = field.to_owned();
        name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {name}Input!) {{ {field}(input: $input) {{ {selection} userErrors {{ code message path }} }} }}"
        );
        let answer = self.ask(token, &query, json!({ "input": input })).await;
        let payload = &answer["data"][field];
        assert_eq!(payload["userErrors"], json!([]), "{field}: {answer}");
        payload.clone()
    }

    pub(crate) async fn held(&self, number: usize, role: Role, scopes: &[&str]) -> Held {
        let email = format!("{number}@example.org");
        let account = self.account(&email, role).await;
        let (session, other) = (self.sign_in(&email).await, self.sign_in(&email).await);
        let access = text(&session["accessToken"]);
        let new = json!({"name": "a machine", "scopes": scopes});
        let api_token = self
            .done(access, "createApiToken", new, "secret apiToken { id }")
            .await;
        let new = json!({"entry": self.draft});
        let preview_link = self
            .done(access, "createPreviewLink", new, "token previewLink { id }")
            .await;
        let other = text(&other["accessToken"]).to_owned();
        Held {
            account,
            email,
            session,
            other,
            api_token,
            preview_link,
        }
    }

    /// Whether each credential opens something on both instances; the refresh token comes last, as it can be tried once.
    async fn alive(&self, held: &Held, refresh_too: bool) -> Vec<bool> {
        let access = text(&held.session["accessToken"]);
        let draft = format!("{{ node(id: \"{}~draft\") {{ id }} }}", self.draft);
        let mut alive = Vec::new();
        for (token, query, field) in [
            (access, "{ viewer { id } }", "viewer"),
            (text(&held.api_token["secret"]), &draft, "node"),
            (text(&held.preview_link["token"]), &draft, "node"),
        ] {
            let mut opens = Vec::new();
            for instance in &self.instances {
                let answer = instance.query_as(token, query, Value::Null).await;
                opens.push(answer.status == 200 && !answer.json()["data"][field].is_null());
            }
            assert_eq!(opens[0], opens[1], "{field}: the instances disagree");
            alive.push(opens[0]);
        }
        if refresh_too {
            let query = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken } } }";
            let input = json!({"input": {"refreshToken": held.session["refreshToken"]}});
            let answer = self.instances[1].query_with(&[], query, input).await.json();
            alive.insert(1, !answer["data"]["refreshSession"]["session"].is_null());
        }
        alive
    }

    /// Makes happen what the row says.
    pub(crate) async fn happen(&self, what: &str, held: &Held) {
        let (admin, access) = (self.admin.as_str(), text(&held.session["accessToken"]));
        let account = json!({"account": held.account});
        match what {
            "`signOut`" => {
                self.ask(access, "mutation { signOut { endedAt } }", Value::Null)
                    .await;
            }
            "`signOutEverywhere`" => {
                self.done(access, "signOutEverywhere", json!({}), "endedCount")
                    .await;
            }
            "`signOutEverywhere` with its keys" => {
                self.done(
                    access,
                    "signOutEverywhere",
                    json!({"keysToo": true}),
                    "endedCount",
                )
                .await;
            }
            "`endSession` by an admin" => {
                let query = "query($account: ID) { sessions(account: $account) { id } }";
                let sessions = self.ask(admin, query, account).await;
                for session in sessions["data"]["sessions"].as_array().expect("sessions") {
                    self.done(admin, "endSession", json!({"id": session["id"]}), "endedId")
                        .await;
                }
            }
            "`changePassword` in another session" => {
                let input = json!({"currentPassword": PASSWORD, "password": "a lantern in the harbour fog"});
                self.done(&held.other, "changePassword", input, "").await;
            }
            "`resetPassword`" => {
                let link = self
                    .done(admin, "createPasswordResetLink", account, "link")
                    .await;
                let token = text(&link["link"]).split('#').nth(1).expect("a token");
                let input = json!({"token": token, "password": "a lantern in the harbour fog"});
                self.done("", "resetPassword", input, "").await;
            }
            "a factor is added in another session" => {
                let begun = self
                    .done(&held.other, "beginTotp", json!({}), "enrolment { secret }")
                    .await;
                let code = crate::factors::guide::code(text(&begun["enrolment"]["secret"]), 0);
                self.done(&held.other, "confirmTotp", json!({"code": code}), "")
                    .await;
            }
            "`changeRole` to one that may not read the draft" => {
                let input = json!({"account": held.account, "role": "CONTRIBUTOR"});
                self.done(admin, "changeRole", input, "").await;
            }
            "`suspendAccount`" => {
                self.done(admin, "suspendAccount", account, "").await;
            }
            "`eraseAccount`" => {
                self.done(admin, "eraseAccount", account, "").await;
            }
            "`revokeApiToken`" => {
                let id = json!({"id": held.api_token["apiToken"]["id"]});
                self.done(access, "revokeApiToken", id, "").await;
            }
            "`rotateApiToken` without an overlap" => {
                let id = &held.api_token["apiToken"]["id"];
                let input = json!({"id": id, "overlapSeconds": 0});
                self.done(access, "rotateApiToken", input, "").await;
            }
            "`setSecondFactorPolicy` for the role, without a factor" => {
                let input = json!({"role": "ADMIN", "required": true});
                self.done(admin, "setSecondFactorPolicy", input, "").await;
            }
            "`revokePreviewLink`" => {
                let id = json!({"id": held.preview_link["previewLink"]["id"]});
                self.done(access, "revokePreviewLink", id, "").await;
            }
            "`kindling keys rotate --at-once`" => self.rotate_keys(),
            _ => panic!("the test does not know how {what} happens"),
        }
    }

    fn rotate_keys(&self) {
        let mut arguments = vec!["keys", "rotate", "--at-once", "--data-dir", "data"];
        arguments.extend(self.flags.iter().map(String::as_str));
        let ran = crate::support::server::run(self.folder.path(), &arguments);
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// The rows of the table: what happens, and whether each credential lives.
pub(crate) fn rows() -> Vec<(&'static str, Vec<bool>)> {
    let lines = DOCUMENT.lines().skip_while(|line| *line != HEAD).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let what = cells.next().expect("what happens");
        let is_alive = |cell| match cell {
            "lives" => true,
            "dead" => false,
            _ => panic!("{cell:?} means nothing in the table"),
        };
        (what, cells.map(is_alive).collect())
    });
    rows.collect()
}

async fn hold(database_url: Option<&str>) {
    let site = Site::start(database_url).await;
    let mut wrong = Vec::new();
    let rows = rows();
    assert!(rows.len() > 10, "the table is there");
    for (number, (what, lives)) in rows.iter().enumerate() {
        let held = site.held(number, Role::Editor, &["DRAFTS"]).await;
        assert_eq!(site.alive(&held, false).await, [true; 3], "before {what}");
        site.happen(what, &held).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let found = site.alive(&held, true).await;
        if found != *lives {
            wrong.push(format!("{what} ({}): {found:?}, not {lives:?}", held.email));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_cell_holds_on_two_instances_over_sqlite() {
    hold(None).await;
}

#[tokio::test]
async fn every_cell_holds_on_two_instances_over_postgres() {
    if let Some(postgres) = postgres::server().await {
        let database = postgres.create_database(None).await;
        hold(Some(&database.url())).await;
    }
}
