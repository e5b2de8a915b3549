//! `kindling keys rotate`: a new key for access tokens.

use clap::{Args, Subcommand};

use super::tell;
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    clock::Clock,
    config::Config,
    error::Result,
};

/// What can be done with the keys that sign access tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a new key, which takes over ten minutes later, while the old one still verifies
    Rotate(Arguments),
}

/// How to rotate.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Somebody else may have the keys: the new one takes over now, and no token of before holds
    #[arg(long)]
    at_once: bool,
}

pub(super) async fn run(config: Config, Command::Rotate(arguments): Command) -> Result<()> {
    let app = App::open(config, Clock::system()).await?;
    let rotated = rotate(&app, arguments.at_once).await;
    app.database.close().await;
    tell(&rotated?)
}

async fn rotate(app: &App, at_once: bool) -> Result<String> {
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let active_at = app.crypto.keys.rotate(&tx, now, at_once).await?;
    let event = AuditEvent::new(AuditAction::SigningKeyRotated, None);
    audit::append(&tx, vec![event], None, now).await?;
    tx.commit().await?;
    Ok(if at_once {
        "the new key signs now; access tokens of before do not hold any more".to_owned()
    } else {
        format!(
            "the new key signs from {active_at} on; the old one verifies until its tokens have ended"
        )
    })
}
