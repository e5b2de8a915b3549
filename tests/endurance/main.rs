//! What holds under load, across crashes and on a full disk: the real program, as a process, over HTTP.
//!
//! `KINDLING_ENDURANCE=full` asks for the full figures; see CONTRIBUTING.md.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot be prepared has failed"
)]

mod books;
mod clashing;
mod client;
mod crash;
mod disk_full;
mod hostile;
mod lost_connections;
mod marks;
mod memory;
mod merging;
mod observer;
mod pairs;
mod read_only;
mod site;
mod sizes;
mod support;
