//! The harness of `tests/api`, as far as processes and PostgreSQL go.

#[path = "../api/support/postgres.rs"]
pub(crate) mod postgres;
#[path = "../api/support/postgres_cluster.rs"]
mod postgres_cluster;
#[expect(dead_code, reason = "the API tests use more of it")]
#[path = "../api/support/server.rs"]
pub(crate) mod server;
