//! The settings: one table, read from flags, environment, file and defaults, and checked at once.
//!
//! Each setting is one entry of the table below. From its name follow the field of [`Config`], the
//! key in the file (`database_url`), the environment variable (`KINDLING_DATABASE_URL`), the flag
//! (`--database-url`), its line in `--help` and its row in `docs/settings.md`.

mod address;
mod agreement;
mod database_url;
mod error;
mod file;
mod oidc;
mod parse;
mod reference;
mod setting;
mod smtp_url;
mod source;
#[cfg(test)]
mod tests;
mod variable;
mod web_origin;

use std::{net::SocketAddr, path::Path, path::PathBuf};

use clap::ArgMatches;
use entity::secret::Secret;
use icu_locale_core::Locale;
use ipnet::IpNet;
use lettre::message::Mailbox;
use url::Url;

pub use self::{
    database_url::{DatabaseUrl, Engine},
    error::{ConfigError, Mistakes},
    oidc::{OidcProvider, RoleMapping, is_safe},
    parse::LogFormat,
    reference::{args, list, reference},
    setting::{SETTINGS_HEADING, Setting, Shape},
    smtp_url::{SmtpTls, SmtpUrl},
    source::{Environment, Origin, environment},
    web_origin::{CorsOrigins, WebOrigin},
};

