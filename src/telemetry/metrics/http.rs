//! Figures of requests.

use std::{fmt::Result, time::Duration};

use crate::telemetry::{
    label::{Label, labels},
    meter::{Counters, Durations, Level},
    sheet::{Figures, Sheet},
};

const NOT_FOUND: u16 = 404;

labels! {
    /// Where a request went: the routes that matter, and all others together.
    Route = "route" {
        /// GraphQL.
        Graphql = "/graphql",
        /// A file.
        Media = "/media/{key}",
        /// The public keys.
        Keys = "/.well-known/jwks.json",
        /// To an OpenID provider.
        OidcBegin = "/auth/oidc/{provider}",
        /// Back from there.
        OidcEnd = "/auth/oidc/{provider}/callback",
        /// Whether the process lives.
        Live = "/livez",
        /// Whether it can serve.
        Ready = "/readyz",
        /// Any other page.
        Page = "page",
        /// Nowhere.
        Nothing = "none",
    }

    /// The first digit of a status.
    StatusClass = "status" {
        /// Go on.
        Information = "1xx",
        /// It went well.
        Success = "2xx",
        /// Elsewhere, or as before.
        Redirection = "3xx",
        /// The client is wrong.
        ClientError = "4xx",
        /// The server is.
        ServerError = "5xx",
    }
}

impl Route {
    /// The route that a path leads to, as far as that can be seen.
    pub fn of(path: &str) -> Self {
        let path = if path == "/graphql/" {
            "/graphql"
        } else {
            path
        };
        let below = |base: &str| path.strip_prefix(base).filter(|rest| !rest.is_empty());
        if let Some((route, _)) = Self::ALL.iter().find(|(_, known)| *known == path) {
            *route
        } else if below("/media/").is_some_and(|key| !key.contains('/')) {
            Self::Media
        } else if let Some(provider) = below("/auth/oidc/") {
            match provider.split_once('/') {
                None => Self::OidcBegin,
                Some((_, "callback")) => Self::OidcEnd,
                Some(_) => Self::Page,
            }
        } else {
            Self::Page
        }
    }

    /// The template of its paths, if it has one.
    pub fn template(self) -> Option<&'static str> {
        Some(self.name()).filter(|name| name.starts_with('/'))
    }
}

impl StatusClass {
    /// The class of a status.
    pub fn of(status: u16) -> Self {
        match status {
            0..200 => Self::Information,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

/// Counts requests.
#[derive(Debug)]
pub struct HttpMeter {
    /// Those that are being answered.
    pub open: Level,
    answered: Counters<(Route, StatusClass)>,
    durations: Vec<Durations>,
}

impl Default for HttpMeter {
    fn default() -> Self {
        Self {
            open: Level::default(),
            answered: Counters::default(),
            durations: (0..Route::COUNT).map(|_| Durations::default()).collect(),
        }
    }
}

impl HttpMeter {
    /// Notes the answer to a request that took so long.
    pub fn answered(&self, route: Route, status: u16, took: Duration) {
        let route = if route == Route::Page && status == NOT_FOUND {
            Route::Nothing
        } else {
            route
        };
        self.answered.count((route, StatusClass::of(status)));
        if let Some(durations) = self.durations.get(route.place()) {
            durations.note(took);
        }
    }
}

impl Figures for HttpMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Requests that are being answered.";
        sheet.level("http_requests_open", help, &self.open)?;
        let help = "Requests that were answered, by route and class of status.";
        sheet.counters("http_requests", help, &self.answered)?;
        let help = "Time from the head of a request to the head of its answer.";
        let durations = self.durations.iter().enumerate();
        let durations = durations.map(|(place, durations)| (Route::at(place), durations));
        sheet.durations("http_request_duration_seconds", help, durations)
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn a_path_leads_to_a_route_and_never_becomes_one() {
        for (path, route) in [
            ("/graphql", Route::Graphql),
            ("/graphql/", Route::Graphql),
            ("/media/0196.jpg", Route::Media),
            ("/media/", Route::Page),
            ("/media/a/b", Route::Page),
            ("/auth/oidc/one", Route::OidcBegin),
            ("/auth/oidc/one/callback", Route::OidcEnd),
            ("/auth/oidc/one/else", Route::Page),
            ("/.well-known/jwks.json", Route::Keys),
            ("/", Route::Page),
            ("none", Route::Nothing),
            ("", Route::Page),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
