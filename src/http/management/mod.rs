//! The port of operators: metrics and health, for nobody else. It shows no content, and no secret.

mod figures;
mod health;
mod state;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use entity::Instant;

use super::{Around, health as probes, reply, server::Stopping};
use crate::{app::App, delivery::Delivery};

/// What the routes tell of.
#[derive(Clone)]
struct Managed {
    app: App,
    delivery: Arc<Delivery>,
    stopping: Stopping,
    started: Instant,
}

/// All routes of the port of operators.
pub fn router(app: &App, delivery: Arc<Delivery>, stopping: &Stopping) -> Around {
    let managed = Managed {
        app: app.clone(),
        delivery,
        stopping: stopping.clone(),
        started: app.clock.now(),
    };
    let router = Router::new()
        .route("/metrics", get(figures::show))
        .route("/healthz", get(health::show))
        .route("/readyz", get(health::ready))
        .with_state(managed)
        .route("/livez", get(probes::live))
        .fallback(|| async {
            let message = "there is nothing here but /metrics, /healthz, /livez and /readyz";
            reply::error(StatusCode::NOT_FOUND, "NOT_FOUND", message)
        });
    Around::of_operators(&app.config, router)
}

/// An answer of this moment.
fn now(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = reply::json(status, media_type, text.into_bytes());
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}
