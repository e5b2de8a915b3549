//! The fields of a content type as data: what each is called, what it holds and within which limits. Checks, references, fallback,
//! merging, search, the schema's descriptions and `contentTypes` ask this, and nothing else.

use entity::{entry::ContentType, entry_id::EntryId, link::Link, localized::Localized};
use serde_json::Value;

use super::format::Format;
use crate::content::merge::Shape;

/// The maximum length of the label of a link, in characters.
pub const MAX_LINK_LABEL_CHARS: usize = 100;
/// The maximum length of an address, in characters.
pub const MAX_URL_CHARS: usize = 2_000;

/// One field of the content type whose rows are `M`, as `#[content_type]` declares it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the declaration"
)]
pub struct Field<M: 'static> {
    /// Path in the API, such as `title` or `seo.title`.
    pub path: &'static str,
    /// Name in the JSON of the row, such as `seoTitle`.
    pub stored_as: &'static str,
    /// Name of the column, such as `seo_title`.
    pub column: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it holds a value per locale.
    pub is_localised: bool,
    /// What cannot be done without it.
    pub required: Requirement<M>,
    /// Whether only signed-in readers see it.
    pub is_internal: bool,
    /// Whether editors cannot write it.
    pub is_read_only: bool,
    /// Whether lists can be filtered by it.
    pub is_filterable: bool,
    /// Whether lists can be sorted by it.
    pub is_sortable: bool,
    /// Among which public entries its value is unique.
    pub unique: Unique,
    /// The field of the same group or type before which it must not lie.
    pub not_before: Option<NotBefore<M>>,
    /// The row's value.
    pub get: fn(&M) -> Stored<'_>,
}

impl<M> Clone for Field<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Field<M> {}

/// Another field, and whether a row breaks the order of both.
pub struct NotBefore<M> {
    /// The last name in the path of the other field.
    pub other: &'static str,
    /// Whether this field lies before the other one.
    pub is_before: fn(&M) -> bool,
}

impl<M> Clone for NotBefore<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for NotBefore<M> {}

/// What cannot be done without a field.
pub enum Requirement<M: 'static> {
    /// Nothing.
    Never,
    /// Saving.
    ToSave,
    /// Publishing.
    ToPublish,
    /// Publishing, if this holds; in words, to follow "Required to publish".
    ToPublishIf(fn(&M) -> bool, &'static str),
    /// Saving, if any other field of its group has a value.
    WithGroup,
}

impl<M> Clone for Requirement<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Requirement<M> {}

impl<M> Requirement<M> {
    /// Whether this row must have the field to be public.
    pub fn by(&self, row: &M) -> bool {
        match self {
            Self::Never | Self::ToSave | Self::WithGroup => false,
            Self::ToPublish => true,
            Self::ToPublishIf(condition, _) => condition(row),
        }
    }
}

/// Among which public entries the value of a field is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Among none.
    No,
    /// Among all of its type. An entry is found by former values, too, if no other one has them.
    OfType,
    /// Among those that one entry shows in a list: the type of that entry, and the path of its field.
    Within(ContentType, &'static str),
}

/// What a field holds, and its limits.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text of at most so many characters.
    Text(Format, usize),
    /// A day, a month or a year.
    PartialDate,
    /// A day.
    Date,
    /// An exact number.
    Decimal,
    /// A whole number within these bounds.
    Integer(i32, i32),
    /// A number within these bounds.
    Float(f64, f64),
    /// Yes or no.
    Flag,
    /// One of these words.
    Choice(fn() -> Vec<&'static str>),
    /// Labels and addresses; at most so many.
    Links(usize),
    /// Another entry, of this type.
    Reference(ContentType),
    /// Other entries in their order, of these types; at most so many.
    References(&'static [ContentType], usize),
}

/// A row's value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Stored<'row> {
    /// One text, the same in all locales.
    Text(Option<&'row str>),
    /// A text per locale.
    Texts(&'row Localized),
    /// A number.
    Number(Option<f64>),
    /// Something whose type checks it; whether there is a value.
    Checked(bool),
    /// Labels and addresses.
    Links(&'row [Link]),
    /// Another entry.
    One(Option<EntryId>),
    /// Other entries.
    Many(&'row [EntryId]),
}

impl Stored<'_> {
    /// Whether there is no value; of texts per locale, none in this locale.
    pub fn is_empty_in(&self, locale: &str) -> bool {
        match self {
            Self::Text(text) => text.is_none_or(str::is_empty),
            Self::Texts(texts) => texts.get(locale).is_none(),
            Self::Number(number) => number.is_none(),
            Self::Checked(has_value) => !has_value,
            Self::Links(links) => links.is_empty(),
            Self::One(id) => id.is_none(),
            Self::Many(ids) => ids.is_empty(),
        }
    }

    /// Whether there is no value in any locale.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Texts(texts) => texts.0.is_empty(),
            other => other.is_empty_in(""),
        }
    }

    /// The bytes of its texts and ids.
    fn bytes(&self) -> usize {
        /// What a text takes beside itself and its locale.
        const PER_TEXT: usize = 48;
        match self {
            Self::Text(text) => text.map_or(0, str::len),
            Self::Texts(texts) => {
                let texts = texts.0.iter();
                texts
                    .map(|(locale, text)| PER_TEXT + locale.len() + text.len())
                    .sum()
            }
            Self::Links(links) => {
                let links = links.iter();
                links
                    .map(|link| PER_TEXT + link.label.len() + link.url.len())
                    .sum()
            }
            Self::Many(ids) => size_of_val(*ids),
            Self::Number(_) | Self::Checked(_) | Self::One(_) => 0,
        }
    }
}

impl Kind {
    /// The types of the entries that such a field refers to.
    pub fn targets(&self) -> &[ContentType] {
        match self {
            Self::Reference(to) => std::slice::from_ref(to),
            Self::References(to, _) => to,
            _ => &[],
        }
    }

    /// Whether it is something to read and to search in.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(..))
    }

    /// How much it holds at most, in words.
    fn limits(&self) -> Option<String> {
        match self {
            Self::Text(format, max) => {
                Some(format!("At most {max} characters{}.", format.in_words()))
            }
            Self::Integer(min, max) => Some(format!("From {min} to {max}.")),
            Self::Float(min, max) => Some(format!("From {min} to {max}.")),
            Self::Links(max) => Some(format!(
                "At most {max} links, each with a label of at most {MAX_LINK_LABEL_CHARS} and an address of at most {MAX_URL_CHARS} characters."
            )),
            Self::References(_, max) => Some(format!("At most {max} entries.")),
            Self::PartialDate
            | Self::Date
            | Self::Decimal
            | Self::Flag
            | Self::Choice(_)
            | Self::Reference(_) => None,
        }
    }
}

