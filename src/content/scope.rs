//! What one root field has loaded: the view that it was read in, and every entry that its selection needs.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use entity::{Instant, entry_id::EntryId, localized::Localized, stamp::Stamped};
use sea_orm::prelude::Uuid;

use super::{
    Content, locale, markdown,
    model::target::Target,
    object::Entry,
    parts::Moments,
    row::{AnyRow, Row},
    view::View,
};
use crate::{
    app::Site,
    error::{Error, ProblemCode, Result},
};

/// The view and the loaded entries that everything below a root field shares.
pub struct Scope {
    /// What the read looked at.
    pub view: View,
    /// The day of the read, in UTC. Nothing may depend on time more closely: answers are kept for as long as the day lasts.
    pub today: NaiveDate,
    /// What is the same for all entries of the site.
    pub site: Arc<Site>,
    /// The entries that others refer to, as far as the selection asks for them and the view shows them.
    pub rows: HashMap<Uuid, AnyRow>,
    /// When entries last changed with their parts, where the selection needs it.
    pub moments: Moments,
    /// The texts that were rendered as HTML, each once, however often it is selected.
    pub html: RenderedTexts,
}

/// HTML by the place of its Markdown in memory, which stays there for as long as the rows are shown, and the level of its headings.
#[derive(Default)]
pub struct RenderedTexts(Mutex<HashMap<(usize, u8), Arc<str>>>);

impl RenderedTexts {
    fn of(&self, markdown: &str, largest_heading: u8) -> Arc<str> {
        let mut rendered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = markdown.as_ptr().addr();
        let html = rendered
            .entry((place, largest_heading))
            .or_insert_with(|| markdown::to_html(markdown, largest_heading).into());
        Arc::clone(html)
    }
}

/// A row together with the scope in which it was loaded.
pub struct Loaded<M> {
    row: Arc<Row<M>>,
    scope: Arc<Scope>,
    /// The locale in which the entry stands on its own, if that is not the site's default one.
    home: Option<Arc<str>>,
}

impl<M> Clone for Loaded<M> {
    fn clone(&self) -> Self {
        Self {
            row: Arc::clone(&self.row),
            scope: Arc::clone(&self.scope),
            home: self.home.clone(),
        }
    }
}

impl<M> Deref for Loaded<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row.content
    }
}

impl<M> Loaded<M> {
    /// A row in its scope.
    pub fn new<C: Content<Model = M>>(row: Arc<Row<M>>, scope: Arc<Scope>) -> Self {
        let home = locale::home::<C>(&row.content, &scope.site.locales);
        Self {
            row,
            scope,
            home: home.map(Into::into),
        }
    }

    /// The row with the life of its entry.
    pub fn row(&self) -> &Row<M> {
        &self.row
    }

    /// The row, to be shown once more.
    pub(super) fn shared_row(&self) -> Arc<Row<M>> {
        Arc::clone(&self.row)
    }

    /// What the read looked at.
    pub fn view(&self) -> &View {
        &self.scope.view
    }

    /// When what is shown of the entry or of its parts last changed.
    pub fn content_updated_at(&self) -> Instant
    where
        M: Stamped,
    {
        let stamp = self.row.stamp();
        let moment = self.scope.moments.get(&stamp.entry_id);
        moment.copied().unwrap_or(stamp.saved_at)
    }

    /// The day of the read, in UTC.
    pub fn today(&self) -> NaiveDate {
        self.scope.today
    }

    /// The locales in which its texts are looked for, in their order: those of the view, and the one in which the entry stands on
    /// its own.
    pub fn locales(&self) -> impl Iterator<Item = &str> {
        let home = self.home.as_deref();
        let home = home.filter(|_| !self.view().is_of_one_locale());
        self.view().locales().iter().map(String::as_str).chain(home)
    }

    /// The locale in which the entry stands on its own.
    pub fn home_locale(&self) -> &str {
        let home = self.home.as_deref();
        home.unwrap_or_else(|| self.scope.site.default_locale())
    }

    /// The text in the first of these locales that has one.
    pub fn text<'row>(&'row self, texts: &'row Localized) -> Option<&'row str> {
        self.locales().find_map(|locale| texts.get(locale))
    }

    /// The same as HTML, from Markdown, whose largest headings have this level.
    pub fn html(&self, texts: &Localized, heading_level: i32) -> Result<Option<Arc<str>>> {
        let level = u8::try_from(heading_level).ok();
        let Some(level) = level.filter(|level| (1..=6).contains(level)) else {
            let message = "must be from 1 to 6";
            return Err(Error::invalid(
                ProblemCode::Invalid,
                "headingLevel",
                message,
            ));
        };
        Ok(self.text(texts).map(|text| self.scope.html.of(text, level)))
    }

    /// The same for a field that every public entry has; a draft without it in any locale shows an empty text.
    pub fn required_text<'row>(&'row self, texts: &'row Localized) -> &'row str {
        self.text(texts).unwrap_or_default()
    }

    /// The value, if the reader may see fields for signed-in readers.
    pub fn internal<T>(&self, value: Option<T>) -> Option<T> {
        value.filter(|_| self.view().shows_internal_fields())
    }

    /// The entry that a field refers to, if the view shows it.
    pub fn one<C: Content>(&self, id: Option<EntryId>) -> Option<Entry<C>> {
        self.any(id?)?
            .typed::<C>()
            .map(|row| Entry::new(row, Arc::clone(&self.scope)))
    }

    /// The entries that a field refers to, as far as the view shows them.
    pub fn many<T: Target>(&self, ids: &[EntryId]) -> Vec<T::Shown> {
        let rows = ids.iter().filter_map(|id| self.any(*id));
        rows.filter_map(|row| T::shown(row, &self.scope)).collect()
    }

    /// The entry of any type that a field refers to, if the view shows it.
    pub fn any(&self, id: EntryId) -> Option<&AnyRow> {
        self.scope.rows.get(&id.uuid)
    }

    /// Where the file with this key in the media store is served.
    pub fn media_url(&self, storage_key: &str) -> String {
        format!("{}{storage_key}", self.scope.site.media_base)
    }

    /// What everything below the root field shares.
    pub fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }
}
