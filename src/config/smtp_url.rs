//! The mail server to send through, whose URL may hold a password.

use std::borrow::Cow;

use entity::secret::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A mail server, and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpUrl {
    /// Its name, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: SmtpTls,
    /// The user and the password to sign in there, if any.
    pub login: Option<(String, Secret)>,
}

/// How a connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From its start.
    Wrapped,
    /// By STARTTLS, without which nothing is sent.
    Upgraded,
    /// It is not.
    None,
}

/// What to do about special characters, for mistakes.
const ESCAPES: &str =
    "in user and password write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ?, %25 for %";

impl SmtpUrl {
    /// Reads the URL of a mail server; nothing means that there is none.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that repeat nothing of it.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(text).map_err(|_| format!("not a URL; {ESCAPES}"))?;
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (SmtpTls::Wrapped, 465),
            ("smtp", None) if is_here(&url) => (SmtpTls::None, 25),
            ("smtp", None) => (SmtpTls::Upgraded, 587),
            ("smtp", Some("tls=none")) => (SmtpTls::None, 25),
            ("smtp" | "smtps", _) => return Err("has another query than tls=none".into()),
            _ => return Err("neither smtp nor smtps".into()),
        };
        // An unescaped delimiter in the password ends it early: its rest would be taken for a path.
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(format!("has something after the port; {ESCAPES}"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or("names no host")?;
        Ok(Some(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            login: login(&url)?,
        }))
    }
}

/// Whether the server is on this machine, so that nobody is between.
fn is_here(url: &Url) -> bool {
    // The host of a scheme that browsers do not know is kept as it was written.
    let host = url.host_str().and_then(|host| Host::parse(host).ok());
    match host {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn login(url: &Url) -> Result<Option<(String, Secret)>, String> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(Cow::into_owned)
            .map_err(|_| format!("has a user or password that is no text; {ESCAPES}"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => {
            Ok(Some((decoded(user)?, Secret::new(decoded(password)?))))
        }
        _ => Err("has a user without a password, or a password without a user".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SmtpTls, SmtpUrl};

    #[test]
    fn a_mail_server_is_spoken_to_in_secret_unless_it_is_here() {
        for (text, host, port, tls) in [
            (
                "smtps://mail.example.org",
                "mail.example.org",
                465,
                SmtpTls::Wrapped,
            ),
            (
                "smtp://mail.example.org",
                "mail.example.org",
                587,
                SmtpTls::Upgraded,
            ),
            (
                "smtp://mail.example.org:25/",
                "mail.example.org",
                25,
                SmtpTls::Upgraded,
            ),
            ("smtp://relay:25?tls=none", "relay", 25, SmtpTls::None),
            ("smtp://localhost", "localhost", 25, SmtpTls::None),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, SmtpTls::None),
            ("smtp://[::1]:2525", "::1", 2525, SmtpTls::None),
        ] {
            let url = SmtpUrl::parse(text).unwrap().unwrap();
            assert_eq!(
                (url.host.as_str(), url.port, url.tls, url.login),
                (host, port, tls, None),
                "{text}"
            );
        }
        assert_eq!(SmtpUrl::parse(""), Ok(None));
    }

    #[test]
    fn user_and_password_are_decoded_and_never_shown() {
        let url = SmtpUrl::parse("smtps://ann%40example.org:s3cr%2Ft@mail.example.org")
            .unwrap()
            .unwrap();
        assert!(!format!("{url:?}").contains("s3cr"));
        let (user, password) = url.login.unwrap();
        assert_eq!(
            (user.as_str(), password.expose()),
            ("ann@example.org", "s3cr/t")
        );
    }

    #[test]
    fn mistakes_give_no_password_away() {
        for text in [
            "http://ann:s3cret@mail.example.org",
            "smtp://ann:s3cret/1@mail.example.org",
            "smtp://ann:12#s3cret@mail.example.org",
            "smtp://ann:12?s3cret@mail.example.org",
            "smtp://:s3cret@mail.example.org",
            "smtp://s3cret@mail.example.org",
            "smtp://mail.example.org?tls=s3cret",
            "smtps:///s3cret",
            "s3cret",
        ] {
            let mistake = SmtpUrl::parse(text).unwrap_err();
            assert!(!mistake.contains("s3cret"), "{mistake}");
        }
    }
}