setting::settings! {
    /// Address and port on which to answer HTTP
    listen: SocketAddr = parse::address, Shape::Plain,
        allowed "IP address and port; a port alone is of this machine, :8080 of all addresses", default "127.0.0.1:8080";

    /// Address and port on which to answer operators: metrics and health; for no visitors
    management_listen: Option<SocketAddr> = parse::address_or_off, Shape::Plain,
        allowed "IP address and port, or off", default "127.0.0.1:8081";

    /// Certificate chain for HTTPS, in PEM, if this server is to speak it; needs tls_key
    tls_certificate: Option<PathBuf> = parse::file, Shape::Plain,
        allowed "path", default "";

    /// Private key of that certificate, in PEM; needs tls_certificate
    tls_key: Option<PathBuf> = parse::file, Shape::Plain,
        allowed "path", default "";

    /// Directory for what Kindling keeps on disk
    data_dir: PathBuf = parse::directory, Shape::Plain,
        allowed "path", default "./data";

    /// Database to keep the content in
    database_url: DatabaseUrl = DatabaseUrl::parse, Shape::Secret,
        allowed "URL starting with sqlite:// or postgres://",
        default "sqlite://{data_dir}/kindling.db";

    /// Connections to the database that read: SQLite readers, or the size of the PostgreSQL pool
    database_readers: u32 = parse::whole_number::<u32, 1, 100>, Shape::Plain,
        allowed "whole number from 1 to 100", default "4";

    /// Seconds to wait at the start for a database server that cannot be reached yet
    database_connect_timeout_seconds: u64 = parse::whole_number::<u64, 0, 3_600>, Shape::Plain,
        allowed "whole number from 0 to 3600", default "60";

    /// Memory for rows of content, so that they are not read again; 0 for none
    row_cache_bytes: usize = parse::memory, Shape::Plain,
        allowed "number of bytes, or with KiB, MiB or GiB, up to 64GiB", default "8MiB";

    /// Memory for answers that were given before, which hold until what they show changes; 0 for none
    answer_cache_bytes: usize = parse::memory, Shape::Plain,
        allowed "number of bytes, or with KiB, MiB or GiB, up to 64GiB", default "16MiB";

    /// Seconds for which kept answers are given, marked as stale, while the database is away
    stale_if_error_seconds: u64 = parse::whole_number::<u64, 0, 31_536_000>, Shape::Plain,
        allowed "whole number from 0 to 31536000", default "3600";

    /// Seconds for which shared caches may give a public answer without asking (s-maxage); 0 has them ask each time
    shared_max_age_seconds: u64 = parse::whole_number::<u64, 0, 31_536_000>, Shape::Plain,
        allowed "whole number from 0 to 31536000", default "0";

    /// Seconds after that for which they may still give it while they ask (stale-while-revalidate)
    stale_while_revalidate_seconds: u64 = parse::whole_number::<u64, 0, 31_536_000>, Shape::Plain,
        allowed "whole number from 0 to 31536000", default "0";

    /// Directory for uploaded files
    media_dir: PathBuf = parse::directory, Shape::Plain,
        allowed "path", default "{data_dir}/media";

    /// Days for which files that no asset has stay in the trash of media_dir before they are deleted
    media_trash_days: u32 = parse::whole_number::<u32, 1, 3_650>, Shape::Plain,
        allowed "whole number from 1 to 3650", default "30";

    /// Address at which visitors reach this server, to begin links with
    public_url: Option<Url> = parse::public_url, Shape::Plain,
        allowed "absolute http or https URL without user, query or fragment",
        default "";

    /// Key that seals secrets in the database, the same for all instances; if none, a file in data_dir
    secret_key: Option<Secret> = parse::secret_key, Shape::Secret,
        allowed "32 random bytes in base64url, without padding", default "";

    /// Mail server to send through, if any; needs mail_from and public_url
    smtp_url: Option<SmtpUrl> = SmtpUrl::parse, Shape::Secret,
        allowed "smtps://user:password@host:port, or smtp:// for STARTTLS, with ?tls=none for none", default "";

    /// Who mail comes from
    mail_from: Option<Mailbox> = parse::mailbox, Shape::Plain,
        allowed "e-mail address, with or without a name before it", default "";

    /// Networks of the proxies in front of this server, whose headers X-Forwarded-For and Forwarded are believed
    trusted_proxies: Vec<IpNet> = parse::networks, Shape::List,
        allowed "IP addresses or networks such as 10.0.0.0/8, separated by commas", default "";

    /// Days after which audit events and sessions lose the network address that they came from
    address_retention_days: u32 = parse::whole_number::<u32, 1, 3_650>, Shape::Plain,
        allowed "whole number from 1 to 3650", default "90";

    /// Origins whose pages may read answers, with credentials; * for those of all, without credentials
    cors_origins: CorsOrigins = web_origin::origins, Shape::List,
        allowed "origins such as https://www.example.org, separated by commas, or *", default "";

    /// OpenID providers that accounts may be signed in with, see sign-in.md; needs public_url
    oidc_providers: Vec<OidcProvider> = oidc::providers, Shape::Secret,
        allowed "JSON list of objects with id, name, issuer, client_id, client_secret, scopes, role_mapping and allow_sign_up",
        default "";

    /// Memory that hashing a password takes, in KiB
    password_memory_kib: u32 = parse::whole_number::<u32, 8_192, 1_048_576>, Shape::Plain,
        allowed "whole number from 8192 to 1048576", default "19456";

    /// Passes over that memory
    password_passes: u32 = parse::whole_number::<u32, 1, 20>, Shape::Plain,
        allowed "whole number from 1 to 20", default "2";

    /// Locales of the content; the first is the one that others fall back to
    locales: Vec<Locale> = parse::locales, Shape::List,
        allowed "1 to 50 different BCP 47 locales in canonical form",
        default "en,es";

    /// What to log: a level, or target=level pairs
    log_level: String = parse::log_level, Shape::Plain,
        allowed "off, error, warn, info, debug or trace, alone or as target=level, separated by commas",
        default "info";

    /// Form of the log lines
    log_format: LogFormat = parse::log_format, Shape::Plain,
        allowed "text or json", default "text";

    /// Collector of OpenTelemetry traces that takes OTLP over HTTP, such as http://127.0.0.1:4318, if there is any
    otlp_endpoint: Option<Url> = parse::public_url, Shape::Plain,
        allowed "absolute http or https URL without user, query or fragment", default "";

    /// Part of all requests that traces are told of, from none to all; where the client says so in traceparent, it decides
    otlp_sample_ratio: f64 = parse::ratio, Shape::Plain,
        allowed "number from 0 to 1", default "1";

    /// Offer GraphiQL, introspection and error details; for the developer's own machine
    development: bool = parse::switch, Shape::Switch,
        allowed "true or false", default "false";

    /// Largest request body
    max_body_bytes: usize = parse::bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 1KiB to 1024MiB",
        default "1MiB";

    /// Largest GraphQL document
    limit_document_bytes: usize = parse::bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 1KiB to 1024MiB",
        default "32KiB";

    /// Most names, values and marks of a document
    limit_tokens: u64 = parse::whole_number::<u64, 10, 20_000>, Shape::Plain,
        allowed "whole number from 10 to 20000", default "2000";

    /// Most fields of a document one below the other
    limit_depth: u64 = parse::whole_number::<u64, 1, 32>, Shape::Plain,
        allowed "whole number from 1 to 32", default "16";

    /// Most fields of a document side by side, with those of fragments
    limit_fields: u64 = parse::whole_number::<u64, 1, 100_000>, Shape::Plain,
        allowed "whole number from 1 to 100000", default "400";

    /// Most fields at the root of an operation
    limit_root_fields: u64 = parse::whole_number::<u64, 1, 10_000>, Shape::Plain,
        allowed "whole number from 1 to 10000", default "20";

    /// Most selections of a document with each fragment written out where it is spread
    limit_selections: u64 = parse::whole_number::<u64, 10, 100_000>, Shape::Plain,
        allowed "whole number from 10 to 100000", default "3000";

    /// Most aliases in a document
    limit_aliases: u64 = parse::whole_number::<u64, 0, 10_000>, Shape::Plain,
        allowed "whole number from 0 to 10000", default "50";

    /// Most directives in a document
    limit_directives: u64 = parse::whole_number::<u64, 0, 10_000>, Shape::Plain,
        allowed "whole number from 0 to 10000", default "100";

    /// Most operations in a document
    limit_operations: u64 = parse::whole_number::<u64, 1, 1_000>, Shape::Plain,
        allowed "whole number from 1 to 1000", default "10";

    /// Most fragments in a document
    limit_fragments: u64 = parse::whole_number::<u64, 0, 10_000>, Shape::Plain,
        allowed "whole number from 0 to 10000", default "100";

    /// Most variables of an operation
    limit_variables: u64 = parse::whole_number::<u64, 0, 10_000>, Shape::Plain,
        allowed "whole number from 0 to 10000", default "50";

    /// Most values inside the variables of a request, of all of them together
    limit_variable_values: u64 = parse::whole_number::<u64, 10, 1_000_000>, Shape::Plain,
        allowed "whole number from 10 to 1000000", default "10000";

    /// Most lists and objects of a variable one in the other
    limit_variable_depth: u64 = parse::whole_number::<u64, 1, 100>, Shape::Plain,
        allowed "whole number from 1 to 100", default "20";

    /// Most items of a list in a document or in its variables
    limit_list_items: u64 = parse::whole_number::<u64, 1, 100_000>, Shape::Plain,
        allowed "whole number from 1 to 100000", default "1000";

    /// Most that an operation may cost, see delivery.md; of a batch, all of them together
    limit_cost: u64 = parse::whole_number::<u64, 100, 1_000_000_000>, Shape::Plain,
        allowed "whole number from 100 to 1000000000", default "100000";

    /// Most memory that an answer may take while it is made, see delivery.md; of a batch, all of them together
    limit_answer_bytes: usize = parse::bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 1KiB to 1024MiB",
        default "16MiB";

    /// Memory for all answers that are made and sent at the same time; at least twice limit_answer_bytes
    answer_memory_bytes: usize = parse::memory, Shape::Plain,
        allowed "number of bytes, or with KiB, MiB or GiB, up to 64GiB", default "64MiB";

    /// Most operations in one request; 0 and 1 take single ones only
    max_batch: usize = parse::count, Shape::Plain,
        allowed "whole number from 0 to 1000", default "0";

    /// Memory for documents that were sent before, so that they are parsed, validated and planned once
    document_cache_bytes: usize = parse::bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 1KiB to 1024MiB",
        default "8MiB";

    /// Largest file that can be uploaded
    max_upload_bytes: usize = parse::bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 1KiB to 1024MiB",
        default "20MiB";

    /// Most pixels that an uploaded picture may have, width times height
    max_upload_pixels: u64 = parse::whole_number::<u64, 1, 1_000_000_000>, Shape::Plain,
        allowed "whole number from 1 to 1000000000", default "50000000";

    /// Whether clients may send the hash of a document in its place, once it was sent (automatic persisted queries)
    automatic_persisted_queries: bool = parse::switch, Shape::Plain,
        allowed "true or false", default "true";

    /// Whether only documents are answered that were published with `kindling documents publish`, except to accounts
    trusted_documents_only: bool = parse::switch, Shape::Switch,
        allowed "true or false", default "false";

    /// Seconds that one request may take
    request_timeout_seconds: u64 = parse::whole_number::<u64, 1, 300>, Shape::Plain,
        allowed "whole number from 1 to 300", default "30";

    /// Operations of the public executed at once; 0 for one on each core, and one on each of database_readers
    max_operations: usize = parse::count, Shape::Plain,
        allowed "whole number from 0 to 1000", default "0";

    /// Operations that each network of the public, and each preview link, may send in a minute; 0 for any number
    rate_limit_public_per_minute: u32 = parse::whole_number::<u32, 0, 10_000_000>, Shape::Plain,
        allowed "whole number from 0 to 10000000", default "6000";

    /// Operations that each account, and each API token, may send in a minute; 0 for any number
    rate_limit_signed_in_per_minute: u32 = parse::whole_number::<u32, 0, 10_000_000>, Shape::Plain,
        allowed "whole number from 0 to 10000000", default "6000";

    /// Networks of machines of one's own, such as frontends that render pages: as the public they may send any number
    rate_limit_exempt: Vec<IpNet> = parse::networks, Shape::List,
        allowed "IP addresses or networks such as 10.0.0.0/8, separated by commas",
        default "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7";

    /// Connections at a time
    max_connections: u32 = parse::whole_number::<u32, 1, 1_000_000>, Shape::Plain,
        allowed "whole number from 1 to 1000000", default "10000";

    /// Connections at a time from one address, or one /64 network of IPv6; trusted proxies may have more
    max_connections_per_network: u32 = parse::whole_number::<u32, 1, 1_000_000>, Shape::Plain,
        allowed "whole number from 1 to 1000000", default "1000";

    /// Requests at a time on one connection with HTTP/2
    max_streams: u32 = parse::whole_number::<u32, 1, 1_000>, Shape::Plain,
        allowed "whole number from 1 to 1000", default "100";

    /// Largest head of a request, with at most 100 headers
    max_head_bytes: usize = parse::head_bytes, Shape::Plain,
        allowed "number of bytes, or with KiB or MiB, from 8KiB to 1MiB",
        default "64KiB";

    /// Seconds that a client may take to send the head of a request
    head_timeout_seconds: u64 = parse::whole_number::<u64, 1, 300>, Shape::Plain,
        allowed "whole number from 1 to 300", default "10";

    /// Seconds that a client may wait before its next request
    idle_timeout_seconds: u64 = parse::whole_number::<u64, 1, 3_600>, Shape::Plain,
        allowed "whole number from 1 to 3600", default "75";

    /// Seconds that a client may send nothing of a body, or take nothing of an answer
    stall_timeout_seconds: u64 = parse::whole_number::<u64, 1, 300>, Shape::Plain,
        allowed "whole number from 1 to 300", default "30";

    /// Seconds within which all of the body of a request must have come, files included
    body_timeout_seconds: u64 = parse::whole_number::<u64, 1, 3_600>, Shape::Plain,
        allowed "whole number from 1 to 3600", default "600";

    /// Seconds from the signal to stop until no connections are accepted any more; /readyz says at once that it stops
    stop_delay_seconds: u64 = parse::whole_number::<u64, 0, 300>, Shape::Plain,
        allowed "whole number from 0 to 300", default "0";

    /// Seconds from the signal to stop until the end, whatever clients do
    shutdown_timeout_seconds: u64 = parse::whole_number::<u64, 0, 300>, Shape::Plain,
        allowed "whole number from 0 to 300", default "25";
}

