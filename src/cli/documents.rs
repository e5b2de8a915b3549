//! `kindling documents`: the GraphQL documents that operators trust.

use std::{fs, path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};
use entity::trusted_document;

use super::tell;
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    database::Database,
    delivery::trusted::{self, Client, Manifest, Trial},
    error::{Error, ProblemCode, Result},
};

/// What can be done with trusted documents.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Trust all documents of a manifest, which GraphQL Code Generator, Relay or Apollo has written
    Publish(Publication),
    /// Print the clients with their numbers of documents
    List,
    /// Try all documents against the schema of this program, and name the clients that would break
    Check(Checked),
    /// Trust the documents of a client no more
    Remove(Removal),
}

/// What is to be published.
#[derive(Debug, Args)]
pub(super) struct Publication {
    /// The manifest
    manifest: PathBuf,
    /// Which program sends the documents, such as `web`
    #[arg(long, value_parser = name)]
    client: String,
    /// Which version of it
    #[arg(long = "client-version", default_value = "", value_parser = label)]
    version: String,
}

/// What is to be tried.
#[derive(Debug, Args)]
pub(super) struct Checked {
    /// Documents that are not published yet; without it, those that are
    manifest: Option<PathBuf>,
}

/// What is to be removed.
#[derive(Debug, Args)]
pub(super) struct Removal {
    /// The documents of which program
    #[arg(long, value_parser = name)]
    client: String,
    /// Of which version of it; without it, of all
    #[arg(long = "client-version", value_parser = label)]
    version: Option<String>,
}

pub(super) async fn run(config: Config, command: Command) -> Result<()> {
    let told = match command {
        Command::Publish(publication) => {
            started(config, async |app| publish(app, publication).await).await
        }
        Command::List => started(config, list).await,
        Command::Check(checked) => check(config, checked).await,
        Command::Remove(removal) => started(config, async |app| remove(app, removal).await).await,
    };
    tell(&told?)
}

/// What comes of something that is done with the database of a site, as this program needs it.
async fn started(config: Config, done: impl AsyncFnOnce(&App) -> Result<String>) -> Result<String> {
    let app = App::open(config, Clock::system()).await?;
    let told = done(&app).await;
    app.database.close().await;
    told
}

async fn publish(app: &App, publication: Publication) -> Result<String> {
    let client = Client {
        name: publication.client,
        version: publication.version,
    };
    let manifest = read(&publication.manifest)?;
    let published = trusted::publish(app, &client, &manifest).await?;
    let (new, known) = (published.new, published.known);
    Ok(format!(
        "{client}: documents published: {new}, there already: {known}"
    ))
}

async fn list(app: &App) -> Result<String> {
    let clients = trusted::list(app).await?.into_iter();
    let line = |(client, (count, last))| format!("{client}\tdocuments: {count}\t{last}");
    let lines: Vec<String> = clients.map(line).collect();
    Ok(lines.join("\n"))
}

/// Leaves the database as it is, so that a new program can be tried beside the one that still serves.
async fn check(config: Config, checked: Checked) -> Result<String> {
    let documents = match &checked.manifest {
        Some(file) => read(file)?.0.into_iter().collect(),
        None => published(&config).await?,
    };
    let trial = Trial::new(&Arc::new(config))?;
    let mut broken = Vec::new();
    for (named, text) in &documents {
        let faults = trial.of(text).err().into_iter().flatten();
        broken.extend(faults.map(|fault| format!("{named}: {fault}")));
    }
    if broken.is_empty() {
        return Ok(format!(
            "documents that fit the schema: {}",
            documents.len()
        ));
    }
    tell(&broken.join("\n"))?;
    Err(wrong("documents do not fit the schema of this program"))
}

/// The documents that are published, with how they are named to whoever runs the program.
async fn published(config: &Config) -> Result<Vec<(String, String)>> {
    let database = Database::open(config).await?;
    let published = trusted::published(&database).await;
    database.close().await;
    let named = |row: trusted_document::Model| {
        let client = Client {
            name: row.client,
            version: row.version,
        };
        (format!("{client} {} {}", row.name, row.id), row.text)
    };
    Ok(published?.into_iter().map(named).collect())
}

async fn remove(app: &App, removal: Removal) -> Result<String> {
    let count = trusted::remove(app, &removal.client, removal.version.as_deref()).await?;
    if count == 0 {
        return Err(wrong("this client has no documents"));
    }
    Ok(format!("{}: documents removed: {count}", removal.client))
}

fn read(file: &PathBuf) -> Result<Manifest> {
    let named = |error: &dyn std::fmt::Display| wrong(&format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    Manifest::read(&text).map_err(|error| named(&error))
}

fn wrong(message: &str) -> Error {
    Error::invalid(ProblemCode::Invalid, "", message)
}

/// The name of a client.
fn name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("a name has at least one character");
    }
    label(text)
}

fn label(text: &str) -> Result<String, &'static str> {
    if trusted::is_label(text) {
        Ok(text.to_owned())
    } else {
        Err("at most 100 visible ASCII characters, without spaces")
    }
}
