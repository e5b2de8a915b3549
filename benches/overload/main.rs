//! What becomes of Kindling when far more is asked of it than it can do.
//!
//! `cargo bench --bench overload`. The shipped binary has one core, and keeps no answers; the load comes from another core. First
//! it is saturated; then requests come at half of that rate, and at three and ten times of it, whether answers come or not, while editors save.
//! The exit code says whether the bounds hold. Without `--bench` all of it runs briefly, and nothing is held.

mod crowd;
mod editing;
#[expect(dead_code, reason = "it is part of another benchmark")]
#[path = "../mutations/editor.rs"]
mod editor;
mod report;
#[expect(dead_code, reason = "others need more of it")]
#[path = "../support/mod.rs"]
mod support;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crowd::{Crowd, Load};
use editing::Editing;
use editor::Editor;
use report::{Overload, Report};
use support::{Failure, kindling, pinning::Pinning, sample, scratch::Scratch};

/// How many times as much is asked as can be done.
const TIMES: [f64; 2] = [3.0, 10.0];
/// Nothing is kept.
const SETTINGS: [&str; 4] = ["--answer-cache-bytes", "0", "--row-cache-bytes", "0"];
/// Connections that saturate the server without being refused.
const SATURATING: [usize; 3] = [4, 6, 8];
const NORMAL_AGAIN_WITHIN: Duration = Duration::from_secs(10);
/// So many answers in a row, and the server is back to normal.
const IN_A_ROW: usize = 20;

fn main() -> Result<ExitCode, Failure> {
    let is_full = std::env::args().any(|argument| argument == "--bench");
    let turn = if is_full {
        Duration::from_secs(10)
    } else {
        Duration::from_millis(500)
    };
    let pinning = Pinning::choose();
    pinning.hold_load_generator()?;
    let scratch = Scratch::create()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(measure(&scratch, pinning, turn))?;
    report.print();
    let holds = report.holds() || !is_full;
    Ok(ExitCode::from(u8::from(!holds)))
}

async fn measure(scratch: &Scratch, pinning: Pinning, turn: Duration) -> Result<Report, Failure> {
    // The first start imports the demo content.
    let first = kindling::start(scratch, pinning, None, &[]).await?;
    first.stop().await?;
    let editor = Editor::create(scratch, None)?;
    let server = kindling::start(scratch, pinning, None, &SETTINGS).await?;
    let editing = Editing::begin(&server, &editor).await?;
    let crowd = Crowd::new(server.address);
    let mut peak = Load::default();
    for connections in SATURATING {
        // Editors save then, too: what they take is not there for the crowd.
        let saturating = crowd.one_after_the_other(connections, turn / 2);
        let (load, _) = tokio::join!(saturating, editing.go_on(turn / 2));
        let load = load?;
        eprintln!(
            "{connections} connections: {:.0} answers/s",
            load.per_second()
        );
        if load.per_second() > peak.per_second() {
            peak = load;
        }
    }
    let half = crowd.at_rate(peak.per_second() / 2.0, turn).await?;
    let mut overloads = Vec::new();
    for times in TIMES {
        let rate = times * peak.per_second();
        let before = sample::time_on_core();
        let begun = Instant::now();
        let (load, edits) = tokio::join!(crowd.at_rate(rate, turn), editing.go_on(turn));
        let busy = sample::busy_since(before, begun.elapsed());
        overloads.push(Overload {
            times,
            load: load?,
            edits,
            busy,
            normal_after: normal_again(&crowd, &peak).await?,
        });
    }
    editing.check().await?;
    Ok(Report {
        pinning,
        resident_kib: server.resident_kib(),
        peak,
        half,
        overloads,
    })
}

/// How long it takes until answers come as they did before.
async fn normal_again(crowd: &Crowd, peak: &Load) -> Result<Option<Duration>, Failure> {
    let begun = Instant::now();
    let usual = peak.percentile_of_answers(0.99);
    let mut in_a_row = 0;
    let mut first = begun.elapsed();
    while begun.elapsed() < NORMAL_AGAIN_WITHIN {
        let took = crowd.ask_once().await?;
        if took.is_none_or(|took| took > usual) {
            in_a_row = 0;
            first = begun.elapsed();
            continue;
        }
        in_a_row += 1;
        if in_a_row == IN_A_ROW {
            return Ok(Some(first));
        }
    }
    Ok(None)
}
