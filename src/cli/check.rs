//! `kindling check`: tries what the server would need, changes no content, and says what is wrong.

use crate::{
    config::Config,
    database::Database,
    error::{Error, Result},
    http::server::Tls,
    media::MediaStore,
};

pub(super) async fn run(config: Config) -> Result<()> {
    println!("settings: {config:#?}");
    let mut faults = Vec::new();
    match MediaStore::open(&config.media_dir) {
        Ok(_) => println!("media: {} can be used", config.media_dir.display()),
        Err(error) => faults.push(format!("media: {}", super::explained(&error))),
    }
    match database(&config).await {
        Ok(pending) => println!(
            "database: {} answers; {pending} migrations have not run",
            config.database_url
        ),
        Err(error) => faults.push(format!("database: {}", super::explained(&error))),
    }
    match Tls::of(&config) {
        Ok(Some(_)) => println!("tls: certificate and key can be used"),
        Ok(None) => {}
        Err(error) => faults.push(format!("tls: {}", super::explained(&error))),
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Unavailable(faults.join("\n").into()))
    }
}

async fn database(config: &Config) -> Result<usize> {
    let database = Database::connect(config.database_url.expose(), config.database_readers).await?;
    let pending = database.pending_migrations().await?;
    database.close().await;
    Ok(pending)
}
