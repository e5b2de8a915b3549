//! Publishing one locale alone: the public revision with the texts of the draft in that locale, and nothing else of it.

use entity::entry_id::EntryId;
use serde_json::Value;

use super::{
    Content,
    change::{Change, refuse_archived, within},
    merge::Fields,
    origin::Origin,
    types::for_type,
    write::{fields_of, row_of},
};
use crate::{
    auth::Right,
    error::{Error, ProblemCode, Result},
    event::Action,
};

/// What of a draft a locale is.
enum Part {
    /// Nothing: the texts are public already.
    Nothing,
    /// All that differs from what is public.
    All,
    /// Some of it; the draft of this number says more.
    Some(i32),
}

impl Change {
    /// Makes the texts of the latest revisions public in one locale: of all entries, or of none. The rest of each draft
    /// stays a draft.
    pub async fn publish_locale(&mut self, ids: &[EntryId], locale: &str) -> Result<()> {
        self.refuse_if_half_done()?;
        let locales = &self.app.site.locales;
        if !locales.iter().any(|known| known == locale) {
            let message = format!("must be among the site's locales: {}", locales.join(", "));
            return Err(Error::invalid(ProblemCode::Invalid, "locale", message));
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let (mut changed, mut waiting) = (Vec::new(), Vec::new());
        for id in ids {
            let part = for_type!(id.content_type, C => self.save_locale::<C>(id, locale).await);
            match part.map_err(|error| within(id, error))? {
                Part::Nothing => {}
                Part::All => changed.push(id),
                Part::Some(draft) => {
                    changed.push(id);
                    waiting.push((id, draft));
                }
            }
        }
        self.publish(&changed).await?;
        for (id, draft) in waiting {
            for_type!(id.content_type, C => self.save_draft_again::<C>(id, draft).await)?;
        }
        Ok(())
    }

    /// Saves what is to become public as a revision of its own, if the draft says more than that.
    async fn save_locale<C: Content>(&mut self, id: EntryId, locale: &str) -> Result<Part> {
        let entry = self.entry_with(Right::Publish, id).await?;
        refuse_archived(&entry)?;
        let Some(published) = entry.published_revision else {
            let message = "is not public yet; publish all of it first";
            return Err(Error::invalid(ProblemCode::NotPublic, "", message));
        };
        let public = self.known_revision::<C>(id, published).await?;
        let draft = self.known_revision::<C>(id, entry.latest_revision).await?;
        let mixed = with_texts(fields_of(&public)?, &fields_of(&draft)?, locale);
        if mixed == fields_of(&public)? {
            return Ok(Part::Nothing);
        }
        if mixed == fields_of(&draft)? {
            return Ok(Part::All);
        }
        let mixed = row_of::<C>(mixed)?;
        let mixed = self.validated::<C>(None, mixed, Some(&public)).await?;
        let revision = self
            .advance::<C>(id, &entry, mixed, &Origin::of(&public))
            .await?;
        self.tell(Action::EntryUpdated, id, revision);
        Ok(Part::Some(entry.latest_revision))
    }

    async fn save_draft_again<C: Content>(&mut self, id: EntryId, draft: i32) -> Result<()> {
        let entry = self.entry_with(Right::Publish, id).await?;
        let draft = self.known_revision::<C>(id, draft).await?;
        let revision = self
            .advance::<C>(id, &entry, draft.clone(), &Origin::of(&draft))
            .await?;
        self.tell(Action::EntryUpdated, id, revision);
        Ok(())
    }
}

/// The public content with the draft's texts in one locale.
fn with_texts(mut public: Fields, draft: &Fields, locale: &str) -> Fields {
    for (name, value) in &mut public {
        if let Value::Object(texts) = value {
            match draft.get(name).and_then(|texts| texts.get(locale)) {
                Some(text) => texts.insert(locale.to_owned(), text.clone()),
                None => texts.remove(locale),
            };
        }
    }
    public
}
