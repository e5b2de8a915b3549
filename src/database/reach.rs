//! Reaching a PostgreSQL server at the start: waiting while it is away, and why it cannot be reached in words for operators.

use std::{io, time::Duration};

use sea_orm::sqlx::{Error as SqlxError, error::DatabaseError, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use super::ACQUIRE_TIMEOUT;
use crate::error::{Error, Result, passes};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// PostgreSQL: no such database.
const NO_DATABASE: &str = "3D000";

/// Repeats an attempt to connect while the server is away, for so long at most. Logs once that it waits.
pub(super) async fn repeat<T>(
    options: &PgConnectOptions,
    patience: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, SqlxError>,
) -> Result<T> {
    let begun = Instant::now();
    let mut is_waiting = false;
    loop {
        let tried = timeout(ACQUIRE_TIMEOUT, attempt()).await;
        let error = match tried {
            Ok(Ok(found)) => {
                if is_waiting {
                    tracing::info!("the database server answers");
                }
                return Ok(found);
            }
            Ok(Err(error)) => error,
            Err(_) => SqlxError::Io(io::ErrorKind::TimedOut.into()),
        };
        if !passes(&error) || is_of_a_file(options, &error) {
            return Err(Error::internal(explained(options, &error)));
        }
        let explained = explained(options, &error);
        if begun.elapsed() >= patience {
            return Err(Error::Unavailable(explained.into()));
        }
        if !is_waiting {
            let seconds = patience.as_secs();
            tracing::warn!(
                "{explained}; waiting for it, for {seconds} seconds at most (database_connect_timeout_seconds)"
            );
            is_waiting = true;
        }
        sleep(PAUSE).await;
    }
}

/// Whether the error is about a file in the URL, such as a certificate; a missing socket does not count.
fn is_of_a_file(options: &PgConnectOptions, error: &SqlxError) -> bool {
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    let SqlxError::Io(error) = error else {
        return false;
    };
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
    !is_socket && kinds.contains(&error.kind())
}

/// Why the server cannot be used, and what to do about it.
fn explained(options: &PgConnectOptions, error: &SqlxError) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if host.starts_with('/') => host.to_owned(),
        None => format!("{host}:{port}"),
    };
    let name = options.get_database().unwrap_or(options.get_username());
    match error {
        SqlxError::Database(error) if error.code().as_deref() == Some(NO_DATABASE) => format!(
            "no database at {place}: {}; create it with `createdb {name}`, or set database_url to that of your site",
            error.message()
        ),
        SqlxError::Database(error) => format!(
            "the PostgreSQL server at {place} refuses the connection: {}; {}",
            error.message(),
            advice(error.as_ref())
        ),
        SqlxError::Io(cause) if is_of_a_file(options, error) => format!(
            "cannot read a certificate or key for the PostgreSQL server at {place}: {cause}; correct sslrootcert, sslcert and \
             sslkey in database_url"
        ),
        SqlxError::Io(error) => format!(
            "cannot reach the PostgreSQL server at {place}: {error}; start it, or correct the address in database_url"
        ),
        SqlxError::Tls(error) => format!(
            "cannot connect to the PostgreSQL server at {place} over TLS: {error}; see sslmode in docs/operating.md"
        ),
        error => format!(
            "cannot connect to the PostgreSQL server at {place}: {error}; correct database_url"
        ),
    }
}

fn advice(error: &dyn DatabaseError) -> &'static str {
    match error.code().as_deref() {
        Some("28P01" | "28000") => "correct user and password in database_url",
        Some("53300") => "allow the server more connections, or set database_readers lower",
        Some("42501") => "let the user of database_url connect to the database",
        _ => "see the log of the server",
    }
}
