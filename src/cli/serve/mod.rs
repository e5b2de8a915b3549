//! `kindling serve`: serves content until it is told to stop.

mod management;
mod workers;

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{Instant, timeout, timeout_at},
};

use self::{management::Management, workers::Workers};
use super::output::tell_without_waiting;
use crate::{
    app::App,
    auth::setup,
    clock::Clock,
    config::Config,
    content::{locale_survey::LocaleSurvey, media_binding, media_removal, search_text, sort_key},
    delivery::Delivery,
    demo,
    error::{Error, Result, explained},
    http::{
        self,
        server::{Server, Stopping, Tls},
    },
    telemetry::log::Log,
    worker::Worker,
};

/// How long the last connections to the database may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the collector may take to be told the last traces.
const TELL_TIMEOUT: Duration = Duration::from_secs(3);

/// What only this command takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Fill an empty database with the demo content, and show the demo site at /
    #[arg(long)]
    demo: bool,
}

pub(super) async fn run(config: Config, arguments: Arguments, log: &Log) -> Result<()> {
    let mut stop = Box::pin(stop_signal()?);
    let tls = Tls::of(&config)?;
    let mut app = tokio::select! {
        app = App::start(config, Clock::system()) => app?,
        // The database may be away for as long as the settings let it.
        () = &mut stop => {
            tracing::info!("stopped");
            return Ok(());
        }
    };
    app.telemetry.log = log.meter();
    media_binding::establish(&app).await?;
    let listener = listen(app.config.listen, "listen").await?;
    let address = listener.local_addr().map_err(Error::internal)?;
    // The port may be any free one, and links are to name it.
    Arc::make_mut(&mut app.config).listen = address;
    sort_names(&app).await;
    fold_texts(&app).await;
    complete_erasures(&app).await;
    if arguments.demo && demo::import(&app).await? {
        tracing::info!("the demo content has been imported");
        tell_demo_accounts(&app).await?;
    }
    let stopping = Stopping::default();
    let workers = Workers::begin()?;
    let delivery = Delivery::new(&app).working_on(workers.handle());
    let delivery = Arc::new(delivery);
    let management = Management::begin(&app, &delivery, &stopping).await?;
    let base = app.config.base_of(address);
    tracing::info!(%address, database = %app.config.database_url, "serving on {base}");
    tell_setup_link(&app).await?;
    tokio::spawn(compare_locales(app.clone()));
    let work = tokio::spawn(Worker::new(&app).run(stopping.draining()));
    let router = http::router(&app, delivery, arguments.demo, &stopping);
    let server = Server {
        listener,
        tls,
        stopping,
        meter: Arc::clone(&app.telemetry.metrics.connections),
    };
    let end = server.run(&app.config, router, stop).await;
    if timeout_at(end, work).await.is_err() {
        tracing::warn!("due work did not end in time; it goes on after the next start");
    }
    let rest = end.saturating_duration_since(Instant::now());
    let rest = rest.clamp(CLOSE_TIMEOUT, TELL_TIMEOUT);
    app.telemetry.traces.close(rest).await;
    if timeout(CLOSE_TIMEOUT, app.database.close()).await.is_err() {
        tracing::warn!("the database did not let go of its connections in time");
    }
    management.end().await;
    tracing::info!("stopped");
    Ok(())
}

/// Completes erasures that a crash has interrupted, before anything is served. Where the store fails, the worker goes on, and
/// the files are not served.
async fn complete_erasures(app: &App) {
    if let Err(error) = media_removal::carry_out(app).await {
        let cause = std::error::Error::source(&error);
        tracing::warn!(%error, cause, "files of erased assets could not be removed, and are not served");
    }
}

/// Sees to the sort keys of names. Without them names are in a wrong order, and the server does all else.
async fn sort_names(app: &App) {
    if let Err(error) = sort_key::establish(&app.database).await {
        let error = explained(&error);
        tracing::warn!(error, "names have no new sort keys");
    }
}

/// Sees to what is looked through. Without it some contents and people are not found, and the server does all else.
async fn fold_texts(app: &App) {
    if let Err(error) = search_text::establish(app).await {
        let error = explained(&error);
        tracing::warn!(error, "what is looked through is not folded anew");
    }
}

/// Warns of content that does not fit to the locales in the settings.
async fn compare_locales(app: App) {
    match LocaleSurvey::take(&app.database, &app.site.locales).await {
        Ok(survey) => {
            for finding in survey.findings() {
                tracing::warn!("{finding}");
            }
        }
        Err(error) => {
            let error = explained(&error);
            tracing::warn!(error, "the content could not be compared with the locales");
        }
    }
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    let listener = match TcpListener::bind(address).await {
        // All addresses of a machine without IPv6.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && !is_refused(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        listener => listener,
    };
    listener.map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => "stop the program that has the port, or set another one",
            ErrorKind::PermissionDenied => "let this program use the port, or set one above 1023",
            _ => "set an address of this machine",
        };
        Error::internal(format!(
            "cannot listen on {address}, which is the setting {setting}: {error}; {advice}"
        ))
    })
}

fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
    )
}

/// Makes an account of each role for the demo, and prints their passwords, which nobody can see again.
async fn tell_demo_accounts(app: &App) -> Result<()> {
    let accounts = demo::accounts::create(app).await?;
    if accounts.is_empty() {
        return Ok(());
    }
    let lines = accounts
        .iter()
        .map(|(email, password)| format!("  {email}  {}\n", password.expose()));
    let text: String = lines.collect();
    let base = app.config.link_base();
    let heading = "Sign in to it with one of these, which are shown this once:";
    tell_without_waiting(format!("The demo site is at {base}/. {heading}\n{text}"));
    Ok(())
}

/// Prints a link that makes the first account, while there is none. Its token follows `#`, so that no log of a proxy
/// gets to see it.
async fn tell_setup_link(app: &App) -> Result<()> {
    let Some(token) = setup::offer(app).await? else {
        return Ok(());
    };
    let base = app.config.link_base();
    tell_without_waiting(format!(
        "Nobody has an account yet. Make the first one with this link, within 24 hours:\n  {base}/setup#{}\n",
        token.expose()
    ));
    Ok(())
}

/// Resolves when the process is asked to stop, by Ctrl-C or by SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    // A closed terminal, the rotation of logs and `systemctl reload` send it; certificates are read again where there are any.
    let mut hangup = signal(SignalKind::hangup()).map_err(Error::internal)?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hangup.recv() => tracing::info!("SIGHUP: the server goes on"),
            }
        }
        tracing::info!("stopping");
    })
}
