//! Tests of the settings: precedence, mistakes, secrets, and that every setting is explained.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use clap::Command;

use super::*;

/// The sources of one test; each has a file of its own.
#[derive(Default)]
struct Sources {
    flags: Vec<&'static str>,
    variables: BTreeMap<&'static str, &'static str>,
    file: Option<&'static str>,
}

impl Sources {
    fn load(&self) -> Result<Config, Vec<ConfigError>> {
        let file = path();
        if let Some(text) = self.file {
            fs::write(&file, text).unwrap();
        }
        let command = Command::new("kindling")
            .args(args())
            .subcommand(Command::new("serve"));
        let matches = command.get_matches_from(["kindling", "serve"].iter().chain(&self.flags));
        let (_, matches) = matches.subcommand().unwrap();
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
        let result = Config::load_beside(matches, &variables.collect(), &file);
        let _ = fs::remove_file(file);
        result
    }

    fn mistakes(&self) -> String {
        Mistakes(&self.load().unwrap_err()).to_string()
    }
}

/// A file name that no other test has.
fn path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("kindling-{}-{number}.toml", std::process::id()))
}

fn flags(flags: &[&'static str]) -> Sources {
    Sources {
        flags: flags.into(),
        ..Sources::default()
    }
}

fn file(text: &'static str) -> Sources {
    Sources {
        file: Some(text),
        ..Sources::default()
    }
}

#[test]
fn without_any_source_the_defaults_hold() {
    let config = Sources::default().load().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database_url.expose(), "sqlite://./data/kindling.db");
    assert_eq!(config.database_url.engine(), Engine::Sqlite);
    assert_eq!(config.media_dir, PathBuf::from("./data/media"));
    assert_eq!(config.public_url, None);
    assert_eq!(
        config
            .locales
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["en", "es"]
    );
    assert_eq!(config.locales[0].to_string(), "en");
    assert_eq!(
        (config.log_level.as_str(), config.log_format),
        ("info", LogFormat::Text)
    );
    assert!(!config.development);
    assert_eq!(
        (config.database_readers, config.max_body_bytes),
        (4, 1_048_576)
    );
    assert_eq!(
        (
            config.request_timeout_seconds,
            config.shutdown_timeout_seconds
        ),
        (30, 25)
    );
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let mut sources = file("listen = \"127.0.0.1:1\"\ndatabase_readers = 11\nlocales = [\"de\"]");
    sources.variables = BTreeMap::from([
        ("KINDLING_LISTEN", "127.0.0.1:2"),
        ("KINDLING_DATABASE_READERS", "12"),
    ]);
    sources.flags = vec!["--listen", "127.0.0.1:3"];
    let config = sources.load().unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.database_readers, 12);
    assert_eq!(config.locales[0].to_string(), "de");
    assert_eq!(config.request_timeout_seconds, 30);
}

#[test]
fn database_and_media_follow_the_data_directory() {
    let config = flags(&["--data-dir", "/srv/kind ling?/"]).load().unwrap();
    assert_eq!(
        config.database_url.expose(),
        "sqlite:///srv/kind%20ling%3F/kindling.db"
    );
    assert_eq!(config.media_dir, PathBuf::from("/srv/kind ling?/media"));
}

#[test]
fn a_switch_is_set_by_its_bare_flag_and_can_be_unset() {
    assert!(flags(&["--development"]).load().unwrap().development);
    let mut sources = file("development = true");
    assert!(sources.load().unwrap().development);
    sources.flags = vec!["--development=false"];
    assert!(!sources.load().unwrap().development);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let mut sources = file("database_readers = 7");
    sources.variables.insert("KINDLING_DATABASE_READERS", "");
    assert_eq!(sources.load().unwrap().database_readers, 7);
}

#[test]
fn sizes_take_units() {
    for (text, bytes) in [("2048", 2048), ("512KiB", 524_288), ("2 MiB", 2_097_152)] {
        assert_eq!(
            flags(&["--max-body-bytes", text])
                .load()
                .unwrap()
                .max_body_bytes,
            bytes
        );
    }
}

