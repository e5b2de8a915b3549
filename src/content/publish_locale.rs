//! Publishing one locale alone: the public revision with the texts of the draft in that locale, and nothing else of it.

use std::collections::BTreeSet;

use entity::{entry_id::EntryId, revision};

use super::{
    Content,
    change::{Change, refuse_archived, within},
    merge::with_texts,
    origin::Origin,
    types::for_type,
    write::{fields_of, row_of},
};
use crate::{
    auth::Right,
    error::{Error, ProblemCode, Result},
    event::Action,
};

impl Change {
    /// The texts of the latest revisions are to be public in one locale. The rest of each draft stays a draft. What blocks that is
    /// told when the change is sealed.
    pub async fn publish_locale(&mut self, ids: &[EntryId], locale: &str) -> Result<()> {
        self.refuse_if_half_done()?;
        let locales = &self.app.site.locales;
        if !locales.iter().any(|known| known == locale) {
            let message = format!("must be among the site's locales: {}", locales.join(", "));
            return Err(Error::invalid(ProblemCode::Invalid, "locale", message));
        }
        let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
        self.entries(ids.iter().copied()).await?;
        for id in ids {
            let published =
                for_type!(id.content_type, C => self.publish_locale_of::<C>(id, locale).await);
            published.map_err(|error| within(id, error))?;
        }
        Ok(())
    }

    /// Saves what is to become public as a revision of its own, if the draft says more than that, and the draft after it again.
    /// A trial saves nothing.
    async fn publish_locale_of<C: Content>(&mut self, id: EntryId, locale: &str) -> Result<()> {
        let entry = self.entry_with(Right::Publish, id).await?;
        refuse_archived(&entry)?;
        let Some(published) = entry.published_revision else {
            let message = "is not public yet; publish all of it first";
            return Err(Error::invalid(ProblemCode::NotPublic, "", message));
        };
        let latest = entry.latest_revision;
        let public = self.known_revision::<C>(id, published).await?;
        let draft = self.known_revision::<C>(id, latest).await?;
        let mixed = with_texts(
            &C::columns(),
            fields_of(&public)?,
            &fields_of(&draft)?,
            locale,
        );
        if mixed == fields_of(&public)? {
            return Ok(());
        }
        if mixed == fields_of(&draft)? {
            self.raise_row::<C>(id, latest, &draft);
            self.tell(Action::EntryPublished, id, latest);
            return Ok(());
        }
        let mixed = row_of::<C>(mixed)?;
        let mixed = self.validated::<C>(None, mixed, Some(&public)).await?;
        if self.is_trial {
            self.raise_row::<C>(id, latest, &mixed);
            return Ok(());
        }
        let origin = Origin::of(&public).by(revision::Origin::LocalePublished);
        let revision = self
            .advance::<C>(id, &entry, mixed.clone(), &origin)
            .await?;
        self.tell(Action::EntryUpdated, id, revision);
        self.raise_row::<C>(id, revision, &mixed);
        self.tell(Action::EntryPublished, id, revision);
        self.save_draft_again::<C>(id, latest).await
    }

    async fn save_draft_again<C: Content>(&mut self, id: EntryId, draft: i32) -> Result<()> {
        let entry = self.entry_with(Right::Publish, id).await?;
        let draft = self.known_revision::<C>(id, draft).await?;
        let revision = self
            .advance::<C>(
                id,
                &entry,
                draft.clone(),
                &Origin::of(&draft).by(revision::Origin::LocalePublished),
            )
            .await?;
        self.tell(Action::EntryUpdated, id, revision);
        Ok(())
    }
}
