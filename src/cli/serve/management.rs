//! The port of operators, which goes on until everything else has ended.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::listen;
use crate::{
    app::App,
    delivery::Delivery,
    error::{Error, Result},
    http::{
        management,
        server::{Server, Stopping},
    },
};

/// The port of operators, if the settings name one.
pub(super) struct Management {
    end: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Management {
    /// Begins to answer. `stopping` tells where the server of visitors stands.
    pub(super) async fn begin(
        app: &App,
        delivery: &Arc<Delivery>,
        stopping: &Stopping,
    ) -> Result<Self> {
        let end = CancellationToken::new();
        let Some(address) = app.config.management_listen else {
            return Ok(Self { end, serving: None });
        };
        let listener = listen(address, "management_listen").await?;
        let management = listener.local_addr().map_err(Error::internal)?;
        tracing::info!(%management, "operators are answered on http://{management}");
        let server = Server {
            listener,
            tls: None,
            stopping: Stopping::default(),
            meter: Arc::default(),
        };
        let router = management::router(app, Arc::clone(delivery), stopping);
        let (config, stop) = (Arc::clone(&app.config), end.clone());
        let serving = async move { server.run_on(&config, router, stop.cancelled()).await };
        let serving = Some(tokio::spawn(serving));
        Ok(Self { end, serving })
    }

    /// Comes to its end.
    pub(super) async fn end(self) {
        self.end.cancel();
        if let Some(serving) = self.serving {
            // It has no errors, and a panic was logged.
            let _ = serving.await;
        }
    }
}
