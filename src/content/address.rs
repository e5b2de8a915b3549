//! Addresses among what is public: a slug belongs to one page, and an anchor to one section of a page.

use std::collections::HashMap;

use entity::{entry::ContentType, entry_id::EntryId, page, reference, story_section};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use crate::error::{Problem, ProblemCode, Result};

/// Whether another public page has the slug of this revision; never for entries without a slug.
pub async fn is_taken(tx: &DatabaseTransaction, id: EntryId, revision: i32) -> Result<bool> {
    if id.content_type != ContentType::Page {
        return Ok(false);
    }
    let slug = Query::select()
        .column(page::Column::Slug)
        .from(page::Entity)
        .and_where(Expr::col(page::Column::EntryId).eq(id.uuid))
        .and_where(Expr::col(page::Column::Revision).eq(revision))
        .to_owned();
    let other = page::Entity::find()
        .filter(Expr::col(page::Column::Published))
        .filter(page::Column::Slug.in_subquery(slug))
        .filter(page::Column::EntryId.ne(id.uuid));
    Ok(other.one(tx).await?.is_some())
}

/// The anchors that stand twice on a public page, among the pages and the pages of the sections with these ids.
pub async fn taken_anchors(tx: &DatabaseTransaction, ids: &[Uuid]) -> Result<Vec<Problem>> {
    let of_sections = Query::select()
        .column(reference::Column::OwnerId)
        .from(reference::Entity)
        .and_where(Expr::col(reference::Column::TargetId).is_in(ids.iter().copied()))
        .to_owned();
    let affected = Condition::any()
        .add(page::Column::EntryId.is_in(ids.iter().copied()))
        .add(page::Column::EntryId.in_subquery(of_sections));
    let pages = page::Entity::find()
        .filter(Expr::col((page::Entity, page::Column::Published)))
        .filter(affected)
        .all(tx)
        .await?;
    let mut problems = Vec::new();
    for page in pages {
        let sections = story_section::Entity::find()
            .filter(Expr::col((
                story_section::Entity,
                story_section::Column::Published,
            )))
            .filter(story_section::Column::EntryId.is_in(page.sections.0.iter().map(|id| id.uuid)))
            .all(tx)
            .await?;
        let mut seen: HashMap<&str, EntryId> = HashMap::new();
        for id in &page.sections.0 {
            let Some(section) = sections.iter().find(|section| section.entry_id == id.uuid) else {
                continue;
            };
            if let Some(first) = seen.insert(&section.anchor, *id) {
                // The one that is becoming public now is the one to change.
                let culprit = if ids.contains(&id.uuid) { *id } else { first };
                let message = format!("{} stands twice on the page {}", section.anchor, page.slug);
                let path = format!("{culprit}.anchor");
                problems.push(Problem::new(ProblemCode::Taken, path, message));
            }
        }
    }
    Ok(problems)
}