#[test]
fn all_mistakes_of_all_sources_are_reported_at_once() {
    let mut sources = file(
        "databse_url = \"x\"\nlocales = \"en\"\nlisten = \"nowhere\"\nshutdown_timeout_seconds = 301\nfavourite = 1",
    );
    sources.variables = BTreeMap::from([
        ("KINDLING_LOG_LEVEL", "inof"),
        ("KINDLING_PUBLIC_URL", "https://ann:pw@example.org"),
    ]);
    sources.flags = vec!["--max-body-bytes", "1GB", "--listen", "127.0.0.1:9"];
    let mistakes = sources.mistakes();
    assert!(
        mistakes.starts_with("the settings have 8 mistakes:\n"),
        "{mistakes}"
    );
    for line in [
        "databse_url: no such setting (from ",
        "line 1); did you mean database_url?",
        "locales: is of TOML type string, not an array of strings (from ",
        "listen = \"nowhere\": not an IP address and port (from ",
        "line 3); allowed: IP address and port",
        "shutdown_timeout_seconds = \"301\": too large",
        "favourite: no such setting",
        "log_level = \"inof\": \"inof\" is not a level (from the environment variable KINDLING_LOG_LEVEL); allowed: ",
        "public_url = \"***@example.org\": carries a user or password",
        "max_body_bytes = \"1GB\": unknown unit \"GB\" (from the flag --max-body-bytes); allowed: ",
    ] {
        assert!(mistakes.contains(line), "no {line:?} in:\n{mistakes}");
    }
}

#[test]
fn values_out_of_bounds_are_refused() {
    for (flag, value, problem) in [
        ("--database-readers", "0", "too small"),
        ("--database-readers", "many", "not a whole number"),
        ("--request-timeout-seconds", "0", "too small"),
        ("--max-body-bytes", "18446744073709551615MiB", "too large"),
        ("--log-format", "xml", "no such format"),
        ("--public-url", "/media", "not an absolute URL"),
        (
            "--public-url",
            "ftp://example.org",
            "neither http nor https",
        ),
        ("--public-url", "https://example.org/?a", "carries a query"),
        ("--locales", "en,EN-us", "\"EN-us\" is written \"en-US\""),
        ("--locales", "en,es,en", "\"en\" is listed twice"),
        ("--locales", "", "a locale is missing"),
        ("--locales", "english language", "is not a locale"),
        ("--data-dir", "", "empty"),
        (
            "--database-url",
            "mysql://localhost/x",
            "not a URL of SQLite or PostgreSQL",
        ),
        ("--database-url", "sqlite://", "names no file"),
        (
            "--database-url",
            "sqlite://:memory:",
            "different one for each connection",
        ),
    ] {
        let mistakes = flags(&[flag, value]).mistakes();
        assert!(mistakes.contains(problem), "no {problem:?} in:\n{mistakes}");
    }
}

#[test]
fn mail_needs_a_sender_and_an_address_for_its_links() {
    let smtp = ["--smtp-url", "smtps://ann:s3cret@mail.example.org"];
    let mistakes = flags(&smtp).mistakes();
    for line in [
        "the settings have 2 mistakes:",
        "mail_from: must be set, too, where smtp_url is: mail must come from somebody",
        "public_url: must be set, too, where smtp_url is: mail holds links to this server",
    ] {
        assert!(mistakes.contains(line), "no {line:?} in:\n{mistakes}");
    }
    let rest = [
        "--mail-from",
        "Kindling <cms@example.org>",
        "--public-url",
        "https://cms.example.org/",
    ];
    let config = flags(&[&smtp[..], &rest[..]].concat()).load().unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(config.link_base(), "https://cms.example.org");
    let mistakes = flags(&["--mail-from", "nobody"]).mistakes();
    assert!(mistakes.contains("not an e-mail address"), "{mistakes}");
}

