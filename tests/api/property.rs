//! Properties of the whole application, held for random values.

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::runtime::Handle;

/// Runs the test for so many random values, and shrinks the value for which it fails.
pub(crate) async fn holds<S: Strategy + Send + 'static>(
    cases: u32,
    values: S,
    test: impl AsyncFn(S::Value) -> Result<(), String> + Send + 'static,
) {
    let runtime = Handle::current();
    let config = Config {
        cases,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let run = move || {
        let test = |value| runtime.block_on(test(value)).map_err(TestCaseError::fail);
        let outcome = TestRunner::new(config).run(&values, test);
        outcome.map_err(|failure| failure.to_string())
    };
    let outcome = tokio::task::spawn_blocking(run).await.expect("a run");
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
