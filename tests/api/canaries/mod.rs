//! Secrets that can be recognised, in everything that takes or gives some, with whatever can go wrong; and then they are looked
//! for: in all that is logged, told in errors, kept in the database, and shown as events.

mod faults;
mod flows;
mod liars;
pub(crate) mod outages;
mod secrets;
mod settings;
mod site;

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entity::signing_key;
use kindling::{crypto::vault::Vault, database::Database};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::{flows::Post, liars::Liar, secrets::Canaries, site::Site};
use crate::support::{
    at_rest, config,
    mail::Sink,
    oidc_provider::{CLIENT_SECRET, OidcProvider, PUBLIC},
    postgres::{self, TestDatabase},
    server::{Server, run},
};

const ADMIN: &str = "admin@example.org";
const ANN: &str = "ann@example.org";
const APP: &str = "https://app.example.org";
const BACK: &str = "https://app.example.org/back";
const LIARS_SECRET: &str = "canary-client-secret-of-a-liar";
const MAIL_PASSWORD: &str = "canary-password-for-mail";
const DATABASE_PASSWORD: &str = "canary-password-of-database";

/// Secrets that were given away, to be sent again.
#[derive(Default)]
struct Held {
    admin: String,
    ann: String,
    ann_id: String,
    setup: String,
    totp: String,
    codes: Vec<String>,
    challenge: String,
    ceremony: String,
    api_token_id: String,
    /// Two secrets of an API token, and the token of a preview link.
    bearers: Vec<String>,
    links: Vec<String>,
    /// One that is spent, and the one after it.
    refresh: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_told_or_kept_on_sqlite() {
    let folder = TempDir::new().expect("a folder");
    let url = format!("sqlite://{}/data/kindling.db", folder.path().display());
    look_for_secrets(&folder, &url, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_told_or_kept_on_postgres() {
    let Some(server) = postgres::server().await else {
        return;
    };
    let database = server.create_database(None).await;
    let mut url = url::Url::parse(&database.url()).expect("a URL");
    // One that is needed cannot be looked for: it may be any word.
    if url.password().is_none() {
        url.set_password(Some(DATABASE_PASSWORD))
            .expect("a password");
    }
    let folder = TempDir::new().expect("a folder");
    look_for_secrets(&folder, url.as_str(), Some(&database)).await;
}

/// The settings, with a secret wherever one can be.
fn arguments(
    provider: &OidcProvider,
    liars_address: &str,
    mail_port: u16,
    url: &str,
    known: &mut Canaries,
) -> Vec<String> {
    known.add("the client secret", CLIENT_SECRET);
    known.add("the client secret", LIARS_SECRET);
    known.add("the password for mail", MAIL_PASSWORD);
    known.add("the password of the database", DATABASE_PASSWORD);
    let key = known.add("the secret key", &secret_key());
    let liar = json!({"issuer": liars_address, "client_secret": LIARS_SECRET});
    let providers = json!([
        provider.settings("one", &json!({})),
        provider.settings("two", &liar)
    ]);
    let mail = format!("smtp://mailer:{MAIL_PASSWORD}@127.0.0.1:{mail_port}");
    let settings = [
        ("--secret-key", key.as_str()),
        ("--smtp-url", &mail),
        ("--mail-from", "cms@example.org"),
        ("--public-url", PUBLIC),
        ("--cors-origins", APP),
        ("--oidc-providers", &providers.to_string()),
        ("--database-url", url),
        ("--log-level", "trace"),
    ];
    settings
        .iter()
        .flat_map(|(flag, value)| [*flag, *value])
        .map(str::to_owned)
        .collect()
}

fn secret_key() -> String {
    BASE64_URL_SAFE_NO_PAD.encode("canary-secret-key-of-32-bytes-77")
}

async fn look_for_secrets(folder: &TempDir, url: &str, postgres: Option<&TestDatabase>) {
    let (Some(sink), Some(provider)) = (Sink::start(), OidcProvider::start(&[])) else {
        return;
    };
    provider
        .knows("admin", &json!({"email": ADMIN, "email_verified": true}))
        .await;
    let (liar, deaf) = (Liar::default(), Liar::default());
    let mail_port = sink.port;
    let (mut known, mut post) = (Canaries::default(), Post::new(sink));
    let liars_address = liars::provider(&liar, LIARS_SECRET).await;
    let arguments = arguments(&provider, &liars_address, mail_port, url, &mut known);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut site = Site::new(Server::start_without_demo(folder.path(), &arguments));

    let held = flows::all(&mut site, &mut known, &mut post, &provider).await;
    let admin = held.admin.clone();
    faults::believe(&site, &mut known, &liar, LIARS_SECRET).await;
    faults::send_malformed(&site, &mut known).await;
    drop(post);
    outages::without_mail(&site, &deaf, mail_port).await;
    if let Some(database) = postgres {
        outages::without_connections(&site, &held, database).await;
    }
    faults::send_all(&site, &held).await;
    spent_again(&site, &held).await;
    let rotated = run(
        folder.path(),
        &[&["keys", "rotate", "--data-dir", "data"], &arguments[..]].concat(),
    );
    assert!(rotated.status.success(), "{rotated:?}");

    in_what_is_kept(folder, url, postgres, &mut known).await;
    known.look_in("the lists of events", &events(&site, &admin).await);
    known.look_in("an error", &site.told());
    known.look_in("the output of a command", &format!("{rotated:?}"));
    settings::provoke(folder.path(), &mut known);
    in_what_is_printed(&mut site, &mut known);
    known.assert_none_found();
}

/// Looks in the database, with the signing keys as further secrets.
async fn in_what_is_kept(
    folder: &TempDir,
    url: &str,
    postgres: Option<&TestDatabase>,
    known: &mut Canaries,
) {
    let database = Database::connect(url, 1).await.expect("a connection");
    signing_keys(&database, url, known).await;
    let kept = match postgres {
        Some(_) => at_rest::in_tables(&database).await,
        None => at_rest::in_files(&folder.path().join("data")),
    };
    assert!(
        kept.contains("session.token_reused") && kept.contains("$argon2id$"),
        "this looks where it should"
    );
    known.look_in("the database", &kept);
}

/// Ends the program, and looks in its log and in what it has printed, but for the link of the setup.
fn in_what_is_printed(site: &mut Site, known: &mut Canaries) {
    site.server.terminate();
    assert!(site.server.ended().success());
    let log = site.log();
    for part in [
        "\"TRACE\"",
        "/graphql",
        "signing in with a provider failed",
        "a mail was not sent",
    ] {
        assert!(log.contains(part), "the log tells of {part}");
    }
    known.look_in("the log", &log);
    let printed = site.server.printed();
    let others = printed.iter().filter(|line| !line.contains("/setup#"));
    known.look_in("the output", &others.cloned().collect::<String>());
}

/// A spent refresh token comes again, when its successor has been used.
async fn spent_again(site: &Site, held: &Held) {
    loop {
        let input = json!({ "refreshToken": held.refresh[0] });
        let refused = site.ask("", "refreshSession", "__typename", input).await;
        let message = refused["userErrors"][0]["message"]
            .as_str()
            .expect("a reason");
        if !message.contains("a moment ago") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The private keys, opened with the secret key.
async fn signing_keys(database: &Database, url: &str, known: &mut Canaries) {
    let config = config(&["--secret-key", &secret_key(), "--database-url", url]);
    let vault = Vault::open(&config, database).await.expect("a vault");
    let keys = database.rows(signing_key::Entity::find()).await;
    let keys: Vec<signing_key::Model> = keys.expect("keys");
    assert_eq!(keys.len(), 2);
    for key in keys {
        let opened = vault.open_sealed(&format!("signing_key:{}", key.id), &key.private_key);
        known.add("a signing key", opened.expect("a key").expose());
    }
}

/// All events of both logs, as an admin sees them.
async fn events(site: &Site, admin: &str) -> String {
    let of_content = pages(site, admin, "events", "apiTokenId entryId").await;
    let of_accounts = pages(site, admin, "auditEvents", "accountId targetId network").await;
    assert!(
        of_accounts.contains("session.refused") && of_accounts.contains("api_token.created"),
        "{of_accounts}"
    );
    of_content + &of_accounts
}

async fn pages(site: &Site, admin: &str, list: &str, fields: &str) -> String {
    let query = format!(
        "query($after: String) {{ {list}(first: 100, after: $after) {{
        nodes {{ action actor {{ id name }} {fields} }} pageInfo {{ hasNextPage endCursor }}
    }} }}"
    );
    let (mut all, mut after) = (String::new(), Value::Null);
    loop {
        let answer = site
            .server
            .query_as(admin, &query, json!({ "after": after }))
            .await
            .json();
        let page = &answer["data"][list];
        assert!(page.is_object(), "{answer}");
        all += &page["nodes"].to_string();
        if page["pageInfo"]["hasNextPage"] != true {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
