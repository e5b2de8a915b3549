//! Addresses among what is public: a slug belongs to one page, and an anchor to one section of a page.

use std::{
    any::Any,
    collections::{BTreeSet, HashMap, HashSet},
};

use entity::{entry::ContentType, entry_id::EntryId, page, reference, story_section};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use super::{change::at, mask::Mask, publish::Candidate};
use crate::{
    auth::Principal,
    error::{Problem, ProblemCode, Result},
};

/// What of a revision is unique among what is public.
pub enum Address {
    /// Nothing.
    None,
    /// Of a page its slug, and on it the anchors of its sections.
    Page {
        /// The slug.
        slug: String,
        /// The sections, in their order.
        sections: Vec<EntryId>,
    },
    /// Of a section its anchor, on each page that shows it.
    Section {
        /// The anchor.
        anchor: String,
    },
}

impl Address {
    /// The address of a row of any content type.
    pub fn of(row: &dyn Any) -> Self {
        if let Some(page) = row.downcast_ref::<page::Model>() {
            return Self::page(page);
        }
        match row.downcast_ref::<story_section::Model>() {
            Some(section) => Self::Section {
                anchor: section.anchor.clone(),
            },
            None => Self::None,
        }
    }

    fn page(page: &page::Model) -> Self {
        Self::Page {
            slug: page.slug.clone(),
            sections: page.sections.0.clone(),
        }
    }
}

/// The problem of a slug that another public page has.
pub(super) fn taken_slug() -> Problem {
    let message = "is the address of another public page";
    Problem::new(ProblemCode::Taken, "slug", message)
}

/// The candidates whose slugs other pages have that are public, or become so with them.
pub(super) async fn taken_slugs(
    tx: &DatabaseTransaction,
    candidates: &[Candidate],
) -> Result<Vec<Problem>> {
    let slug_of = |candidate: &Candidate| match &candidate.address {
        Address::Page { slug, .. } if !slug.is_empty() => Some((candidate.id, slug.clone())),
        _ => None,
    };
    let slugs: Vec<(EntryId, String)> = candidates.iter().filter_map(slug_of).collect();
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let others = page::Entity::find()
        .filter(Expr::col(page::Column::Published))
        .filter(page::Column::Slug.is_in(slugs.iter().map(|(_, slug)| slug.as_str())))
        .filter(page::Column::EntryId.is_not_in(slugs.iter().map(|(id, _)| id.uuid)))
        .all(tx)
        .await?;
    let mut seen: HashSet<String> = others.into_iter().map(|page| page.slug).collect();
    let is_taken = |(_, slug): &(EntryId, String)| !seen.insert(slug.clone());
    let taken = slugs.into_iter().filter(is_taken);
    Ok(taken
        .flat_map(|(id, _)| at(id, vec![taken_slug()]))
        .collect())
}

/// A page as it is public once the candidates are.
struct PublicPage {
    id: EntryId,
    slug: String,
    sections: Vec<EntryId>,
}

/// The anchors that stand twice on a public page, among the pages that the candidates are or stand on.
pub(super) async fn taken_anchors(
    tx: &DatabaseTransaction,
    principal: &Principal,
    candidates: &[Candidate],
) -> Result<Vec<Problem>> {
    let pages = affected_pages(tx, candidates).await?;
    let mut anchors = HashMap::new();
    for candidate in candidates {
        if let Address::Section { anchor } = &candidate.address {
            anchors.insert(candidate.id.uuid, anchor.clone());
        }
    }
    let sections = pages.iter().flat_map(|page| &page.sections);
    let others: BTreeSet<Uuid> = sections
        .map(|id| id.uuid)
        .filter(|id| !anchors.contains_key(id))
        .collect();
    if !others.is_empty() {
        let public = story_section::Entity::find()
            .filter(Expr::col(story_section::Column::Published))
            .filter(story_section::Column::EntryId.is_in(others))
            .all(tx)
            .await?;
        anchors.extend(public.into_iter().map(|row| (row.entry_id, row.anchor)));
    }
    let of_change: BTreeSet<EntryId> = candidates.iter().map(|candidate| candidate.id).collect();
    let mut problems = Vec::new();
    for page in pages {
        let mut seen: HashMap<&str, EntryId> = HashMap::new();
        for id in &page.sections {
            let Some(anchor) = anchors.get(&id.uuid) else {
                continue;
            };
            if let Some(first) = seen.insert(anchor, *id) {
                // The one that is becoming public now is the one to change.
                let culprit = if of_change.contains(id) { *id } else { first };
                let mask = Mask::of(tx, principal, [culprit, page.id]).await?;
                let on_page = if mask.hides(page.id) {
                    "a page".to_owned()
                } else {
                    format!("the page {}", page.slug)
                };
                let message = format!("{anchor} stands twice on {on_page}");
                let path = if mask.hides(culprit) {
                    format!("{}.sections", page.id)
                } else {
                    format!("{culprit}.anchor")
                };
                problems.push(Problem::new(ProblemCode::Taken, path, message));
            }
        }
    }
    Ok(problems)
}

/// The pages among the candidates, and the public ones that show sections among them.
async fn affected_pages(
    tx: &DatabaseTransaction,
    candidates: &[Candidate],
) -> Result<Vec<PublicPage>> {
    let (mut pages, mut own, mut sections) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        match &candidate.address {
            Address::Page { slug, sections } => {
                own.push(candidate.id.uuid);
                pages.push(PublicPage {
                    id: candidate.id,
                    slug: slug.clone(),
                    sections: sections.clone(),
                });
            }
            Address::Section { .. } => sections.push(candidate.id.uuid),
            Address::None => {}
        }
    }
    if !sections.is_empty() {
        let owners = Query::select()
            .column(reference::Column::OwnerId)
            .from(reference::Entity)
            .and_where(Expr::col(reference::Column::TargetId).is_in(sections))
            .to_owned();
        let showing = Condition::all()
            .add(page::Column::EntryId.in_subquery(owners))
            .add(page::Column::EntryId.is_not_in(own));
        let others = page::Entity::find()
            .filter(Expr::col(page::Column::Published))
            .filter(showing)
            .all(tx)
            .await?;
        pages.extend(others.into_iter().map(|page| PublicPage {
            id: EntryId {
                content_type: ContentType::Page,
                uuid: page.entry_id,
            },
            slug: page.slug,
            sections: page.sections.0,
        }));
    }
    Ok(pages)
}
