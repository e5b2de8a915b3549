//! Anchors are unique within their page: checked among what is public, whenever a page or one of its sections becomes so.

use std::collections::HashMap;

use entity::{entry_id::EntryId, page, reference, story_section};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use crate::error::{Problem, ProblemCode, Result};

/// The anchors that stand twice on a public page, among the pages and the pages of the sections with these ids.
pub async fn taken(tx: &DatabaseTransaction, ids: &[Uuid]) -> Result<Vec<Problem>> {
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
