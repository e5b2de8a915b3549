//! Mail: enqueued in the transaction of the change that it is about, sealed, and sent beside all requests.

use chrono::TimeDelta;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use super::{Job, Retry, Run, enqueue_as};
use crate::{
    app::App,
    crypto::Secret,
    database::Transaction,
    error::{Error, Result},
    id,
    mail::{Content, Failure, Letter, Server},
    telemetry::{
        metrics::Mails,
        outage::{self, Outage, OutageError},
    },
};

/// Sends one mail.
#[derive(Serialize, Deserialize)]
pub struct SendMail {
    /// The mail, sealed for the id of the job.
    message: String,
}

/// Enqueues a letter to this address; does nothing if the settings name no mail server.
pub async fn put(app: &App, tx: &Transaction, to: &str, letter: &Letter) -> Result<()> {
    if app.config.smtp_url.is_none() {
        return Ok(());
    }
    let id = id::new();
    let content = Content::new(to, letter);
    let content = serde_json::to_string(&content).map_err(Error::internal)?;
    let sealed = app.crypto.vault.seal(&place(id), &Secret::new(content))?;
    enqueue_as(app, tx, id, &SendMail { message: sealed }).await
}

impl Job for SendMail {
    const NAME: &'static str = "mail";
    /// About three days, for as long as the link in it is valid.
    const RETRY: Retry = Retry {
        first_wait: TimeDelta::seconds(15),
        max_wait: TimeDelta::hours(1),
        max_attempts: Some(88),
    };

    fn can_run(app: &App) -> bool {
        app.config.smtp_url.is_some() && app.config.mail_from.is_some()
    }

    async fn run(self, run: Run) -> Result<()> {
        let app = &run.app;
        let content = app
            .crypto
            .vault
            .open_sealed(&place(run.id), &self.message)?;
        let content: Content = serde_json::from_str(content.expose()).map_err(Error::internal)?;
        let server = Server::of(&app.config)?;
        let server = server.ok_or_else(|| Error::internal("the settings name no mail server"))?;
        let failure = match server.send(run.id, &content).await {
            Ok(()) => {
                app.telemetry.metrics.mails.count(Mails::Sent);
                outage::ended(Outage::MailServer);
                return Ok(());
            }
            Err(failure) => failure,
        };
        let result = if run.is_last {
            Mails::GivenUp
        } else {
            Mails::NotTaken
        };
        app.telemetry.metrics.mails.count(result);
        let reason = format!("a mail was not sent: {failure}");
        Err(match failure {
            Failure::Refused(_) => Error::internal(reason),
            Failure::NoServer(_) => {
                Error::Unavailable(OutageError(Outage::MailServer, reason).into())
            }
        })
    }
}

/// Returns where a mail is sealed for.
fn place(id: Uuid) -> String {
    format!("mail:{}", id.simple())
}
