//! Kindling: a headless CMS backend. `docs/architecture.md` is the map.
#![warn(missing_docs)]
// The root fields of all content types are merged one into the other, as deep as there are types.
#![recursion_limit = "512"]

pub mod cli;
pub mod http;
pub mod worker;

pub mod delivery;
pub mod graphql;

pub mod demo;

pub mod content;
pub mod crypto;
pub mod mail;
pub mod media;

pub mod auth;
pub mod event;
pub mod job;

pub mod app;
pub mod budget;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod fold;
pub mod folder;
pub mod id;
pub mod idempotency;
pub mod identifier;
pub mod recent;
pub mod telemetry;
