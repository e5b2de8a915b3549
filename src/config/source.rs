//! Where the value of a setting comes from: flag, then environment, then file, then default.

use std::{collections::BTreeMap, env, ffi::OsString, fmt, path::Path, path::PathBuf};

use clap::ArgMatches;

use super::{ConfigError, Setting, Shape, file, reference, variable};

/// Who gave a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag(String),
    /// The environment.
    Variable(String),
    /// The settings file.
    File {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "from the flag --{flag}"),
            Self::Variable(name) => write!(f, "from the environment variable {name}"),
            Self::File { path, line } => write!(f, "from {}, line {line}", path.display()),
            Self::Default => f.write_str("by default"),
        }
    }
}

/// Variables of the environment by their names.
pub type Environment = BTreeMap<String, String>;

/// The port to listen on, as many platforms set it for the programs that they run.
const PORT: &str = "PORT";

/// Returns the variables of the environment that concern Kindling, for [`super::Config::load`].
///
/// Bytes that are no UTF-8 become U+FFFD, which every setting refuses.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment() -> Environment {
    let text = |(name, value): (OsString, OsString)| {
        [name, value].map(|text| text.to_string_lossy().into_owned())
    };
    let variables = env::vars_os().map(text).map(<(String, String)>::from);
    variables
        .filter(|(name, _)| name.starts_with(variable::PREFIX) || name == PORT)
        .collect()
}

/// Reads settings from all sources and collects the mistakes on the way.
pub(super) struct Reader<'a> {
    matches: &'a ArgMatches,
    env: &'a Environment,
    file: file::Values,
    data_dir: String,
    mistakes: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    /// Reads the settings file: the one that flag or environment name, else `default_file` if it exists. Checks the names of all
    /// variables.
    pub(super) fn open(matches: &'a ArgMatches, env: &'a Environment, default_file: &Path) -> Self {
        let mut mistakes = Vec::new();
        variable::check(env, &mut mistakes);
        let named =
            flag(matches, reference::CONFIG).or_else(|| value(env, reference::CONFIG_VARIABLE));
        let file = match named {
            Some(path) => file::read(Path::new(&path), true, &mut mistakes),
            None => file::read(default_file, false, &mut mistakes),
        };
        Self {
            matches,
            env,
            file,
            data_dir: String::new(),
            mistakes,
        }
    }

    /// The strongest value of a setting, after checking what every source says.
    pub(super) fn read<T>(
        &mut self,
        setting: &Setting,
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let mut sources = self.sources(setting);
        if setting.name == "data_dir" {
            // Kept as text: defaults that follow in the table are built from it.
            self.data_dir.clone_from(&sources[0].0);
        }
        // A default that no source can be blamed for is only checked when it is used.
        if sources.len() > 1 {
            sources.pop();
        }
        let mut values = sources
            .into_iter()
            .map(|(text, origin)| self.check(setting, &text, origin, parse));
        let strongest = values.next().flatten();
        values.for_each(drop);
        strongest
    }

    /// What each source says, the strongest first; the default is always the last.
    fn sources(&self, setting: &Setting) -> Vec<(String, Origin)> {
        let flag =
            flag(self.matches, setting.name).map(|text| (text, Origin::Flag(setting.flag())));
        let name = setting.variable();
        let variable = value(self.env, &name).map(|text| (text, Origin::Variable(name)));
        let is_set = flag.is_some() || variable.is_some();
        let port = (setting.name == "listen" && !is_set)
            .then(|| value(self.env, PORT))
            .flatten();
        let port = port.map(|port| (format!(":{port}"), Origin::Variable(PORT.to_owned())));
        let file = self.file.get(setting.name).cloned();
        let default = (self.default(setting), Origin::Default);
        flag.into_iter()
            .chain(variable)
            .chain(port)
            .chain(file)
            .chain([default])
            .collect()
    }

    /// What the strongest source says of a setting, in words without secrets; nothing if it has its default.
    pub(super) fn given(&self, setting: &Setting) -> Option<String> {
        let (text, origin) = self.sources(setting).into_iter().next()?;
        let shown = match setting.shape {
            Shape::Secret => "***".to_owned(),
            _ => masked(&text),
        };
        (origin != Origin::Default).then(|| format!("{} = {shown} ({origin})", setting.name))
    }

    fn default(&self, setting: &Setting) -> String {
        match setting.shape {
            Shape::Secret => setting
                .default
                .replace("{data_dir}", &url_encoded(&self.data_dir)),
            _ => setting
                .default
                .replace("{data_dir}", self.data_dir.trim_end_matches('/')),
        }
    }

    fn check<T>(
        &mut self,
        setting: &Setting,
        text: &str,
        origin: Origin,
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let result = if text.contains(char::REPLACEMENT_CHARACTER) {
            Err("not UTF-8".into())
        } else {
            parse(text)
        };
        result
            .map_err(|problem| {
                self.mistakes.push(ConfigError::BadValue {
                    name: setting.name,
                    value: (setting.shape != Shape::Secret).then(|| masked(text)),
                    origin,
                    problem,
                    allowed: setting.allowed,
                });
            })
            .ok()
    }

    /// All mistakes found so far.
    pub(super) fn into_mistakes(self) -> Vec<ConfigError> {
        self.mistakes
    }
}

fn flag(matches: &ArgMatches, name: &str) -> Option<String> {
    // Not `get_one`, which panics if the command does not carry the settings.
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}

fn value(env: &Environment, name: &str) -> Option<String> {
    env.get(name).filter(|value| !value.is_empty()).cloned()
}

/// The value without what stands before an `@`: somebody may have put a password into any URL.
fn masked(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("***@{rest}"),
        None => text.to_owned(),
    }
}

/// A path as part of a URL: everything but letters, digits and `-._~/` as `%XX`.
fn url_encoded(path: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    path.trim_end_matches('/').bytes().map(encode).collect()
}
