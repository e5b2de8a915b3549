//! The behaviour of Kindling, seen through its API, on both engines.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot be prepared has failed"
)]

mod access_token;
mod accounts;
mod accounts_http;
mod admission;
mod answers;
mod audits;
mod browser_sessions;
mod budget;
mod canaries;
mod clocks;
mod concurrent_writes;
mod content_moments;
mod contention;
mod cors;
mod csrf;
mod database_links;
mod database_state;
mod deployment;
mod documentation;
mod documentation_editing;
mod documents;
mod editing;
mod encoded_bodies;
mod end_to_end;
mod errors;
mod executing;
mod factors;
mod filter_logic;
mod frontend_guide;
mod http;
mod idempotency;
mod introspection;
mod leaks;
mod management;
mod matrix;
mod media;
mod media_store;
mod migrations;
mod nodes;
mod normalising_clients;
mod oidc;
mod pipeline;
mod plans;
mod positions;
mod process;
mod property;
mod publications;
mod real_browser;
mod refreshing;
mod schema;
mod security_headers;
mod shared_commits;
mod sign_in_guide;
mod signing_keys;
mod statements;
mod sub_path;
mod support;
mod taken_back;

mod alike;
mod asset;
mod attempts;
mod filters;
mod ids;
mod impact_stat;
mod locale_settings;
mod locales;
mod machines;
mod milestone;
mod oracle;
mod orders;
mod page;
mod pagination;
mod people;
mod slug;
mod story_section;
mod team_member;
mod testimonial;
mod uploads;
mod value;
mod views;
