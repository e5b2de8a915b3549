//! The names of views in the ids of what they show: `milestone_…~draft~es`. A client that keeps objects by their ids keeps what two
//! views show of one entry apart; what the public sees in the default locale has the id of the entry.

use async_graphql::{ScalarType, Value};
use entity::entry_id::VIEW_MARK;

use super::{
    scalar::{DateTime, Locale},
    view::{ContentView, Perspective},
};
use crate::error::{Error, ProblemCode, Result};

const DRAFT: &str = "draft";
const BETWEEN_LOCALES: char = '.';

/// The name of a view; the locales are without the default one at the end.
pub(super) fn write(
    perspective: Perspective,
    locales: &[String],
    as_of: Option<&DateTime>,
) -> String {
    let mut parts = Vec::new();
    if perspective == Perspective::Draft {
        parts.push(DRAFT.to_owned());
    }
    if let Some(Value::String(moment)) = as_of.map(DateTime::to_value) {
        parts.push(moment);
    }
    if !locales.is_empty() {
        parts.push(locales.join(&BETWEEN_LOCALES.to_string()));
    }
    parts.join(&VIEW_MARK.to_string())
}

/// The view that is named in an id; none if it is the id of an entry.
pub fn read(id: &str, path: &str) -> Result<Option<ContentView>> {
    let Some((_, name)) = id.split_once(VIEW_MARK) else {
        return Ok(None);
    };
    let wrong = || Error::invalid(ProblemCode::Invalid, path, "is not an id of an entry");
    let mut view = ContentView::default();
    for part in name.split(VIEW_MARK) {
        if part == DRAFT {
            view.perspective = Perspective::Draft;
        } else if part.starts_with(|c: char| c.is_ascii_digit()) {
            let moment = DateTime::parse(Value::String(part.to_owned())).map_err(|_| wrong())?;
            view.as_of = Some(moment);
        } else {
            let locale = |text: &str| Locale::parse(Value::String(text.to_owned()));
            let locales = part.split(BETWEEN_LOCALES).map(locale);
            let locales: std::result::Result<Vec<Locale>, _> = locales.collect();
            view.locales = Some(locales.map_err(|_| wrong())?);
        }
    }
    Ok(Some(view))
}
