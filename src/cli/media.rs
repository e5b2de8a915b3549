//! `kindling media`: the files of assets, and which database they belong to.

use clap::Subcommand;

use super::tell;
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    content::{
        media_binding::{self, Overlap},
        media_sweep::{self, Sweep},
    },
    error::Result,
};

/// What can be done with the files of assets.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bind the media store to this database, whatever it was bound to: once you know that they belong together
    Bind,
    /// Move all files that no asset has for a day to the trash, however many they are, and empty the trash of what is due
    Sweep,
}

pub(super) async fn run(config: Config, command: Command) -> Result<()> {
    let app = App::start(config, Clock::system()).await?;
    let done = match command {
        Command::Bind => bind(&app).await,
        Command::Sweep => sweep(&app).await,
    };
    app.database.close().await;
    tell(&done?)
}

async fn bind(app: &App) -> Result<String> {
    let Overlap { named, held, both } = media_binding::overlap(&app.database, &app.media).await?;
    media_binding::bind(app).await?;
    Ok(format!(
        "the media store is bound to this database; it holds {held} files, among them {both} of the {named} that the database \
         names"
    ))
}

async fn sweep(app: &App) -> Result<String> {
    let Sweep {
        trashed,
        restored,
        deleted,
        unfinished,
        ..
    } = media_sweep::sweep_all(app).await?;
    let days = app.config.media_trash_days;
    Ok(format!(
        "{trashed} files that no asset has were moved to the trash, where they stay for {days} days; {restored} files that \
         assets have were restored from it; {deleted} files in it and {unfinished} that never became whole were deleted"
    ))
}
