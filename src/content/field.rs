//! The fields of a content type as data: name, kind and limits, once, for checks, references, fallback and the schema.

use entity::{entry::ContentType, entry_id::EntryId, link::Link, localized::Localized};

use serde_json::Value;

use super::format::Format;

/// The longest label of a link, in characters.
pub const LONGEST_LABEL: usize = 100;
/// The longest address, in characters.
pub const LONGEST_URL: usize = 2_000;

/// One field of the content type whose rows are `M`.
pub struct Field<M: 'static> {
    /// Path in the API, such as `title` or `seo.title`.
    pub name: &'static str,
    /// Whether an entry without it cannot become public.
    pub required: Requirement<M>,
    /// What it holds.
    pub kind: Kind<M>,
}

/// Whether an entry can become public without a field.
pub enum Requirement<M: 'static> {
    /// It can.
    Never,
    /// It cannot.
    Always,
    /// It cannot if this holds; in words, to follow "Required to publish".
    If(fn(&M) -> bool, &'static str),
}

impl<M> Requirement<M> {
    /// Whether this row must have the field to be public.
    pub fn by(&self, row: &M) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::If(condition, _) => condition(row),
        }
    }
}

/// What a field holds, how to get it from a row, and its limits.
pub enum Kind<M: 'static> {
    /// One text, the same in all locales; at most so many characters.
    Text(fn(&M) -> Option<&str>, usize, Format),
    /// A text per locale; at most so many characters in each.
    Localized(fn(&M) -> &Localized, usize, Format),
    /// A number within these bounds.
    Number(fn(&M) -> Option<f64>, f64, f64),
    /// Labels and addresses; at most so many.
    Links(fn(&M) -> &[Link], usize),
    /// Another entry, of this type.
    Reference(fn(&M) -> Option<EntryId>, ContentType),
    /// Other entries in their order, of these types; at most so many.
    References(fn(&M) -> &[EntryId], &'static [ContentType], usize),
}

impl<M> Field<M> {
    /// A text that is the same in all locales.
    pub const fn text(
        name: &'static str,
        max: usize,
        format: Format,
        get: fn(&M) -> Option<&str>,
    ) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::Text(get, max, format),
        }
    }

    /// A text per locale.
    pub const fn localized(
        name: &'static str,
        max: usize,
        format: Format,
        get: fn(&M) -> &Localized,
    ) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::Localized(get, max, format),
        }
    }

    /// A number from `min` to `max`, both included.
    pub const fn number(
        name: &'static str,
        min: f64,
        max: f64,
        get: fn(&M) -> Option<f64>,
    ) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::Number(get, min, max),
        }
    }

    /// Labels and addresses.
    pub const fn links(name: &'static str, max: usize, get: fn(&M) -> &[Link]) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::Links(get, max),
        }
    }

    /// Another entry.
    pub const fn reference(
        name: &'static str,
        to: ContentType,
        get: fn(&M) -> Option<EntryId>,
    ) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::Reference(get, to),
        }
    }

    /// Other entries in their order.
    pub const fn references(
        name: &'static str,
        max: usize,
        to: &'static [ContentType],
        get: fn(&M) -> &[EntryId],
    ) -> Self {
        Self {
            name,
            required: Requirement::Never,
            kind: Kind::References(get, to, max),
        }
    }

    /// The same field, without which no entry becomes public.
    #[must_use]
    pub const fn required(mut field: Self) -> Self {
        field.required = Requirement::Always;
        field
    }

    /// The same field, without which no entry becomes public for which the condition holds.
    #[must_use]
    pub const fn required_if(
        mut field: Self,
        condition: fn(&M) -> bool,
        in_words: &'static str,
    ) -> Self {
        field.required = Requirement::If(condition, in_words);
        field
    }

    /// Whether there are rows that need public entries in this field.
    pub fn may_require_references(&self) -> bool {
        !matches!(self.required, Requirement::Never)
            && matches!(self.kind, Kind::Reference(..) | Kind::References(..))
    }

    /// The entries that the row's field refers to.
    pub fn targets(&self, row: &M) -> Vec<EntryId> {
        match &self.kind {
            Kind::Reference(get, _) => get(row).into_iter().collect(),
            Kind::References(get, _, _) => get(row).to_vec(),
            Kind::Text(..) | Kind::Localized(..) | Kind::Number(..) | Kind::Links(..) => Vec::new(),
        }
    }

    /// The row's text of the field in each locale, for a localised field.
    pub fn texts<'row>(&self, row: &'row M) -> Option<&'row Localized> {
        match &self.kind {
            Kind::Localized(get, _, _) => Some(get(row)),
            _ => None,
        }
    }

    /// A value of the field as it is stored: texts without white space at their ends.
    pub fn trim(&self, value: Value) -> Value {
        let trim = |format: Format, value: &mut Value| {
            if let Value::String(text) = value {
                let trimmed = format.trim(text);
                if trimmed.len() < text.len() {
                    *text = trimmed.to_owned();
                }
            }
        };
        let mut value = value;
        match &self.kind {
            Kind::Text(_, _, format) | Kind::Localized(_, _, format) => trim(*format, &mut value),
            Kind::Links(..) => {
                for link in value.as_array_mut().into_iter().flatten() {
                    trim(Format::Line, &mut link["label"]);
                    trim(Format::Url, &mut link["url"]);
                }
            }
            Kind::Number(..) | Kind::Reference(..) | Kind::References(..) => {}
        }
        value
    }

    /// The bytes of the row's texts and ids in the field.
    pub fn bytes(&self, row: &M) -> usize {
        /// What a text takes beside itself and its locale.
        const PER_TEXT: usize = 48;
        match &self.kind {
            Kind::Text(get, ..) => get(row).map_or(0, str::len),
            Kind::Localized(get, ..) => {
                let texts = get(row).0.iter();
                texts
                    .map(|(locale, text)| PER_TEXT + locale.len() + text.len())
                    .sum()
            }
            Kind::Links(get, _) => {
                let links = get(row).iter();
                links
                    .map(|link| PER_TEXT + link.label.len() + link.url.len())
                    .sum()
            }
            Kind::References(get, ..) => size_of_val(get(row)),
            Kind::Number(..) | Kind::Reference(..) => 0,
        }
    }

    /// The limits in words, for the schema's descriptions.
    pub fn limits(&self) -> String {
        let mut sentences = Vec::new();
        match &self.kind {
            Kind::Text(_, max, format) | Kind::Localized(_, max, format) => {
                sentences.push(format!("At most {max} characters{}.", format.in_words()));
            }
            Kind::Number(_, min, max) => sentences.push(format!("From {min} to {max}.")),
            Kind::Links(_, max) => sentences.push(format!(
                "At most {max} links, each with a label of at most {LONGEST_LABEL} and an address of at most {LONGEST_URL} characters."
            )),
            Kind::References(_, _, max) => sentences.push(format!("At most {max} entries.")),
            Kind::Reference(..) => {}
        }
        if matches!(self.kind, Kind::Localized(..)) {
            sentences.push("Localised.".to_owned());
        }
        match self.required {
            Requirement::Never => {}
            Requirement::Always => sentences.push("Required to publish.".to_owned()),
            Requirement::If(_, when) => sentences.push(format!("Required to publish {when}.")),
        }
        sentences.join(" ")
    }
}
