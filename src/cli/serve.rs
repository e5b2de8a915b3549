//! `kindling serve`: serves content until it is told to stop.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::tell;
use crate::{
    app::App,
    auth::setup,
    clock::Clock,
    config::Config,
    content::{media_sweep, search_text},
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
        tell_demo_accounts(&app).await?;
    }
    tokio::spawn(tidy_up(app.clone()));
    let listener = TcpListener::bind(app.config.listen)
        .await
        .map_err(|error| {
            Error::internal(format!("cannot listen on {}: {error}", app.config.listen))
        })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    tracing::info!(%address, database = %app.config.database_url, "serving on http://{address}");
    tell_setup_link(&app, address).await?;
    let grace = Duration::from_secs(app.config.shutdown_timeout_seconds);
    http::server::serve(listener, http::router(&app, arguments.demo), stop, grace).await;
    app.database.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Makes an account of each role for the demo, and prints their passwords, which nobody can see again.
async fn tell_demo_accounts(app: &App) -> Result<()> {
    let accounts = demo::accounts::create(app).await?;
    if !accounts.is_empty() {
        tell("Sign in to the demo with one of these, which are shown this once:")?;
    }
    for (email, password) in accounts {
        tell(&format!("  {email}  {}", password.expose()))?;
    }
    Ok(())
}

/// Prints a link that makes the first account, while there is none. Its token follows `#`, so that no log of a proxy
/// gets to see it.
async fn tell_setup_link(app: &App, address: SocketAddr) -> Result<()> {
    let Some(token) = setup::offer(app).await? else {
        return Ok(());
    };
    let base = match &app.config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        // No browser finds the address that means all of them.
        None if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
        None => format!("http://{address}"),
    };
    tell("Nobody has an account yet. Make the first one with this link, within 24 hours:")?;
    tell(&format!("  {base}/setup#{}", token.expose()))
}

/// What is done once beside the first requests: files that a crash has left behind are removed, and entries that are older
/// than the work list's search become part of it.
async fn tidy_up(app: App) {
    match media_sweep::sweep(&app).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "files without an asset have been removed"),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(cause, "files without an asset could not be looked for");
        }
    }
    match search_text::complete(&app).await {
        Ok(0) => {}
        Ok(completed) => tracing::info!(completed, "entries can be searched now"),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(cause, "entries could not be made searchable");
        }
    }
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
