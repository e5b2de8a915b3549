//! `kindling media`: the files of assets, and which database they belong to.

use clap::{Args, Subcommand};

use super::tell;
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    content::{
        media_binding::{self, Overlap},
        media_clean::{self, Cleaned, Cleaning},
        media_sweep::{self, Sweep},
    },
    error::{Error, Result},
};

/// What can be done with the files of assets.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bind the media store to this database, whatever it was bound to: once you know that they belong together
    Bind,
    /// Move all files that no asset has for a day to the trash, however many they are, and empty the trash of what is due
    Sweep,
    /// Take positions, names and other private metadata out of the pictures that were uploaded before uploads were cleaned; the
    /// addresses of these pictures change
    Clean(CleanArguments),
}

/// How pictures are cleaned.
#[derive(Debug, Args)]
pub(super) struct CleanArguments {
    /// Only say which pictures would be cleaned
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(config: Config, command: Command) -> Result<()> {
    let app = App::open(config, Clock::system()).await?;
    let done = match command {
        _ if app.media.is_closed() => Err(no_store(&app)),
        Command::Bind => bind(&app).await,
        Command::Sweep => sweep(&app).await,
        Command::Clean(CleanArguments { dry_run }) => clean(&app, dry_run).await,
    };
    app.database.close().await;
    tell(&done?)
}

fn no_store(app: &App) -> Error {
    Error::internal(format!(
        "no media store at {}: there is no such folder; set media_dir to the folder of your site's files",
        app.config.media_dir.display()
    ))
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

/// One line for each picture, with its old and its new address; then the counts.
async fn clean(app: &App, is_trial: bool) -> Result<String> {
    let Cleaning {
        cleaned,
        were_clean,
        missing,
        unreadable,
        failed,
    } = media_clean::run(app, is_trial).await?;
    let base = &app.site.media_base;
    let address = |key: &String| format!("{base}{key}");
    let mut lines = Vec::new();
    for Cleaned { old_key, new_key } in &cleaned {
        let becomes = new_key.as_ref().map(address);
        let becomes = becomes.unwrap_or_else(|| "would be cleaned".to_owned());
        lines.push(format!("{} -> {becomes}", address(old_key)));
    }
    for (keys, state) in [
        (&missing, "is not in the media store"),
        (&unreadable, "is no whole picture, and stays as it is"),
        (
            &failed,
            "could not be cleaned; see the log, and run the command again",
        ),
    ] {
        lines.extend(keys.iter().map(|key| format!("{}: {state}", address(key))));
    }
    let (cleaned, missing, unreadable, failed) =
        (cleaned.len(), missing.len(), unreadable.len(), failed.len());
    let done = if is_trial {
        format!("{cleaned} pictures would be cleaned")
    } else {
        let days = app.config.media_trash_days;
        format!(
            "{cleaned} pictures were cleaned, and their old files moved to the trash, where they stay for {days} days"
        )
    };
    lines.push(format!(
        "{done}; {were_clean} were clean; {missing} files are missing; {unreadable} are no whole pictures; {failed} failed"
    ));
    Ok(lines.join("\n"))
}
