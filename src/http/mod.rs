//! HTTP: routes and layers in one list. Only this module and those below it know axum.

mod around;
mod client;
mod cookies;
mod cors;
mod credentials;
mod deadline;
mod demo_site;
mod forwarded;
mod graphiql;
mod graphql;
mod hardening;
mod health;
mod keys;
pub mod management;
mod media;
mod multipart;
mod observed;
mod oidc;
mod pages;
mod pieces;
mod rate_limit;
mod reply;
pub mod server;

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::get};

pub use self::around::Around;
use self::server::Stopping;
use crate::{app::App, delivery::Delivery};

/// Where GraphiQL's packages lie after `npm install` in `web/`.
const GRAPHIQL_PACKAGES: &str = "web/node_modules";

/// All routes, for a server that shows the demo site or does not, until it stops.
pub fn router(app: &App, delivery: Arc<Delivery>, demo: bool, stopping: &Stopping) -> Around {
    let endpoint = graphql::Endpoint {
        app: app.clone(),
        delivery,
        caching: graphql::Caching::new(&app.config),
        known_posts: graphql::Known::new(app.config.document_cache_bytes / 4),
        known_addresses: graphql::Known::new(app.config.document_cache_bytes / 4),
        max_body_bytes: app.config.max_body_bytes,
    };
    let endpoint = get(graphql::get)
        .post(graphql::post)
        .with_state(Arc::new(endpoint));
    let mut router = Router::new()
        .route("/graphql", endpoint.clone())
        .route("/graphql/", endpoint)
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
        });
    Around::new(&app.config, &app.telemetry, router)
}
