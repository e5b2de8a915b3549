//! Publishing one locale alone: the public revision with the texts of the draft in that locale, and nothing else of it.

use entity::entry_id::EntryId;

use super::{
    Content,
    change::{Change, refuse_archived, within},
    merge::with_texts,
    origin::Origin,
    publish::Candidate,
    types::for_type,
    write::{fields_of, row_of},
};
use crate::{
    auth::Right,
    error::{Error, Problem, ProblemCode, Result},
    event::Action,
};

/// What is to become public of an entry.
struct Part {
    candidate: Candidate,
    problems: Vec<Problem>,
    /// The number of the draft that says more, if it does.
    draft: Option<i32>,
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
        self.entries(ids.iter().copied()).await?;
        let (mut candidates, mut problems, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for id in ids {
            let part = for_type!(id.content_type, C => self.save_locale::<C>(id, locale).await);
            let Some(part) = part.map_err(|error| within(id, error))? else {
                continue;
            };
            candidates.push(part.candidate);
            problems.extend(part.problems);
            waiting.extend(part.draft.map(|draft| (id, draft)));
        }
        self.make_public(&candidates, problems).await?;
        if self.is_trial {
            return Ok(());
        }
        for (id, draft) in waiting {
            for_type!(id.content_type, C => self.save_draft_again::<C>(id, draft).await)?;
        }
        Ok(())
    }

    /// Saves what is to become public as a revision of its own, if the draft says more than that. A trial saves nothing.
    async fn save_locale<C: Content>(&mut self, id: EntryId, locale: &str) -> Result<Option<Part>> {
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
            return Ok(None);
        }
        let part = |(candidate, problems), draft| Part {
            candidate,
            problems,
            draft,
        };
        if mixed == fields_of(&draft)? {
            return Ok(Some(part(self.checked::<C>(id, latest, &draft), None)));
        }
        let mixed = row_of::<C>(mixed)?;
        let mixed = self.validated::<C>(None, mixed, Some(&public)).await?;
        let mut revision = latest;
        if !self.is_trial {
            let origin = Origin::of(&public);
            revision = self
                .advance::<C>(id, &entry, mixed.clone(), &origin)
                .await?;
            self.tell(Action::EntryUpdated, id, revision);
        }
        Ok(Some(part(
            self.checked::<C>(id, revision, &mixed),
            Some(latest),
        )))
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
