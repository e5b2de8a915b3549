//! What lies between the server and PostgreSQL: TLS, and poolers.

mod pooler;
mod round_trips;
mod tls;

use url::Url;

use crate::support::postgres::TestDatabase;

/// The URL of the database, behind this port of this machine.
fn behind(database: &TestDatabase, host: &str, port: u16, query: &str) -> String {
    let mut url = Url::parse(&database.url()).expect("a URL");
    url.set_host(Some(host)).expect("a host");
    url.set_port(Some(port)).expect("a port");
    url.set_query(Some(query));
    url.into()
}

/// Where the database is reached.
fn address(database: &TestDatabase) -> (String, u16) {
    let url = Url::parse(&database.url()).expect("a URL");
    let host = url.host_str().expect("a host").to_owned();
    (host, url.port().unwrap_or(5432))
}
