//! What a page of a long list costs at its start and deep inside: 100,000 milestones with five revisions each.
//!
//! `cargo bench --bench depth [-- --postgres URL]`, with the URL of an empty database. Prints ratios of medians, taken
//! in turn on the same machine in the same run.

// It executes the schema itself: see `src/lib.rs`.
#![recursion_limit = "512"]

mod world;

use std::time::{Duration, Instant};

use async_graphql::Variables;
use kindling::{
    app::App,
    auth::Principal,
    clock::Clock,
    config,
    delivery::{Answer, Asked, Delivery, Sender},
};
use serde_json::{Value, json};

const DEPTH: u32 = 90_000;
const ROUNDS: usize = 200;
const ORDERS: [&str; 6] = [
    "POSITION",
    "KEY",
    "DATE",
    "END_DATE",
    "CREATED_AT",
    "UPDATED_AT",
];

const QUERY: &str =
    "query ($order: [MilestoneOrder!], $first: Int, $after: String, $last: Int, $before: String) {
    milestones(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
        nodes { id date title }
        pageInfo { startCursor endCursor }
    }
}";

/// A result that stops the benchmark.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let postgres = arguments
        .iter()
        .position(|argument| argument == "--postgres");
    let postgres = postgres.and_then(|at| arguments.get(at + 1));
    let entries = if arguments.iter().any(|argument| argument == "--bench") {
        100_000
    } else {
        1_000
    };
    let folder = tempfile::tempdir()?;
    let sqlite = format!("sqlite://{}/depth.db", folder.path().display());
    for (engine, url) in [("SQLite", Some(&sqlite)), ("PostgreSQL", postgres)] {
        let Some(url) = url else {
            println!("{engine} was not measured: name an empty database with --postgres URL");
            continue;
        };
        let data_dir = folder.path().display().to_string();
        let flags = [
            ["depth", "--data-dir", &data_dir],
            ["--answer-cache-bytes=0", "--database-url", url],
        ]
        .concat();
        let matches = clap::Command::new("depth")
            .args(config::args())
            .get_matches_from(flags);
        let config = config::Config::load(&matches, &config::Environment::new())
            .map_err(|mistakes| config::Mistakes(&mistakes).to_string())?;
        let app = App::start(config, Clock::system()).await?;
        world::fill(&app, entries).await?;
        measure(engine, &Delivery::new(&app), DEPTH.min(entries * 9 / 10)).await?;
        app.database.close().await;
    }
    Ok(())
}

async fn measure(engine: &str, delivery: &Delivery, depth: u32) -> Outcome<()> {
    for order in ORDERS {
        for direction in ["ASC", "DESC"] {
            let order_by = json!([{ "field": order, "direction": direction }]);
            let cursor = walk(delivery, &order_by, depth).await?;
            let pages = [
                json!({ "order": order_by, "first": 20 }),
                json!({ "order": order_by, "first": 20, "after": cursor }),
                json!({ "order": order_by, "last": 20, "before": cursor }),
            ];
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..ROUNDS {
                for (page, times) in pages.iter().zip(&mut times) {
                    let start = Instant::now();
                    execute(delivery, page).await?;
                    times.push(start.elapsed());
                }
            }
            let [first, deep, back] = times.map(median);
            println!(
                "{engine:<10} {order:>10} {direction:<4}  first page {first:>7.0?}  after {depth}: {:.2}  before it, backwards: {:.2}",
                deep.div_duration_f64(first),
                back.div_duration_f64(first)
            );
        }
    }
    Ok(())
}

/// The cursor of the entry at this depth.
async fn walk(delivery: &Delivery, order: &Value, depth: u32) -> Outcome<Value> {
    let mut cursor = Value::Null;
    for _ in 0..depth / 100 {
        let answer = execute(
            delivery,
            &json!({ "order": order, "first": 100, "after": cursor }),
        )
        .await?;
        cursor = answer["milestones"]["pageInfo"]["endCursor"].clone();
    }
    Ok(cursor)
}

async fn execute(delivery: &Delivery, variables: &Value) -> Outcome<Value> {
    let document = delivery.prepare(QUERY).map_err(|refusal| told(&refusal))?;
    let asked = Asked::new(document, None, Variables::from_json(variables.clone()));
    let sender = Sender::new(Principal::Anonymous);
    let given = delivery.execute(asked.into(), sender).await;
    let answer = &given.kept.answer;
    let mut body: Value = serde_json::from_slice(&answer.body)?;
    if body.get("errors").is_none() {
        Ok(body["data"].take())
    } else {
        Err(told(answer).into())
    }
}

fn told(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
