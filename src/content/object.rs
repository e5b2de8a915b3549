//! An entry as the API shows it: what all content types have in common, once.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Description, ID, InputObject, Object, SimpleObject, TypeName};
use entity::entry_id::{EntryId, VIEW_MARK};

use super::{
    Content,
    row::{Life, Row},
    scalar::{DateTime, Locale},
    scope::{Loaded, Scope},
    status::EntryStatus,
    translation::{Translation, fallbacks, translations},
    types::{Asset, metered::Metered},
};

/// An entry of one content type.
pub type Entry<C> = Metered<EntryFields<C>>;

/// The fields of an entry.
#[derive(Clone)]
pub struct EntryFields<C>(C);

impl<C: Content> Entry<C> {
    /// The entry of a row, in the scope in which it was loaded.
    pub fn new(row: Arc<Row<C::Model>>, scope: Arc<Scope>) -> Self {
        Self(EntryFields(C::from(Loaded::new::<C>(row, scope))))
    }
}

impl<C: Content> EntryFields<C> {
    fn of_entry(&self) -> EntryId {
        EntryId {
            content_type: C::TYPE,
            uuid: self.0.loaded().row().stamp().entry_id,
        }
    }

    fn life(&self) -> &Life {
        &self.0.loaded().row().entry
    }
}

impl<C: Content> TypeName for EntryFields<C> {
    fn type_name() -> Cow<'static, str> {
        C::NAME.into()
    }
}

impl<C: Content> Description for EntryFields<C> {
    fn description() -> &'static str {
        C::ABOUT
    }
}

/// An entry of any type.
#[Object(name_type, use_type_description)]
impl<C: Content> EntryFields<C> {
    /// Identity of what is shown: that of the entry, and of the view in which it is shown, so that a client that keeps objects by
    /// their ids keeps a draft apart from what is public, and one language from another. What the public sees in the default locale
    /// has the id of the entry. Wherever an id is taken, both are.
    pub async fn id(&self) -> ID {
        let view = self.0.loaded().view().name();
        let id = self.of_entry();
        if view.is_empty() {
            id.to_string().into()
        } else {
            format!("{id}{VIEW_MARK}{view}").into()
        }
    }

    /// Identity of the entry, which never changes, in any view or revision.
    pub async fn entry_id(&self) -> ID {
        self.of_entry().to_string().into()
    }

    /// Name by which the outside world knows the entry; unique within its type.
    pub async fn key(&self) -> Option<&str> {
        self.life().key.as_deref()
    }

    /// The revision that is shown: 1, 2, 3 …
    pub async fn revision(&self) -> i32 {
        self.0.loaded().row().stamp().revision
    }

    /// Where the entry stands in its life, as far as you may know.
    pub async fn status(&self) -> EntryStatus {
        let life = self.life();
        let entry = self.0.loaded().row().stamp().entry_id;
        let view = self.0.loaded().view();
        if view.knows_draft_of(entry, life.created_by) {
            EntryStatus::of(life)
        } else {
            EntryStatus::Published
        }
    }

    /// The locale of the view in which the entry is shown: the first one in which it has texts.
    pub async fn locale(&self) -> Locale {
        Locale(self.0.loaded().served_locale::<C>().to_owned())
    }

    /// The fields whose text is in another locale than `locale`, because they have none in it.
    pub async fn fallbacks(&self) -> Vec<&'static str> {
        fallbacks::<C>(self.0.loaded())
    }

    /// How far the entry is translated, in each of the site's locales.
    pub async fn translations(&self) -> Vec<Metered<Translation>> {
        let translations = translations::<C>(self.0.loaded());
        translations.into_iter().map(Metered).collect()
    }

    /// What the entry is called in lists, in the locale of the view; empty for a draft that has no such text yet.
    pub async fn label(&self) -> &str {
        self.0.loaded().label::<C>()
    }

    /// The picture that stands for the entry in lists: of an asset, the asset itself.
    pub async fn thumbnail(&self) -> Option<Entry<Asset>> {
        self.0.loaded().thumbnail::<C>()
    }

    /// When the entry was created.
    pub async fn created_at(&self) -> DateTime {
        DateTime(self.life().created_at)
    }

    /// When the revision that is shown was saved.
    pub async fn updated_at(&self) -> DateTime {
        DateTime(self.0.loaded().row().stamp().saved_at)
    }

    /// When what is shown of the entry, or of anything it shows, last changed: of public content, when the last of it became public or
    /// stopped being public; of drafts, when the last of it was saved. For `lastmod` in sitemaps, and for `Last-Modified`.
    pub async fn content_updated_at(&self) -> DateTime {
        DateTime(self.0.loaded().content_updated_at())
    }

    /// When the public revision became public.
    pub async fn published_at(&self) -> Option<DateTime> {
        let view = self.0.loaded().view();
        let published_at = self.life().published_at;
        published_at.map(|at| DateTime(view.shown_moment(at)))
    }

    #[graphql(flatten)]
    #[expect(
        clippy::unused_async,
        reason = "async-graphql wants resolvers to be async"
    )]
    async fn fields(&self) -> &C {
        &self.0
    }
}

/// An address with the words to click on.
#[derive(Clone, Debug, SimpleObject)]
pub struct Link {
    /// What the link says.
    pub label: String,
    /// Where it leads.
    pub url: super::scalar::Url,
}

impl Link {
    /// The links of a row.
    pub fn all(links: &entity::link::Links) -> Vec<Metered<Self>> {
        let shown = |link: &entity::link::Link| {
            Metered(Self {
                label: link.label.clone(),
                url: super::scalar::Url(link.url.clone()),
            })
        };
        links.0.iter().map(shown).collect()
    }
}

/// An address with the words to click on.
#[derive(Clone, Debug, InputObject)]
pub struct LinkInput {
    /// What the link says.
    pub label: String,
    /// Where it leads.
    pub url: String,
}
