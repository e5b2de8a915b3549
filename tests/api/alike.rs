//! Whether somebody has an account, no time tells: known, unknown, suspended and without a password, they take alike long.

use std::time::Instant;

use entity::{account, account::Role, password};
use kindling::{
    crypto::{Secret, password::Passwords},
    database::Database,
};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{config, server::Server};

/// How often each kind of account is tried.
const SAMPLES: usize = 200;
const KINDS: [&str; 4] = ["known", "unknown", "suspended", "without a password"];
const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code message path } } }";
const ASK: &str =
    "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
    userErrors { code message path }
} }";

fn email(kind: usize, number: usize) -> String {
    format!("{number}@kind{kind}.example")
}

/// Makes the accounts behind the server's back.
async fn make_accounts(folder: &TempDir) {
    let data_dir = folder.path().join("data").display().to_string();
    let url = config(&["--data-dir", &data_dir]).database_url;
    let database = Database::connect(url.expose(), 1)
        .await
        .expect("the database");
    let passwords = Passwords::new(19_456, 2).expect("parameters");
    let hash = passwords
        .hash(Secret::new("an ember under the ashes"))
        .await;
    let (hash, now) = (hash.expect("a hash"), crate::support::start_of_time());
    let tx = database.begin().await.expect("a transaction");
    for (kind, number) in [0, 2, 3]
        .into_iter()
        .flat_map(|kind| (0..SAMPLES).map(move |number| (kind, number)))
    {
        let id = kindling::id::new();
        let row = account::ActiveModel {
            id: Set(id),
            email: Set(email(kind, number)),
            name: Set("Somebody".to_owned()),
            role: Set(Role::Editor),
            created_at: Set(now),
            joined_at: Set(Some(now)),
            suspended_at: Set((kind == 2).then_some(now)),
            name_folded: Set(String::new()),
        };
        account::Entity::insert(row)
            .exec_without_returning(&tx)
            .await
            .expect("an account");
        if kind != 3 {
            let row = password::ActiveModel {
                account_id: Set(id),
                hash: Set(hash.clone()),
                changed_at: Set(now),
            };
            password::Entity::insert(row)
                .exec_without_returning(&tx)
                .await
                .expect("a password");
        }
    }
    tx.commit().await.expect("a commit");
    database.close().await;
}

/// How likely one of `these` took longer than one of `those`: a half if nobody can tell them apart.
fn area_under_curve(times: &[f64], known: &[f64]) -> f64 {
    let wins: usize = times
        .iter()
        .map(|one| known.iter().filter(|other| one > *other).count())
        .sum();
    let count = |number: usize| f64::from(u32::try_from(number).expect("a number"));
    count(wins) / count(times.len() * known.len())
}

/// The times of each kind, in seconds, taken in turns. Each try has an address and a network of its own, so that none waits.
async fn times(
    server: &Server,
    query: &str,
    input: impl Fn(usize, usize) -> Value,
) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); KINDS.len()];
    let mut answers = Vec::new();
    for number in 0..SAMPLES {
        for turn in 0..KINDS.len() {
            // Nobody always comes after the same one.
            let kind = (turn + number) % KINDS.len();
            let network = format!("10.{kind}.{number}.1");
            let headers = [("X-Forwarded-For", network.as_str())];
            let started = Instant::now();
            let answer = server
                .query_with(&headers, query, json!({"input": input(kind, number)}))
                .await;
            times[kind].push(started.elapsed().as_secs_f64());
            answers.push(answer.json());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all get the same answer: {answers:?}");
    times
}

async fn hold(server: &Server, query: &str, input: impl Fn(usize, usize) -> Value) {
    let times = times(server, query, input).await;
    for (kind, name) in KINDS.iter().enumerate().skip(1) {
        let area = area_under_curve(&times[kind], &times[0]);
        println!("{name} against known: {area:.3}");
        assert!((0.4..0.6).contains(&area), "{name} against known: {area}");
    }
}

#[tokio::test]
async fn times_of_signing_in_do_not_tell_whether_there_is_an_account() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &["--trusted-proxies", "127.0.0.1"]);
    make_accounts(&folder).await;
    let wrong = |kind, number| json!({"email": email(kind, number), "password": "not the password of anybody"});
    hold(&server, SIGN_IN, wrong).await;
}

#[tokio::test]
async fn times_of_asking_for_a_new_password_do_not_tell_whether_there_is_an_account() {
    let folder = TempDir::new().expect("a folder");
    let flags = [
        "--trusted-proxies",
        "127.0.0.1",
        "--public-url",
        "https://cms.example.org",
        "--mail-from",
        "cms@example.org",
        // Nobody listens there; the letters wait.
        "--smtp-url",
        "smtp://127.0.0.1:1",
    ];
    let server = Server::start(folder.path(), &flags);
    make_accounts(&folder).await;
    hold(
        &server,
        ASK,
        |kind, number| json!({"email": email(kind, number)}),
    )
    .await;
}
