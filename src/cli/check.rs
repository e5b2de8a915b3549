//! `kindling check`: tries what the server would need, changes no content, and says what is wrong.

use super::tell;
use crate::{
    config::Config,
    content::{
        locale_survey::LocaleSurvey,
        media_binding::{self, Binding},
    },
    database::Database,
    error::{Error, Result, explained},
    http::server::Tls,
    media::MediaStore,
};

pub(super) async fn run(config: Config) -> Result<()> {
    tell(&format!("settings: {config:#?}"))?;
    let mut faults = Vec::new();
    let media = MediaStore::open(&config.media_dir);
    match &media {
        Ok(_) => tell(&format!(
            "media: {} can be used",
            config.media_dir.display()
        ))?,
        Err(error) => faults.push(format!("media: {}", explained(error))),
    }
    match database(&config, media.ok().as_ref()).await {
        Ok((pending, binding, findings)) => {
            let url = &config.database_url;
            tell(&format!(
                "database: {url} answers; {pending} migrations have not run"
            ))?;
            match binding {
                Ok(text) => tell(&format!("media: {text}"))?,
                Err(error) => faults.push(format!("media: {}", explained(&error))),
            }
            for finding in findings {
                tell(&format!("locales: {finding}"))?;
            }
        }
        Err(error) => faults.push(format!("database: {}", explained(&error))),
    }
    match Tls::of(&config) {
        Ok(Some(_)) => tell("tls: certificate and key can be used")?,
        Ok(None) => {}
        Err(error) => faults.push(format!("tls: {}", explained(&error))),
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Unavailable(faults.join("\n").into()))
    }
}

/// How many migrations have not run, how the media store stands to the database, and how its content to the locales.
async fn database(
    config: &Config,
    media: Option<&MediaStore>,
) -> Result<(usize, Result<&'static str>, Vec<String>)> {
    let database = Database::connect(config.database_url.expose(), config.database_readers).await?;
    let pending = database.pending_migrations().await?;
    let binding = match media {
        Some(media) => binding(&database, media, pending).await,
        None => Ok("its binding to the database was not looked at"),
    };
    let findings = if pending == 0 {
        let locales: Vec<String> = config.locales.iter().map(ToString::to_string).collect();
        LocaleSurvey::take(&database, &locales).await?.findings()
    } else {
        Vec::new()
    };
    database.close().await;
    Ok((pending, binding, findings))
}

async fn binding(database: &Database, media: &MediaStore, pending: usize) -> Result<&'static str> {
    let binding = if pending == 0 {
        media_binding::inspect(database, media).await.map(Some)
    } else {
        media_binding::inspect_before_migrations(database, media).await
    };
    Ok(match binding? {
        Some(Binding::Bound) => "it is bound to this database",
        Some(Binding::Unbound) => "it will be bound to this database at the next start",
        None => "its binding is looked at once all migrations have run",
    })
}