#[test]
fn links_begin_where_the_server_listens_if_nothing_else_is_said() {
    let base = |listen| flags(&["--listen", listen]).load().unwrap().link_base();
    assert_eq!(base("127.0.0.1:8080"), "http://127.0.0.1:8080");
    assert_eq!(base("0.0.0.0:80"), "http://127.0.0.1:80");
    assert_eq!(base("[::]:8080"), "http://localhost:8080");
}

#[test]
fn a_file_that_is_named_must_exist() {
    let mistakes = flags(&["--config", "/nowhere/kindling.toml"]).mistakes();
    assert!(
        mistakes.contains("/nowhere/kindling.toml cannot be read"),
        "{mistakes}"
    );
}

#[test]
fn the_environment_can_name_the_file() {
    let path = path();
    fs::write(&path, "listen = \"[::1]:80\"").unwrap();
    let path: &'static str = path.to_str().unwrap().to_owned().leak();
    let variables = BTreeMap::from([("KINDLING_CONFIG", path)]);
    let config = Sources {
        variables,
        ..Sources::default()
    }
    .load()
    .unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:80");
    fs::remove_file(path).unwrap();
}

#[test]
fn a_password_is_never_shown() {
    let url = "postgres://ann:s3cret@db.example:5433/kindling?sslmode=require&password=s3cret";
    let config = flags(&["--database-url", url]).load().unwrap();
    assert_eq!(config.database_url.expose(), url);
    assert_eq!(config.database_url.engine(), Engine::Postgres);
    assert_eq!(
        config.database_url.to_string(),
        "postgres://ann:***@db.example:5433/kindling"
    );
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_mistaken_database_url_does_not_give_its_password_away() {
    for url in [
        "postgres://ann:s3cret/1@db/kindling",
        "postgres://ann:12/s3cret@db/kindling",
        "postgres://ann:12#s3cret@db/kindling",
        "postgres://ann:12?s3cret@db/kindling",
        "mysql://ann:s3cret@db/kindling",
    ] {
        let mistakes = flags(&["--database-url", url]).load().unwrap_err();
        assert!(
            !format!("{} {mistakes:?}", Mistakes(&mistakes)).contains("s3cret"),
            "{mistakes:?}"
        );
    }
    for text in [
        "database_url = \"postgres://ann:s3cret@db/kindling",
        "database_url = postgres://ann:s3cret@db/kindling",
        "database_url: postgres://ann:s3cret@db/kindling",
        "database_url\n  postgres://ann:s3cret@db/kindling",
        "database_url = 'postgres://ann:\ns3cret = 1",
        "database_url = [\"postgres://ann:s3cret@db/kindling\"]",
    ] {
        let mistakes = file(text).load().unwrap_err();
        assert!(
            !format!("{} {mistakes:?}", Mistakes(&mistakes)).contains("s3cret"),
            "{mistakes:?}"
        );
    }
}

#[test]
fn the_settings_page_is_up_to_date() {
    assert_eq!(reference(), include_str!("../../docs/settings.md"));
}

#[test]
#[ignore = "writes docs/settings.md"]
fn renew_the_settings_page() {
    fs::write(
        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md"),
        reference(),
    )
    .unwrap();
}

#[test]
fn providers_need_the_public_address_and_are_never_shown() {
    let providers = r#"[{"id":"corp","name":"Corp","issuer":"https://id.example.org","client_id":"x","client_secret":"sesame"}]"#;
    let alone = flags(&["--oidc-providers", providers]);
    assert_eq!(
        alone.mistakes(),
        "the settings have a mistake:\n  public_url: must be set, too, where oidc_providers is: providers send people back to it"
    );
    let both = flags(&[
        "--oidc-providers",
        providers,
        "--public-url",
        "https://cms.example.org",
    ]);
    let config = both.load().unwrap();
    assert!(!format!("{config:?}").contains("sesame"));
    assert!(config.is_own_origin("https://cms.example.org"));
    assert!(!config.is_own_origin("https://cms.example.org/"));
    let wrong = flags(&["--oidc-providers", r#"[{"client_secret":"sesame"}]"#]);
    assert!(!wrong.mistakes().contains("sesame"));
}
