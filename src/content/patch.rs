//! What an editor wants to be different: values by field, texts by field and locale, and changes of lists.

use async_graphql::{ID, InputType, MaybeUndefined};
use entity::entry_id::EntryId;
use serde_json::{Map, Value};

use super::{
    Content,
    given::Given,
    list_change::{ListChange, ReferencesInput},
    merge::Fields,
    scalar::Locale,
};
use crate::error::{Error, Problem, ProblemCode};

/// Changes of the fields of an entry. What it does not name stays as it is.
#[derive(Debug, Default)]
pub struct Patch {
    /// The locale in which texts are written.
    locale: String,
    /// The locales of the translations so far.
    translated: Vec<String>,
    steps: Vec<Step>,
    problems: Vec<Problem>,
}

/// Where a field is: its name in the row, and its path in the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name in the JSON of the row.
    pub field: &'static str,
    /// Its path in the API.
    pub path: String,
    /// Whether no entry can be without it, not even a draft.
    pub indispensable: bool,
}

#[derive(Debug)]
enum Step {
    /// A value; none to clear the field.
    Value(Place, Option<Value>),
    /// A text; none to clear it.
    Text(Place, String, Option<String>),
    List(Place, ListChange),
}

impl Patch {
    /// No changes yet; texts are written in this locale.
    pub fn in_locale(locale: &str) -> Self {
        Self {
            locale: locale.to_owned(),
            ..Self::default()
        }
    }

    /// Sets or clears a field.
    pub fn value<T: InputType>(&mut self, place: Place, value: MaybeUndefined<Given<T>>) {
        let given = match value {
            MaybeUndefined::Undefined => return,
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(given) => match given.check() {
                Ok(value) => Some(value),
                Err(message) => return self.wrong(place.path, &message),
            },
        };
        self.steps.push(Step::Value(place, given));
    }

    /// Sets or clears the text of a localised field, in the locale that was chosen last.
    pub fn text(&mut self, place: Place, text: MaybeUndefined<String>) {
        let text = match text {
            MaybeUndefined::Undefined => return,
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(text) => Some(text),
        };
        self.steps
            .push(Step::Text(place, self.locale.clone(), text));
    }

    /// Replaces, changes or clears a list of references.
    pub fn list(&mut self, place: Place, list: MaybeUndefined<ReferencesInput>) {
        let change = match list {
            MaybeUndefined::Undefined => return,
            MaybeUndefined::Null => ListChange::cleared(),
            MaybeUndefined::Value(input) => ListChange::read(input, &place.path, self),
        };
        self.steps.push(Step::List(place, change));
    }

    /// Sets a field that no editor writes, by its name in the JSON of the row.
    pub fn set(&mut self, field: &'static str, value: Value) {
        let place = Place {
            field,
            path: field.to_owned(),
            indispensable: false,
        };
        self.steps.push(Step::Value(place, Some(value)));
    }

    /// Clears a field, in all locales.
    pub fn clear(&mut self, place: Place) {
        self.steps.push(Step::Value(place, None));
    }

    /// The content with the changes, or what is wrong with them. `empty` is the content of an entry without any. Texts are stored
    /// without the white space at their ends.
    pub fn apply<C: Content>(
        self,
        mut fields: Fields,
        empty: &Fields,
    ) -> Result<Fields, Vec<Problem>> {
        let mut problems = self.problems;
        for step in self.steps {
            match step {
                Step::Value(place, None) if place.indispensable => {
                    problems.push(missing(place.path));
                }
                Step::Value(place, value) => {
                    let value = value.map(|value| trimmed::<C>(&place, value));
                    let value = value.or_else(|| empty.get(place.field).cloned());
                    fields.insert(place.field.to_owned(), value.unwrap_or_default());
                }
                Step::Text(place, locale, text) => {
                    let text = text.map(|text| trimmed::<C>(&place, text.into()));
                    set_text(&mut fields, &place, locale, text);
                }
                Step::List(place, change) => change.apply(&mut fields, &place, &mut problems),
            }
        }
        if problems.is_empty() {
            Ok(fields)
        } else {
            Err(problems)
        }
    }

    /// What an entry cannot be without, and has not been given.
    pub fn lacks(&self, places: &[Place]) -> Vec<Problem> {
        let given = |place: &&Place| {
            let is_it = |step: &Step| matches!(step, Step::Value(given, _) if given == *place);
            self.steps.iter().any(is_it)
                || self
                    .problems
                    .iter()
                    .any(|problem| problem.path == place.path)
        };
        let lacking = places
            .iter()
            .filter(|place| place.indispensable && !given(place));
        lacking.map(|place| missing(place.path.clone())).collect()
    }

    /// Notes what is wrong with what was sent.
    pub fn wrong(&mut self, path: String, message: &str) {
        self.problems
            .push(Problem::new(ProblemCode::Invalid, path, message));
    }

    /// Chooses the locale in which texts are written from now on. One that is none is noted.
    pub fn choose_locale(&mut self, locale: Given<Locale>, path: &str) {
        match locale.at(path) {
            Ok(locale) => self.locale = locale.0,
            Err(Error::Invalid(problems)) => self.problems.extend(problems),
            Err(error) => self.wrong(path.to_owned(), &error.to_string()),
        }
    }

    /// The same for a translation. A locale has one: that of the content beside it, too, if that has texts.
    pub fn choose_translation(&mut self, locale: Given<Locale>, path: &str) {
        let before = self.problems.len();
        self.choose_locale(locale, path);
        let is_written =
            |step: &Step| matches!(step, Step::Text(_, locale, _) if *locale == self.locale);
        let is_second = self.translated.contains(&self.locale) || self.steps.iter().any(is_written);
        if self.problems.len() == before && is_second {
            self.wrong(path.to_owned(), TWICE);
        }
        self.translated.push(self.locale.clone());
    }

    /// The id, or a note that it is none.
    pub fn id(&mut self, id: &ID, path: String) -> Option<EntryId> {
        let parsed = id.parse().ok();
        if parsed.is_none() {
            self.wrong(path, "is not an id of an entry");
        }
        parsed
    }
}

/// What is wrong with an item of a list that another one stands for already.
pub const TWICE: &str = "must not stand here twice";

fn missing(path: String) -> Problem {
    Problem::new(ProblemCode::Required, path, "must have a value")
}

/// A value for this place, as the field there stores it.
fn trimmed<C: Content>(place: &Place, value: Value) -> Value {
    match C::field(&place.path) {
        Some(field) => field.trim(value),
        None => value,
    }
}

fn set_text(fields: &mut Fields, place: &Place, locale: String, text: Option<Value>) {
    let texts = fields
        .entry(place.field)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(texts) = texts {
        match text {
            Some(text) => texts.insert(locale, text),
            None => texts.remove(&locale),
        };
    }
}
