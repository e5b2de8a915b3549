//! `kindling check`: tries what the server would need, changes nothing, and says what is wrong.

use std::path::Path;

use super::tell;
use crate::{
    config::{Config, Engine},
    content::{
        locale_survey::LocaleSurvey,
        media_binding::{self, Binding},
    },
    crypto::vault::Vault,
    database::{Database, Migrated},
    error::{Error, Result, explained},
    folder,
    http::server::Tls,
    media::MediaStore,
};

/// Keys of missing files that are named.
const MAX_NAMED: usize = 3;

/// What was found so far.
#[derive(Default)]
struct Findings {
    faults: Vec<String>,
}

impl Findings {
    /// Prints what is well, or keeps what is wrong for the end.
    fn add(&mut self, of: &str, found: Result<String>) -> Result<()> {
        match found {
            Ok(text) => tell(&format!("{of}: {text}")),
            Err(error) => {
                self.faults.push(format!("{of}: {}", explained(&error)));
                Ok(())
            }
        }
    }
}

/// Tries everything with these settings; `given` says in sentences which of them are not by default.
pub(super) async fn run(config: Config, given: Vec<String>) -> Result<()> {
    for setting in given {
        tell(&format!("settings: {setting}"))?;
    }
    tell("settings: all others have their defaults, which `kindling settings` lists")?;
    let mut findings = Findings::default();
    // With the key in the settings, and a database that is a server, nothing lies there.
    if config.secret_key.is_none() || config.database_url.engine() == Engine::Sqlite {
        findings.add("data_dir", writable(&config.data_dir))?;
    }
    let media = MediaStore::find(&config.media_dir);
    findings.add("media", writable(&config.media_dir))?;
    match Database::reach(&config).await {
        Ok(database) => {
            let checked = check_database(&config, &database, &media, &mut findings).await;
            database.close().await;
            checked?;
        }
        Err(error) => findings.add("database", Err(error))?,
    }
    match Tls::of(&config) {
        Ok(Some(_)) => findings.add("tls", Ok("certificate and key can be used".to_owned()))?,
        Ok(None) => {}
        Err(error) => findings.add("tls", Err(error))?,
    }
    if findings.faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Unavailable(findings.faults.join("\n").into()))
    }
}

/// Whether files can be made in a folder, or in the nearest one above it that is there.
fn writable(path: &Path) -> Result<String> {
    let shown = path.display();
    let there = path.ancestors().find(|folder| folder.exists());
    // Above a relative path stands the working directory.
    let there = there
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    folder::try_writing(there).map_err(|error| {
        Error::internal(format!(
            "cannot write to {}: {error}; let this program write to it, or set another folder",
            there.display()
        ))
    })?;
    Ok(if there == path {
        format!("{shown} can be written to")
    } else {
        format!("{shown} is not there yet, and can be made")
    })
}

async fn check_database(
    config: &Config,
    database: &Database,
    media: &Result<Option<MediaStore>>,
    findings: &mut Findings,
) -> Result<()> {
    let url = &config.database_url;
    if !database.has_tables().await? {
        let empty =
            "answers; it has no tables yet, which `kindling serve` or `kindling migrate` makes";
        findings.add("database", Ok(format!("{url} {empty}")))?;
        return findings.add("database", accepts_writes(database).await);
    }
    let pending = match database.migrated().await.and_then(Migrated::known) {
        Ok(pending) => pending,
        Err(error) => return findings.add("database", Err(error)),
    };
    let migrations = match pending {
        0 => "it is up to date".to_owned(),
        pending => format!(
            "{pending} migrations have not run, which `kindling serve` or `kindling migrate` does"
        ),
    };
    findings.add("database", Ok(format!("{url} answers; {migrations}")))?;
    findings.add("database", accepts_writes(database).await)?;
    if pending == 0 {
        findings.add("key", key(config, database).await)?;
    }
    match media {
        Ok(Some(media)) => {
            let binding = binding(database, media, pending).await;
            let belongs = binding.is_ok();
            findings.add("media", binding)?;
            if belongs && pending == 0 {
                findings.add("media", files(database, media).await)?;
            }
        }
        Ok(None) if pending == 0 => {
            findings.add("media", files(database, &MediaStore::absent()).await)?;
        }
        Ok(None) => {}
        Err(error) => findings.faults.push(format!("media: {}", explained(error))),
    }
    if pending == 0 {
        let locales: Vec<String> = config.locales.iter().map(ToString::to_string).collect();
        match LocaleSurvey::take(database, &locales).await {
            Ok(survey) => {
                for finding in survey.findings() {
                    tell(&format!("locales: {finding}"))?;
                }
            }
            Err(error) => findings.add("locales", Err(error))?,
        }
    }
    Ok(())
}

async fn accepts_writes(database: &Database) -> Result<String> {
    // SQLite keeps files beside its own.
    if let Some(folder) = database.folder() {
        writable(folder)?;
    }
    if database.is_writable().await? {
        Ok("it accepts writes".to_owned())
    } else {
        Err(Error::internal(
            "it accepts no writes: the server would serve what there is, and refuse changes",
        ))
    }
}

async fn key(config: &Config, database: &Database) -> Result<String> {
    let vault = Vault::find(config, database).await?;
    Ok(match vault {
        Some(_) => "the secret key is that of this database".to_owned(),
        None => "the database has no secret key yet, and gets one at the next start".to_owned(),
    })
}

async fn binding(database: &Database, media: &MediaStore, pending: usize) -> Result<String> {
    let binding = if pending == 0 {
        media_binding::inspect(database, media).await.map(Some)
    } else {
        media_binding::inspect_before_migrations(database, media).await
    };
    let text = match binding? {
        Some(Binding::Bound) => "it is bound to this database",
        Some(Binding::Unbound) => "it will be bound to this database at the next start",
        None => "its binding is looked at once all migrations have run",
    };
    Ok(text.to_owned())
}

/// Whether each asset has its file.
async fn files(database: &Database, media: &MediaStore) -> Result<String> {
    let files = media_binding::compare(database, media).await?;
    let (named, missing) = (files.overlap.named, files.missing);
    if missing.is_empty() {
        return Ok(format!("the files of all assets are there: {named}"));
    }
    let keys: Vec<&str> = missing.iter().take(MAX_NAMED).map(String::as_str).collect();
    Err(Error::internal(format!(
        "{} of the {named} files of assets are missing, such as {}; set media_dir to the folder that has them, or restore them \
         from a backup",
        missing.len(),
        keys.join(", ")
    )))
}
