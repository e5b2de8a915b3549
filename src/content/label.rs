//! What stands for an entry in lists: a text and a picture.

use std::{any::Any, sync::Arc};

use super::{
    Content, Thumbnail, model::field::Stored, object::Entry, row::Row, scope::Loaded, types::Asset,
};

impl<M: Send + Sync + 'static> Loaded<M> {
    /// The first of the entry's labels that has a text.
    pub(super) fn label<C: Content<Model = M>>(&self) -> &str {
        let label = |path: &&'static str| match (C::field(path)?.get)(self) {
            Stored::Text(text) => text.filter(|text| !text.is_empty()),
            Stored::Texts(texts) => self.text(texts),
            _ => None,
        };
        C::LABELS.iter().find_map(label).unwrap_or_default()
    }

    /// The picture that stands for the entry, if the view shows it.
    pub(super) fn thumbnail<C: Content<Model = M>>(&self) -> Option<Entry<Asset>> {
        match C::THUMBNAIL {
            Thumbnail::None => None,
            Thumbnail::Field(path) => self.one(C::field(path)?.targets(self).first().copied()),
            Thumbnail::Itself => {
                let row: Arc<dyn Any + Send + Sync> = self.shared_row();
                let row = row.downcast::<Row<<Asset as Content>::Model>>().ok()?;
                Some(Entry::new(row, Arc::clone(self.scope())))
            }
        }
    }
}
