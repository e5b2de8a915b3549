//! How much each test does, and what it tells of it.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, MutexGuard};

/// A figure: that of the variable `KINDLING_ENDURANCE_<NAME>`, or else the one for a quick run, unless
/// `KINDLING_ENDURANCE` is `full`.
pub(crate) fn size(name: &str, quick: usize, full: usize) -> usize {
    let of_name = environment(&format!("KINDLING_ENDURANCE_{name}"));
    match of_name.map(|value| value.parse()) {
        Some(Ok(size)) => size,
        Some(Err(error)) => panic!("KINDLING_ENDURANCE_{name}: {error}"),
        None if environment("KINDLING_ENDURANCE").as_deref() == Some("full") => full,
        None => quick,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings are none of the server's"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Waits until no other test of this binary runs: each wants the machine to itself.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Tells a figure, also of a test that does not fail.
pub(crate) fn tell(text: &str) {
    // Without an error stream there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "endurance: {text}");
}

/// The end of something that must come to one.
pub(crate) fn deadline() -> Instant {
    Instant::now() + Duration::from_mins(20)
}

/// Any number below `end`.
pub(crate) fn random(end: u64) -> u64 {
    let (_, low) = kindling::id::new().as_u64_pair();
    low % end
}