/// Where the settings file is looked for when nothing names one.
const DEFAULT_FILE: &str = "kindling.toml";

impl Config {
    /// Reads and checks all settings.
    ///
    /// `matches` are those of a command that carries [`args`]; `env` is [`environment`], or another map in
    /// a test. An environment variable that is set but empty counts as not set.
    ///
    /// # Errors
    ///
    /// Every mistake of every source, also of values that a stronger source overrides.
    /// [`Mistakes`] prints them.
    pub fn load(matches: &ArgMatches, env: &Environment) -> Result<Self, Vec<ConfigError>> {
        Self::load_beside(matches, env, Path::new(DEFAULT_FILE))
    }

    /// The settings that do not have their defaults, in words without secrets; takes what [`Config::load`] takes.
    pub fn given(matches: &ArgMatches, env: &Environment) -> Vec<String> {
        let reader = source::Reader::open(matches, env, Path::new(DEFAULT_FILE));
        let given = SETTINGS.iter().map(|setting| reader.given(setting));
        given.flatten().collect()
    }

    /// [`Config::load`] with another place for the file that is read if it exists.
    fn load_beside(
        matches: &ArgMatches,
        env: &Environment,
        default_file: &Path,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut reader = source::Reader::open(matches, env, default_file);
        match (Self::read(&mut reader), reader.into_mistakes()) {
            (Some(config), mistakes) if mistakes.is_empty() => agreement::check(config),
            (_, mistakes) => Err(mistakes),
        }
    }
}
