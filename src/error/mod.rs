//! What can go wrong, sorted by what the caller can do about it.

mod constraint;

use std::fmt;

use chrono::TimeDelta;
use entity::entry_id::EntryId;
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError},
};
use serde_json::Value;

use crate::{budget::Exhausted, database::Contended};

pub use self::constraint::{on_constraint, on_constraints};

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. Its text is safe to show to whoever asked; the cause of an internal one is only ever logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was sent is wrong; each problem says where and why. Nothing was changed.
    #[error("{}", Problem::join(.0))]
    Invalid(Vec<Problem>),
    /// Somebody else has changed the same since the revision that the change was based on. Nothing was changed.
    #[error("the entry has changed: it stands at revision {}, not at {}", .0.latest, .0.expected)]
    Conflict(Box<Conflict>),
    /// Others need what would go. Nothing was changed.
    #[error("others need this")]
    Referenced(Vec<Usage>),
    /// One must be signed in for this.
    #[error("sign in to do this")]
    Unauthenticated,
    /// Another site may have sent the request.
    #[error("send the header Kindling-CSRF: 1, from a page of an origin that the settings allow")]
    Csrf,
    /// The principal may not do this.
    #[error("you may not {0}")]
    Forbidden(&'static str),
    /// The password must have been given a moment ago.
    #[error("confirm your password to do this")]
    PasswordRequired,
    /// There were too many attempts; so long must pass before the next one.
    #[error("too many attempts; try again in {} seconds", .0.num_seconds() + 1)]
    TooManyAttempts(TimeDelta),
    /// The idempotency key belongs to another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// An operation with the same idempotency key runs, or ended without its answer having been kept.
    #[error(
        "an operation with this idempotency key runs, or was done without its answer being known; look before you try again"
    )]
    AnswerUnknown,
    /// The operation with this idempotency key was done. Its answer may not be kept, and it is not done again.
    #[error(
        "this operation was done with this idempotency key; its answer was not kept, as it can hold secrets; look at what it \
         changed, or send it with a new key to do it once more"
    )]
    AlreadyDone,
    /// There are too many operations at once. Nothing was executed.
    #[error("the server has too much to do; try again in a second")]
    Overloaded,
    /// The answer takes more memory than its budget of so many bytes.
    #[error(
        "the answer is beyond the limit of answerBytes: at most {0} bytes; ask for fewer entries or fields at once"
    )]
    AnswerTooLarge(u64),
    /// All answers together take as much memory as they may.
    #[error("the server is sending as much as its memory allows; try again in a second")]
    OutOfMemory,
    /// The database or the media store cannot be reached now; trying again later may work.
    #[error("the service is busy or its storage cannot be reached; try again")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database accepts no writes at present: it is a standby, or was made read-only. Reads go on.
    #[error("the database is read-only now, so nothing was changed; reads go on; try again later")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of the program or of its environment.
    #[error("something went wrong on the server")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// One problem with what was sent, at `path` (empty for the whole).
    pub fn invalid(code: ProblemCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(code, path, message)])
    }

    /// A fault that no caller can do anything about.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Whether trying again later may work, once the environment has changed.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::ReadOnly(_))
    }

    /// An error of a statement that only reads: running it again undoes nothing that was written before.
    pub fn of_reading(cause: DbErr) -> Self {
        match Self::from(cause) {
            Self::Unavailable(cause) => Self::Unavailable(cause.to_string().into()),
            error => error,
        }
    }

    /// Whether the database rolled back the transaction in favour of another one: a deadlock, a serialisation failure, or a lock
    /// that was not released in time. Nothing was changed, and running all of the transaction again may work.
    pub fn is_contention(&self) -> bool {
        let Self::Unavailable(cause) = self else {
            return false;
        };
        if cause.is::<Contended>() {
            return true;
        }
        match cause.downcast_ref::<DbErr>() {
            Some(
                DbErr::Conn(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error))
                | DbErr::Exec(RuntimeErr::SqlxError(error)),
            ) => rolled_back(error),
            _ => false,
        }
    }

    /// The stable code by which programs know the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "BAD_INPUT",
            Self::Conflict(_) => "CONFLICT",
            Self::Referenced(_) => "REFERENCED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Csrf => "CSRF",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::PasswordRequired => "PASSWORD_REQUIRED",
            Self::TooManyAttempts(_) => "TOO_MANY_ATTEMPTS",
            Self::KeyReused => "KEY_REUSED",
            Self::AnswerUnknown => "ANSWER_UNKNOWN",
            Self::AlreadyDone => "ALREADY_DONE",
            Self::Overloaded => "OVERLOADED",
            Self::AnswerTooLarge(_) => "LIMIT_EXCEEDED",
            Self::OutOfMemory | Self::Unavailable(_) | Self::ReadOnly(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }
}

impl From<Exhausted> for Error {
    fn from(exhausted: Exhausted) -> Self {
        match exhausted {
            Exhausted::Budget(allowed) => Self::AnswerTooLarge(allowed),
            Exhausted::Memory => Self::OutOfMemory,
        }
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        if is_read_only(&cause) {
            return Self::ReadOnly(cause.into());
        }
        let passes = match &cause {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error)) => passes(error),
            _ => false,
        };
        if passes {
            Self::Unavailable(cause.into())
        } else {
            Self::Internal(cause.into())
        }
    }
}

