//! Kindling: a headless CMS backend. `docs/architecture.md` is the map.
#![warn(missing_docs)]

pub mod cli;
pub mod http;

pub mod graphql;

pub mod demo;

pub mod content;
pub mod crypto;
pub mod media;

pub mod auth;
pub mod event;

pub mod app;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod id;
