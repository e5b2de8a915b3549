//! The answer cache: whatever happens meanwhile, an answer that was kept is the one that would be found.

mod lineage;
mod over_http;
mod purging;
mod stale;
mod steps;

use kindling::delivery::Source;
use proptest::collection;

use crate::{property::holds, support::TestApp};
use steps::{Story, step};

/// Random reads and writes by everybody. Each read is asked of the delivery that keeps answers and rows, and of one over the
/// same database that keeps nothing.
async fn kept_answers_are_those_that_would_be_found(app: TestApp, cases: u32) {
    let story = std::sync::Arc::new(Story::begin(app).await);
    let seen = std::sync::Arc::clone(&story);
    holds(cases, collection::vec(step(), 20..80), async move |steps| {
        for step in steps {
            story.take(step).await?;
        }
        Ok(())
    })
    .await;
    for source in [Source::Kept, Source::Executed] {
        let count = seen.count(source);
        assert!(count > 50, "{source:?}: {count}, which tells nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    Box::pin(kept_answers_are_those_that_would_be_found(
        TestApp::on_sqlite().await,
        40,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    if let Some(app) = TestApp::on_postgres().await {
        Box::pin(kept_answers_are_those_that_would_be_found(app, 40)).await;
    }
}
