//! `kindling serve`: serves content until it is told to stop.

use std::time::Duration;

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    demo,
    error::{Error, Result},
    http,
};

/// What only this command takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Fill an empty database with the demo content, and show the demo site at /
    #[arg(long)]
    demo: bool,
}

pub(super) async fn run(config: Config, arguments: Arguments) -> Result<()> {
    let stop = stop_signal()?;
    let app = App::start(config, Clock::system()).await?;
    if arguments.demo && demo::import(&app).await? {
        tracing::info!("the demo content has been imported");
    }
    let listener = TcpListener::bind(app.config.listen)
        .await
        .map_err(|error| {
            Error::internal(format!("cannot listen on {}: {error}", app.config.listen))
        })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    tracing::info!(%address, database = %app.config.database_url, "serving on http://{address}");
    let grace = Duration::from_secs(app.config.shutdown_timeout_seconds);
    http::server::serve(listener, http::router(&app, arguments.demo), stop, grace).await;
    app.database.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Resolves when the process is asked to stop, by Ctrl-C or by SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}
