//! What one setting says against the others.

use super::{Config, ConfigError};

/// The settings, if none of them contradicts another one.
pub(super) fn check(config: Config) -> Result<Config, Vec<ConfigError>> {
    let (mail, oidc) = (config.smtp_url.is_some(), !config.oidc_providers.is_empty());
    let (sender, url) = (config.mail_from.is_none(), config.public_url.is_none());
    let (certificate, key) = (config.tls_certificate.is_some(), config.tls_key.is_some());
    let needed = [
        (
            certificate && !key,
            "tls_key",
            "tls_certificate",
            "a certificate is of no use without its key",
        ),
        (
            key && !certificate,
            "tls_certificate",
            "tls_key",
            "a key is of no use without its certificate",
        ),
        (
            mail && sender,
            "mail_from",
            "smtp_url",
            "mail must come from somebody",
        ),
        (
            mail && url,
            "public_url",
            "smtp_url",
            "mail holds links to this server",
        ),
        (
            oidc && url,
            "public_url",
            "oidc_providers",
            "providers send people back to it",
        ),
    ];
    let lacking = needed.into_iter().filter(|(lacks, ..)| *lacks);
    let missing = |(_, name, by, reason)| ConfigError::Missing { name, by, reason };
    let mut mistakes: Vec<_> = lacking.map(missing).collect();
    if config.answer_memory_bytes / 2 < config.limit_answer_bytes {
        mistakes.push(ConfigError::AnswerMemory);
    }
    if mistakes.is_empty() {
        Ok(config)
    } else {
        Err(mistakes)
    }
}