/// PostgreSQL: the transaction is read-only, as on a standby.
const READ_ONLY_STATE: &str = "25006";
/// SQLite: the file or its file system is read-only; whatever its extended codes add.
const READ_ONLY_CODE: u32 = 8;

/// Whether the database refused a statement because it accepts no writes.
pub fn is_read_only(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| {
        code == READ_ONLY_STATE
            || sqlite_code(&code).is_some_and(|code| code & 0xff == READ_ONLY_CODE)
    })
}

/// The code as SQLite's, if it is one: a state of PostgreSQL has five characters, a code of SQLite fewer.
fn sqlite_code(code: &str) -> Option<u32> {
    code.parse().ok().filter(|_| code.len() < 5)
}

/// PostgreSQL: serialization failure, deadlock, shutdown, start-up, lock not available, a transaction ended for its
/// idleness, an error of input or output.
const PASSING_STATES: [&str; 8] = [
    "40001", "40P01", "57P01", "57P02", "57P03", "55P03", "25P03", "58030",
];
/// PostgreSQL, whatever follows: the connection is lost; disk, memory or connections are used up.
const PASSING_CLASSES: [&str; 2] = ["08", "53"];
/// SQLite: busy, locked, input or output failed, disk full, file cannot be opened; whatever their extended codes add.
const PASSING_CODES: [u32; 5] = [5, 6, 10, 13, 14];

/// PostgreSQL: serialization failure, deadlock.
const CONTENTION_STATES: [&str; 2] = ["40001", "40P01"];
/// SQLite: busy, locked; whatever their extended codes add, such as a snapshot that is too old to be written to.
const CONTENTION_CODES: [u32; 2] = [5, 6];

/// Whether the database rolled back in favour of another transaction.
fn rolled_back(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| {
        CONTENTION_STATES.contains(&code.as_ref())
            || sqlite_code(&code).is_some_and(|code| CONTENTION_CODES.contains(&(code & 0xff)))
    })
}

/// Whether trying again later may work.
pub fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            sqlite_code(&code).is_some_and(|code| PASSING_CODES.contains(&(code & 0xff)))
                || PASSING_STATES.contains(&code.as_ref())
                || (code.len() == 5 && PASSING_CLASSES.iter().any(|class| code.starts_with(class)))
        }),
        _ => false,
    }
}

/// The error with its causes, for whoever runs the program; without the text that hides the cause from clients.
pub fn explained(error: &Error) -> String {
    let first: Option<&dyn std::error::Error> = match error {
        Error::Internal(_) | Error::Unavailable(_) => std::error::Error::source(error),
        error => Some(error),
    };
    let mut text = String::new();
    for cause in std::iter::successors(first, |error| error.source()) {
        let cause = cause.to_string();
        // Most errors repeat their cause in their own text.
        if !text.contains(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            text.extend([separator, &cause]);
        }
    }
    text
}

/// Two changes of the same, of which only one can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The entry.
    pub entry: EntryId,
    /// The revision that the change was based on.
    pub expected: i32,
    /// The revision that the entry stands at.
    pub latest: i32,
    /// The fields that both changed; none where the change is not one of fields.
    pub clashes: Vec<Clash>,
}

/// One field that two changes made different.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// The field, such as `title.en`.
    pub path: String,
    /// What stood there before both; null where nobody knows any more.
    pub base: Value,
    /// What stands there now.
    pub theirs: Value,
    /// What was to stand there.
    pub yours: Value,
}

/// An entry that refers to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The entry that refers.
    pub owner: EntryId,
    /// Its field.
    pub field: String,
    /// The entry that is referred to.
    pub target: EntryId,
    /// Whether the owner cannot be public without it.
    pub required: bool,
    /// Whether the principal may take it out there.
    pub may_take_out: bool,
}

/// Something that the sender can put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of mistake it is.
    pub code: ProblemCode,
    /// The field, such as `seo.title` or `body.es`; empty for the whole.
    pub path: String,
    /// What is wrong, in words.
    pub message: String,
}

/// The kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    /// The value breaks a rule of its field: length, format, range.
    Invalid,
    /// The field must have a value.
    Required,
    /// Another entry has the value, which must be unique.
    Taken,
    /// The thing that is named does not exist.
    NotFound,
    /// The thing that is named is not public.
    NotPublic,
    /// The e-mail address or the password is wrong, or the token is not valid any more.
    Credentials,
}

impl ProblemCode {
    /// The stable code by which programs know the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Required => "REQUIRED",
            Self::Taken => "TAKEN",
            Self::NotFound => "NOT_FOUND",
            Self::NotPublic => "NOT_PUBLIC",
            Self::Credentials => "CREDENTIALS",
        }
    }
}

impl Problem {
    /// A problem at `path`.
    pub fn new(code: ProblemCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            path: path.into(),
            message: message.into(),
        }
    }

    fn join(problems: &[Self]) -> String {
        problems
            .iter()
            .map(Self::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}
