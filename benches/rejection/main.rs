//! What it costs to refuse a document: a corpus of hostile ones, beside the preparation of an ordinary page query.
//!
//! `cargo bench --bench rejection`. Each document is refused many times on one thread; the table shows medians, the worst
//! at its end. The exit code says whether all of them were refused, never how fast.

// It executes the schema itself: see `src/lib.rs`.
#![recursion_limit = "512"]

mod corpus;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use async_graphql::Variables;
use kindling::{
    app::App,
    auth::Principal,
    clock::Clock,
    config,
    delivery::{Asked, Delivery, Sender},
};

const PAGE: &str = include_str!("../page_query/page.graphql");
const ROUNDS: usize = 200;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<ExitCode> {
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        ROUNDS
    } else {
        3
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(rounds))
}

async fn measure(rounds: usize) -> Outcome<ExitCode> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().display().to_string();
    let matches = clap::Command::new("rejection")
        .args(config::args())
        .get_matches_from(["rejection", "--data-dir", &data_dir]);
    let config = config::Config::load(&matches, &config::Environment::new())
        .map_err(|mistakes| config::Mistakes(&mistakes).to_string())?;
    let app = App::start(config, Clock::system()).await?;
    let delivery = Delivery::new(&app);

    let page = time(rounds, async || delivery.prepare(PAGE).is_ok()).await;
    let Some(page) = page else {
        return Err("the page query is refused".into());
    };
    println!("{page:>9.1?}        the preparation of the page query");
    let (mut worst, mut all_refused) = (Duration::ZERO, true);
    for hostile in corpus::corpus() {
        let refusal = time(rounds, async || {
            is_refused(&delivery, &hostile.document).await
        })
        .await;
        let Some(took) = refusal else {
            println!("  NOT REFUSED    {}", hostile.tries);
            all_refused = false;
            continue;
        };
        let ratio = took.div_duration_f64(page);
        println!("{took:>9.1?} {ratio:>6.2} {}", hostile.tries);
        worst = worst.max(took);
    }
    let ratio = worst.div_duration_f64(page);
    println!("{worst:>9.1?} {ratio:>6.2} at worst");
    app.database.close().await;
    Ok(ExitCode::from(u8::from(!all_refused)))
}

/// The median of the times that something took; none if it failed once.
async fn time(rounds: usize, run: impl AsyncFn() -> bool) -> Option<Duration> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        let holds = run().await;
        times.push(start.elapsed());
        if !holds {
            return None;
        }
    }
    times.sort_unstable();
    Some(times[rounds / 2])
}

async fn is_refused(delivery: &Delivery, text: &str) -> bool {
    let Ok(document) = delivery.prepare(text) else {
        return true;
    };
    let asked = Asked::new(document, None, Variables::default());
    let sender = Sender::new(Principal::Anonymous);
    let given = delivery.execute(asked.into(), sender).await;
    !given.kept.answer.is_executed
}
