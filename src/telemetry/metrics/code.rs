//! The codes of errors, as docs/errors.md lists them.

use crate::telemetry::label::labels;

labels! {
    /// The code of an error.
    Code = "code" {
        /// `BAD_REQUEST`.
        BadRequest = "BAD_REQUEST",
        /// `GRAPHQL_PARSE_FAILED`.
        ParseFailed = "GRAPHQL_PARSE_FAILED",
        /// `GRAPHQL_VALIDATION_FAILED`.
        ValidationFailed = "GRAPHQL_VALIDATION_FAILED",
        /// `BAD_INPUT`.
        BadInput = "BAD_INPUT",
        /// `UNAUTHENTICATED`.
        Unauthenticated = "UNAUTHENTICATED",
        /// `CSRF`.
        Csrf = "CSRF",
        /// `FORBIDDEN`.
        Forbidden = "FORBIDDEN",
        /// `CONFLICT`.
        Conflict = "CONFLICT",
        /// `REFERENCED`.
        Referenced = "REFERENCED",
        /// `PASSWORD_REQUIRED`.
        PasswordRequired = "PASSWORD_REQUIRED",
        /// `TOO_MANY_ATTEMPTS`.
        TooManyAttempts = "TOO_MANY_ATTEMPTS",
        /// `KEY_REUSED`.
        KeyReused = "KEY_REUSED",
        /// `ALREADY_DONE`.
        AlreadyDone = "ALREADY_DONE",
        /// `ANSWER_UNKNOWN`.
        AnswerUnknown = "ANSWER_UNKNOWN",
        /// `NOT_FOUND`.
        NotFound = "NOT_FOUND",
        /// `METHOD_NOT_ALLOWED`.
        MethodNotAllowed = "METHOD_NOT_ALLOWED",
        /// `TOO_LARGE`.
        TooLarge = "TOO_LARGE",
        /// `UNAVAILABLE`.
        Unavailable = "UNAVAILABLE",
        /// `OVERLOADED`.
        Overloaded = "OVERLOADED",
        /// `RATE_LIMITED`.
        RateLimited = "RATE_LIMITED",
        /// `LIMIT_EXCEEDED`.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// `PERSISTED_QUERY_NOT_FOUND`.
        PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
        /// `PERSISTED_QUERY_NOT_SUPPORTED`.
        PersistedQueryNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED",
        /// `DOCUMENT_NOT_FOUND`.
        DocumentNotFound = "DOCUMENT_NOT_FOUND",
        /// `DOCUMENT_NOT_TRUSTED`.
        DocumentNotTrusted = "DOCUMENT_NOT_TRUSTED",
        /// `INTERNAL`.
        Internal = "INTERNAL",
        /// Any other one, of which there should be none.
        Other = "OTHER",
    }
}

impl Code {
    /// The code of this name.
    pub fn of(name: &str) -> Self {
        let mut all = Self::ALL.iter();
        let found = all.find(|(_, known)| *known == name);
        found.map_or(Self::Other, |(code, _)| *code)
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_documented_code_is_counted_by_its_name() {
        let page = include_str!("../../../docs/errors.md");
        let codes = page
            .split("\n## ")
            .find(|part| part.starts_with("Codes"))
            .expect("codes");
        let rows = codes.lines().filter_map(|line| line.strip_prefix("| `"));
        let documented: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let counted = Code::ALL.iter().map(|(_, name)| *name);
        let counted: Vec<&str> = counted.filter(|name| *name != "OTHER").collect();
        for code in documented {
            assert!(counted.contains(&code), "{code} is missing in code.rs");
        }
    }
}