impl<M> Field<M> {
    /// Whether it refers to other entries.
    pub fn is_reference(&self) -> bool {
        !self.kind.targets().is_empty()
    }

    /// Whether there are rows that need public entries in this field.
    pub fn may_require_references(&self) -> bool {
        self.is_reference()
            && matches!(
                self.required,
                Requirement::ToPublish | Requirement::ToPublishIf(..)
            )
    }

    /// The entries that the row's field refers to.
    pub fn targets(&self, row: &M) -> Vec<EntryId> {
        match (self.get)(row) {
            Stored::One(id) => id.into_iter().collect(),
            Stored::Many(ids) => ids.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The row's text of the field in each locale, for a localised field.
    pub fn texts<'row>(&self, row: &'row M) -> Option<&'row Localized> {
        // Each entry that is shown asks this of all its fields.
        if !self.is_localised {
            return None;
        }
        match (self.get)(row) {
            Stored::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The bytes of the row's texts and ids in the field.
    pub fn bytes(&self, row: &M) -> usize {
        (self.get)(row).bytes()
    }

    /// How its value can be taken apart, for what differs and for merging.
    pub fn shape(&self) -> Shape {
        match self.kind {
            Kind::Text(..) if self.is_localised => Shape::PerLocale,
            Kind::References(..) => Shape::Set,
            Kind::Links(_) => Shape::List,
            _ => Shape::Whole,
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
        match self.kind {
            Kind::Text(format, _) => trim(format, &mut value),
            Kind::Links(_) => {
                for link in value.as_array_mut().into_iter().flatten() {
                    trim(Format::Line, &mut link["label"]);
                    trim(Format::Url, &mut link["url"]);
                }
            }
            _ => {}
        }
        value
    }

    /// The limits in words, for the schema's descriptions.
    pub fn limits(&self) -> String {
        let localised = self.is_localised.then(|| "Localised.".to_owned());
        let required = match self.required {
            Requirement::Never => None,
            Requirement::ToSave if self.is_read_only => None,
            Requirement::ToSave => Some("Required.".to_owned()),
            Requirement::ToPublish => Some("Required to publish.".to_owned()),
            Requirement::ToPublishIf(_, when) => Some(format!("Required to publish {when}.")),
            Requirement::WithGroup => Some("Required with any other field beside it.".to_owned()),
        };
        let sentences = [self.kind.limits(), localised, required];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        sentences.join(" ")
    }
}

/// Fields that belong together, as one object in the API.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Path in the API, such as `seo`.
    pub path: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Whether only signed-in readers see it.
    pub is_internal: bool,
    /// Whether it is a point of a picture.
    pub is_point: bool,
}

/// Several parts of the fields of a type, in one. The length is that of all parts together.
pub const fn joined<M, const LENGTH: usize>(parts: &[&[Field<M>]]) -> [Field<M>; LENGTH] {
    let mut first = 0;
    while parts[first].is_empty() {
        first += 1;
    }
    let mut all = [parts[first][0]; LENGTH];
    let (mut part, mut at, mut filled) = (0, 0, 0);
    while part < parts.len() {
        while at < parts[part].len() {
            all[filled] = parts[part][at];
            filled += 1;
            at += 1;
        }
        part += 1;
        at = 0;
    }
    all
}
