//! Requests to providers: over HTTPS, without following where they lead, and with limits on time and size.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use url::Url;

use crate::config::is_safe;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(8);
/// The largest answer of a provider.
const LARGEST: usize = 512 * 1024;

/// Why a provider did not answer. It says nothing of what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It cannot be reached.
    #[error("the provider does not answer: {0}")]
    Unreachable(reqwest::Error),
    /// Somebody could read on the way.
    #[error("the provider wants to be asked without HTTPS")]
    Unsafe,
    /// It says more than anybody needs to.
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The answer is not HTTP as we know it.
    #[error("the provider's answer cannot be read: {0}")]
    Malformed(http::Error),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

/// What asks providers.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .user_agent("Kindling")
        .build()
}

/// The answer to a request.
pub(super) async fn fetch(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, FetchError> {
    let (head, body) = request.into_parts();
    let url = Url::parse(&head.uri.to_string()).ok().filter(is_safe);
    let request = client.request(head.method, url.ok_or(FetchError::Unsafe)?);
    let mut answer = request.headers(head.headers).body(body).send().await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    response.body(body).map_err(FetchError::Malformed)
}
