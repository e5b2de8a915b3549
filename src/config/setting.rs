//! What a setting is, and the macro that turns the table of settings into a struct and a list.

/// The section of `--help` that lists the settings.
pub const SETTINGS_HEADING: &str = "Settings";

/// One setting as all its sources know it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its field, and its key in the file.
    pub name: &'static str,
    /// What it means, in one line without a full stop.
    pub about: &'static str,
    /// Which values it takes, in words.
    pub allowed: &'static str,
    /// The value if no source gives one; `{data_dir}` stands for that setting, nothing for none.
    pub default: &'static str,
    /// How its value is written.
    pub shape: Shape,
}

/// How the value of a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Plain,
    /// One value that is never shown.
    Secret,
    /// True or false; the bare flag means true.
    Switch,
    /// Values separated by commas; in the file an array.
    List,
}

impl Setting {
    /// The long flag without its dashes: `database-url`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable: `KINDLING_DATABASE_URL`.
    pub fn variable(&self) -> String {
        format!("KINDLING_{}", self.name.to_ascii_uppercase())
    }

    /// The default as documentation shows it: `<data_dir>/media`, `none`.
    pub fn shown_default(&self) -> String {
        match self.default {
            "" => "none".into(),
            text => text.replace("{data_dir}", "<data_dir>"),
        }
    }
}

/// Returns the setting whose name is nearest to this word, which names none, if one is near enough to be meant.
pub(super) fn nearest(word: &str) -> Option<&'static Setting> {
    let word = word.to_lowercase().replace('-', "_");
    let distance = |setting: &Setting| strsim::levenshtein(&word, setting.name);
    let nearest = super::SETTINGS
        .iter()
        .min_by_key(|setting| distance(setting));
    nearest.filter(|setting| distance(setting) <= setting.name.len() / 3)
}

/// Declares `Config`, [`Setting`]s in `SETTINGS`, and `Config::read`, from one table.
///
/// `Config::read` asks the reader for every setting before it gives up, so that all mistakes are found.
macro_rules! settings {
    ($(
        #[doc = $about:literal]
        $name:ident: $type:ty = $parse:path, $shape:expr, allowed $allowed:literal, default $default:literal;
    )+) => {
        /// Every setting, read and checked. Its `Debug` shows no secret.
        #[derive(Clone, Debug)]
        pub struct Config {
            $(
                #[doc = concat!($about, " (`", $allowed, "`).")]
                pub $name: $type,
            )+
        }

        /// All settings, in the order in which they are explained.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name),
            about: $about.trim_ascii(),
            allowed: $allowed,
            default: $default,
            shape: $shape,
        }),+];

        impl Config {
            fn read(reader: &mut source::Reader<'_>) -> Option<Self> {
                let mut table = SETTINGS.iter();
                $(let $name = table.next().and_then(|setting| reader.read(setting, $parse));)+
                Some(Self { $($name: $name?),+ })
            }
        }
    };
}

pub(super) use settings;
