//! What holds in every database, whatever was done.

use std::collections::BTreeMap;

use entity::{entry, entry_count, job};
use kindling::app::App;
use sea_orm::EntityTrait;

/// Looks at the database of a test that has ended, unless it is closed or gone.
pub(crate) async fn hold(app: &App) {
    let snapshot = app.database.snapshot();
    let entries: Result<Vec<entry::Model>, _> = snapshot.all(entry::Entity::find()).await;
    let counts: Result<Vec<entry_count::Model>, _> =
        snapshot.all(entry_count::Entity::find()).await;
    let jobs: Result<Vec<job::Model>, _> = snapshot.all(job::Entity::find()).await;
    let (Ok(entries), Ok(counts), Ok(jobs)) = (entries, counts, jobs) else {
        return;
    };
    jobs_are_done(jobs);
    let mut expected: BTreeMap<entry::ContentType, (i64, i64)> = BTreeMap::new();
    for entry in entries {
        let (listed, published) = expected.entry(entry.r#type).or_default();
        *listed += i64::from(entry.archived_at.is_none());
        *published += i64::from(entry.published_revision.is_some());
    }
    for counts in &counts {
        let (listed, published) = expected.remove(&counts.r#type).unwrap_or_default();
        assert_eq!(
            (counts.listed, counts.public),
            (listed, published),
            "{counts:?}"
        );
    }
    assert!(
        expected.values().all(|count| *count == (0, 0)),
        "not counted: {expected:?}"
    );
}

/// A test carries out what it enqueues; one that must not says so with [`TestApp::forget_jobs`](super::TestApp::forget_jobs).
/// Scheduled jobs wait for their time.
fn jobs_are_done(jobs: Vec<job::Model>) {
    let is_left = |job: &job::Model| job.key.is_none() || job.failed_at.is_some();
    let left: Vec<job::Model> = jobs.into_iter().filter(is_left).collect();
    assert!(left.is_empty(), "jobs are left undone or failed: {left:?}");
}
