//! HTTP: routes and layers in one list. Only this module and those below it know axum.

mod client;
mod cookies;
mod cors;
mod credentials;
mod demo_site;
mod graphiql;
mod graphql;
mod hardening;
mod health;
mod keys;
mod media;
mod multipart;
mod oidc;
mod pages;
mod pieces;
mod reply;
pub mod server;

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use tokio::time::{Instant, timeout_at};
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};

use self::server::{Received, Stopping};
use crate::{
    app::App,
    config::{Config, CorsOrigins},
    delivery::Delivery,
    id,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where GraphiQL's packages lie after `npm install` in `web/`.
const GRAPHIQL_PACKAGES: &str = "web/node_modules";

/// All routes, for a server that shows the demo site or does not, until it stops.
pub fn router(app: &App, demo: bool, stopping: &Stopping) -> Router {
    let endpoint = graphql::Endpoint {
        app: app.clone(),
        delivery: Delivery::new(app),
        caching: graphql::Caching::new(&app.config),
        max_body_bytes: app.config.max_body_bytes,
    };
    // A cache may give an answer to those only who come with the same credentials; cookies are none without their header.
    let vary = HeaderValue::from_static("Authorization, Kindling-CSRF");
    let vary = SetResponseHeaderLayer::appending(header::VARY, vary);
    let mut router = Router::new()
        .route(
            "/graphql",
            get(graphql::get)
                .post(graphql::post)
                .with_state(Arc::new(endpoint))
                .layer(vary),
        )
        .route("/media/{key}", get(media::serve).with_state(app.clone()))
        .route(
            "/.well-known/jwks.json",
            get(keys::serve).with_state(app.clone()),
        )
        .route("/livez", get(health::live))
        .route(
            "/readyz",
            get(health::ready).with_state((app.clone(), stopping.clone())),
        );
    router = router.merge(pages::router()).merge(oidc::router(app));
    if demo {
        router = router.merge(demo_site::router());
    }
    if app.config.development {
        router = router.merge(graphiql::router(Some(GRAPHIQL_PACKAGES.into())));
    }
    let deadline = Duration::from_secs(app.config.request_timeout_seconds);
    let router = router
        .fallback(|| async {
            reply::error(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here")
        })
        .method_not_allowed_fallback(|| async {
            let message = "this address does not take this method";
            reply::error(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                message,
            )
        })
        .layer(middleware::from_fn(move |request, next| {
            in_time(deadline, request, next)
        }))
        .layer(CatchPanicLayer::custom(reply::panicked));
    hardening::hardened(&app.config, shared(&app.config, router))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_failure(()),
        )
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewRequestId))
}

/// The routes, for pages of other origins too, if the settings allow any.
fn shared(config: &Config, router: Router) -> Router {
    if config.cors_origins == CorsOrigins::Listed(Vec::new()) {
        return router;
    }
    let origins = Arc::new(config.cors_origins.clone());
    router.layer(middleware::from_fn(move |request, next| {
        cors::cors(Arc::clone(&origins), request, next)
    }))
}

/// The answer, or an error once the deadline has passed. What a client sends moves it on: a large file takes its time.
async fn in_time(deadline: Duration, request: Request, next: Next) -> Response {
    let received = request.extensions().get::<Received>().cloned();
    let begun = Instant::now();
    let mut answer = pin!(next.run(request));
    let mut allowed = deadline;
    let response = loop {
        if let Ok(response) = timeout_at(begun + allowed, answer.as_mut()).await {
            break Some(response);
        }
        let earned = received.as_ref().map(Received::earned).unwrap_or_default();
        if deadline + earned <= allowed {
            break None;
        }
        allowed = deadline + earned;
    };
    if received.is_some_and(|received| received.is_late()) {
        let message = "the request body came too slowly";
        return reply::error(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", message);
    }
    response.unwrap_or_else(|| {
        tracing::warn!("a request ran out of time");
        let message = "this took too long; try again";
        reply::error(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
    })
}

/// Everything that is logged for a request carries its id.
fn span(request: &Request) -> tracing::Span {
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// A request that comes with an id keeps it, so that a proxy's log and ours tell of the same request.
#[derive(Clone, Copy)]
struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&id::new().simple().to_string())
            .ok()
            .map(RequestId::new)
    }
}
