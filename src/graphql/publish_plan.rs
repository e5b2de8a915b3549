//! What a publication would come to, before it is made.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Lookahead, Object, SimpleObject};
use entity::entry_id::EntryId;

use super::entry::{PublishEntriesInput, allowed, targets};
use crate::{
    content::{
        plan::{Planned, ShownDraft},
        types::{AnyEntry, Reader, entries_of, reader},
        user_error::UserError,
        view::{ContentView, Perspective},
    },
    error::Result,
};

/// What a publication would come to.
#[derive(SimpleObject)]
pub struct PublishPlan {
    /// What would become public.
    publications: Vec<PlannedPublication>,
    /// Entries that would be shown, directly or through others, and that have a draft which would not become public: they would be
    /// shown as they are public, or not at all. Drafts that you may not read are left out.
    drafts: Vec<PlannedDraft>,
    /// Everything that would keep the entries from becoming public; nothing if they can.
    problems: Vec<UserError>,
}

/// A revision that would become public.
#[derive(SimpleObject)]
pub struct PlannedPublication {
    /// The entry, as a draft.
    entry: AnyEntry,
    /// The number of the revision that is public now; null if there is none.
    from: Option<i32>,
    /// The number of the revision that would be public; null if publishing one locale would save a new one.
    to: Option<i32>,
    /// The fields in which they differ, such as `title.en`.
    changed_fields: Vec<String>,
    /// The id of the entry that refers to this one and for which it would be published; null if it was named itself.
    because_of: Option<ID>,
}

/// An entry that would be shown, and of which something would stay a draft.
#[derive(SimpleObject)]
pub struct PlannedDraft {
    /// The entry, as a draft.
    entry: AnyEntry,
    /// The id of the entry that would show it.
    shown_by: ID,
    /// The field in which it would be shown, such as `sections`.
    field: String,
}

/// Questions about publications that have not been made.
#[derive(Default)]
pub struct PublishPlanQuery;

#[Object]
impl PublishPlanQuery {
    /// What a publication would come to: what becomes public, what stays a draft, and what keeps the entries from becoming public.
    /// For those who may publish them.
    async fn publish_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to become public.")] input: PublishEntriesInput,
    ) -> Result<PublishPlan> {
        let reader = reader(ctx)?;
        let planned = async {
            let step = allowed(reader, input.step())?;
            let targets = targets(&input.entries)?;
            let mut trial = reader.trial().await?;
            trial.apply(&targets, step).await?;
            trial.plan().await
        };
        let (plan, mut problems) = UserError::split(planned.await)?;
        let Some(plan) = plan else {
            return Ok(PublishPlan {
                publications: Vec::new(),
                drafts: Vec::new(),
                problems,
            });
        };
        if let Some(refusal) = plan.refusal {
            problems = UserError::split(Err::<(), _>(refusal))?.1;
        }
        let selected = |list: &str| ctx.look_ahead().field(list).field("entry");
        let ids = plan.publications.iter().map(|planned| planned.id);
        let mut entries = drafts(reader, ids.collect(), selected("publications")).await?;
        let publications = plan.publications.into_iter();
        let publications = publications.filter_map(|planned| {
            let entry = entries.remove(&planned.id)?;
            Some(PlannedPublication::of(entry, planned))
        });
        let publications = publications.collect();
        let ids = plan.drafts.iter().map(|draft| draft.id);
        let mut entries = drafts(reader, ids.collect(), selected("drafts")).await?;
        let drafts = plan.drafts.into_iter();
        let drafts = drafts.filter_map(|draft| {
            let entry = entries.remove(&draft.id)?;
            Some(PlannedDraft::of(entry, &draft))
        });
        Ok(PublishPlan {
            publications,
            drafts: drafts.collect(),
            problems,
        })
    }
}

/// The entries as drafts, with all that is selected of them, in the state of the database that all of the operation sees.
async fn drafts(
    reader: &Reader,
    ids: Vec<EntryId>,
    selection: Lookahead<'_>,
) -> Result<HashMap<EntryId, AnyEntry>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let view = reader.open(Some(ContentView {
        perspective: Perspective::Draft,
        ..ContentView::default()
    }))?;
    let views = (view.with_trash(), view);
    let entries = entries_of(reader, &ids, views, &[Arc::new(selection)]).await?;
    let entries = ids.into_iter().zip(entries);
    Ok(entries
        .filter_map(|(id, entry)| Some((id, entry?)))
        .collect())
}

impl PlannedPublication {
    fn of(entry: AnyEntry, planned: Planned) -> Self {
        Self {
            entry,
            from: planned.from,
            to: planned.to,
            changed_fields: planned.changed,
            because_of: planned.because_of.map(|id| id.to_string().into()),
        }
    }
}

impl PlannedDraft {
    fn of(entry: AnyEntry, draft: &ShownDraft) -> Self {
        Self {
            entry,
            shown_by: draft.shown_by.to_string().into(),
            field: draft.field.to_owned(),
        }
    }
}
