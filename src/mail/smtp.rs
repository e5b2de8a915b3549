//! The way to the mail server that the settings name.

use std::{fmt, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use super::Letter;
use crate::{
    config::{Config, SmtpTls, SmtpUrl},
    error::{Error, Result},
};

/// How long the server may take for a mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a mail consists of.
#[derive(Serialize, Deserialize)]
pub struct Content {
    /// The address of the recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

impl Content {
    /// Creates a mail to this address that says what the letter says.
    pub fn new(to: &str, letter: &Letter) -> Self {
        Self {
            to: to.to_owned(),
            subject: letter.subject.clone(),
            text: letter.text(),
            html: letter.html(),
        }
    }
}

/// A mail server.
pub struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why a mail was not taken. It names no recipient.
pub enum Failure {
    /// The server said so, with this code.
    Refused(String),
    /// The server could not be spoken to.
    NoServer(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "the mail server refused it with {code}"),
            Self::NoServer(cause) => write!(f, "the mail server cannot be used: {cause}"),
        }
    }
}

impl Server {
    /// The server that the settings name, if they do.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let (Some(url), Some(from)) = (&config.smtp_url, &config.mail_from) else {
            return Ok(None);
        };
        let name = config.public_url.as_ref().and_then(|url| url.host_str());
        let name = name.map_or_else(ClientId::default, |name| ClientId::Domain(name.to_owned()));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&url.host)
            .port(url.port)
            .tls(tls(url)?)
            .hello_name(name)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &url.login {
            let password = password.expose().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Some(Self {
            transport: builder.build(),
            from: from.clone(),
        }))
    }

    /// Hands a mail over. Its id makes that of the message, so that two copies can be told to be one.
    pub async fn send(&self, id: Uuid, content: &Content) -> Result<(), Failure> {
        let message = self.message(id, content).map_err(Failure::Refused)?;
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::NoServer("it takes too long".to_owned())),
        }
    }

    fn message(&self, id: Uuid, content: &Content) -> Result<Message, String> {
        let to = content
            .to
            .parse()
            .map_err(|_| "no valid address".to_owned())?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&content.subject)
            .message_id(Some(format!("<{}@{domain}>", id.simple())))
            .multipart(MultiPart::alternative_plain_html(
                content.text.clone(),
                content.html.clone(),
            ))
            .map_err(|error| error.to_string())
    }
}

fn tls(url: &SmtpUrl) -> Result<Tls> {
    let parameters = || TlsParameters::new(url.host.clone()).map_err(Error::internal);
    Ok(match url.tls {
        SmtpTls::Wrapped => Tls::Wrapper(parameters()?),
        SmtpTls::Upgraded => Tls::Required(parameters()?),
        SmtpTls::None => Tls::None,
    })
}

/// What the server says may name the recipient: of that, its code must do.
fn failure(error: &smtp::Error) -> Failure {
    match error.status() {
        Some(code) => Failure::Refused(code.to_string()),
        None => Failure::NoServer(error.to_string()),
    }
}
