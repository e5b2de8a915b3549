//! The address of the database, which may hold a password and therefore never prints in full.

use std::fmt;

use url::Url;

/// A database that Kindling can keep its content in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file on this machine.
    Sqlite,
    /// A server.
    Postgres,
}

/// The URL of a database. `Debug` and `Display` mask the password and leave out the query.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    engine: Engine,
    text: String,
    masked: String,
}

/// What to do about special characters, for mistakes.
const ESCAPES: &str =
    "in user and password write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ?, %25 for %";

impl DatabaseUrl {
    /// Checks that the text is the URL of a database that Kindling knows.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that repeat nothing of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return Self::sqlite(text, path);
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("not a URL of SQLite or PostgreSQL".into());
        }
        let url = Url::parse(text).map_err(|_| format!("not a URL; {ESCAPES}"))?;
        // An unescaped delimiter in the password ends it early: its rest would be taken for a path.
        let tail = [Some(url.path()), url.query()];
        if url.fragment().is_some() || tail.into_iter().flatten().any(|part| part.contains('@')) {
            return Err(format!("has @ or # after the host; {ESCAPES}"));
        }
        Ok(Self {
            engine: Engine::Postgres,
            text: text.to_owned(),
            masked: masked(&url),
        })
    }

    fn sqlite(text: &str, path_and_query: &str) -> Result<Self, String> {
        let path = path_and_query.split('?').next().unwrap_or_default();
        if path.is_empty() {
            return Err("names no file".into());
        }
        if path.starts_with(":memory:") {
            return Err("a database in memory would be a different one for each connection".into());
        }
        Ok(Self {
            engine: Engine::Sqlite,
            text: text.to_owned(),
            masked: format!("sqlite://{path}"),
        })
    }

    /// The database's kind.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The whole URL with its password: for the connection, never for a message.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// The URL with its password as `***` and without its query, which can hold one too.
fn masked(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    // Fails only for a URL without host, which has no password either.
    if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
        return format!("{}://***", url.scheme());
    }
    shown.into()
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.masked)
    }
}
