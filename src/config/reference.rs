//! The settings explained: as flags with `--help`, and as the table of `docs/settings.md`.

use std::fmt::Write;

use clap::Arg;

use super::{SETTINGS, SETTINGS_HEADING, Setting, Shape};

/// The flag that names the settings file; no setting, because it cannot stand in that file.
pub(super) const CONFIG: &str = "config";
/// The environment variable that names the settings file.
pub(super) const CONFIG_VARIABLE: &str = "KINDLING_CONFIG";

/// The flags of all settings, for the root of the command line; they hold before and after the subcommand.
pub fn args() -> impl IntoIterator<Item = Arg> {
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("PATH")
        .help("Settings file [default: ./kindling.toml if it exists]");
    std::iter::once(config)
        .chain(SETTINGS.iter().map(arg))
        .map(|arg| arg.global(true).help_heading(SETTINGS_HEADING))
}

/// The settings that `--help` shows; there are too many to show all of them there.
const SHOWN: [&str; 4] = ["listen", "data_dir", "database_url", "public_url"];

fn arg(setting: &Setting) -> Arg {
    let help = format!("{} [default: {}]", setting.about, setting.shown_default());
    let arg = Arg::new(setting.name)
        .long(setting.flag())
        .help(help)
        .hide(!SHOWN.contains(&setting.name));
    match setting.shape {
        Shape::Plain => arg.value_name("VALUE"),
        Shape::Secret => arg.value_name("URL"),
        Shape::List => arg.value_name("VALUE,…"),
        // `=` keeps `--development serve` from swallowing the command.
        Shape::Switch => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
    }
}

/// All settings as a text for the terminal: flag, variable and key, meaning, values and default of each.
pub fn list() -> String {
    let mut text = String::from(
        "Each setting can be given as a flag, as an environment variable, or as a key of the settings file, which is\n\
         ./kindling.toml unless --config or KINDLING_CONFIG names another one. The first of these that gives it counts.\n",
    );
    for setting in SETTINGS {
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "\n--{}, {}, {}\n    {}\n    Values: {}. Default: {}.\n",
            setting.flag(),
            setting.variable(),
            setting.name,
            setting.about,
            setting.allowed,
            setting.shown_default(),
        );
    }
    text
}

/// All settings as a Markdown page: the content of `docs/settings.md`.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for setting in SETTINGS {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            setting.name,
            setting.about,
            setting.allowed,
            match setting.shown_default() {
                none if none == "none" => none,
                default => format!("`{default}`"),
            },
        );
    }
    page
}

const INTRODUCTION: &str = "\
# Settings

<!-- Generated from src/config/mod.rs; renew with: cargo test --lib -- --ignored renew_the_settings_page -->

A setting comes from the first of these that gives it:

1. the flag, as in `kindling serve --database-url URL`: the name with `-` for `_`;
2. the environment variable, as in `KINDLING_DATABASE_URL`: `KINDLING_` and the name in capitals; an empty one counts as not set.
   `PORT`, which many platforms set, counts as `KINDLING_LISTEN=:PORT` if that is not set;
3. the settings file, TOML with the names below as keys: the file that `--config` or `KINDLING_CONFIG` names, otherwise
   `kindling.toml` in the working directory if it exists;
4. the default.

Kindling checks every source before it starts and reports all mistakes together. It never prints the password of a database.
A key of the file, or a variable that begins with `KINDLING_`, is a mistake if it names no setting; variables that Kubernetes sets for a
service called `kindling` are not. `kindling settings` lists all settings.
Relative paths start at the working directory. A list is written with commas in flags and variables (`en,es`), and as an array in the
file (`[\"en\", \"es\"]`). The flag of a setting that is true or false may stand alone: `--development` is `--development=true`.

| Name | Meaning | Values | Default |
| --- | --- | --- | --- |
";
