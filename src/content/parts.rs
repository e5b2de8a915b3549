//! The parts of entries: what they show beside their own texts, directly or through others; and when any of it last changed.

use std::collections::{HashMap, HashSet};

use entity::{Instant, entry_id::EntryId, publication};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
    sea_query::CaseStatement,
};

use super::{
    Content,
    by_id::{IDS_PER_STATEMENT, IdsByType, by_ids, is_among},
    row::AnyRow,
    types::for_type,
    view::View,
};
use crate::{database::Snapshot, error::Result};

/// When each of some entries last changed, with its parts, as the view shows them.
pub type Moments = HashMap<Uuid, Instant>;

/// The parts of an entry, and when it was saved in the revision that is shown.
struct Shown {
    parts: Vec<EntryId>,
    saved_at: Instant,
}

/// Loads the parts of the rows, and returns when each of these last changed. A part that the public sees no more counts, too: it
/// changed when it went.
pub async fn moments(
    snapshot: &Snapshot,
    view: &View,
    roots: Vec<AnyRow>,
    loaded: &mut HashMap<Uuid, AnyRow>,
) -> Result<Moments> {
    let ids: Vec<Uuid> = roots.iter().map(|row| row.id.uuid).collect();
    if ids.is_empty() {
        return Ok(Moments::new());
    }
    let mut shown: HashMap<Uuid, Shown> = HashMap::new();
    let mut level = roots;
    while !level.is_empty() {
        let rows = level.drain(..).filter_map(|row| {
            let parts = for_type!(row.id.content_type, C => of_row::<C>(&row))?;
            Some((row.id.uuid, parts))
        });
        let rows: Vec<(Uuid, Shown)> = rows.collect();
        let parts = rows.iter().flat_map(|(_, row)| &row.parts).copied();
        let parts: HashSet<EntryId> = parts.filter(|id| view.reaches(id.content_type)).collect();
        shown.extend(rows);
        let mut missing = IdsByType::new();
        for id in parts.iter().filter(|id| !loaded.contains_key(&id.uuid)) {
            missing.entry(id.content_type).or_default().push(*id);
        }
        if !missing.is_empty() {
            let rows = by_ids(snapshot, view, missing).await?;
            loaded.extend(rows.into_iter().map(|row| (row.id.uuid, row)));
        }
        let next = parts.iter().filter(|id| !shown.contains_key(&id.uuid));
        level = next
            .filter_map(|id| loaded.get(&id.uuid).cloned())
            .collect();
    }
    let own = own_moments(snapshot, view, &ids, &shown).await?;
    let mut known = Moments::new();
    for id in &ids {
        latest(*id, &own, &shown, &mut known);
    }
    Ok(known)
}

fn of_row<C: Content>(row: &AnyRow) -> Option<Shown> {
    let row = row.typed::<C>()?;
    let parts = C::FIELDS
        .iter()
        .flat_map(|field| field.targets(&row.content));
    Some(Shown {
        parts: parts.collect(),
        saved_at: row.stamp().saved_at,
    })
}

/// When each of the entries itself last changed, and of those that the view does not show, when they went.
async fn own_moments(
    snapshot: &Snapshot,
    view: &View,
    roots: &[Uuid],
    shown: &HashMap<Uuid, Shown>,
) -> Result<Moments> {
    if view.is_of_drafts() {
        let saved = shown.iter().map(|(id, row)| (*id, row.saved_at));
        return Ok(saved.collect());
    }
    let parts = shown.values().flat_map(|row| &row.parts);
    let parts = parts.filter(|id| view.reaches(id.content_type));
    let ids: HashSet<Uuid> = parts
        .map(|id| id.uuid)
        .chain(roots.iter().copied())
        .collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut moments = Moments::with_capacity(ids.len());
    for part in ids.chunks(IDS_PER_STATEMENT) {
        let is_of = is_among(snapshot, publication::Column::EntryId.into_expr(), part);
        let published: Vec<Published> = snapshot.all(publications(view, is_of)).await?;
        moments.extend(published.into_iter().map(|row| {
            let changed = [Some(row.started_at), row.ended_at]
                .into_iter()
                .flatten()
                .max();
            let changed = changed.unwrap_or(row.started_at);
            (row.entry_id, view.shown_moment(changed))
        }));
    }
    Ok(moments)
}

/// When an entry was published last, and when its last publication ended.
#[derive(FromQueryResult)]
struct Published {
    entry_id: Uuid,
    started_at: Instant,
    ended_at: Option<Instant>,
}

fn publications(view: &View, is_of_parts: Expr) -> Select<publication::Entity> {
    use publication::Column::{EndsAt, EntryId, StartsAt};
    let select = publication::Entity::find()
        .select_only()
        .column(EntryId)
        .column_as(StartsAt.max(), "started_at")
        .filter(is_of_parts)
        .group_by(EntryId);
    match view.as_of() {
        None => select.column_as(EndsAt.max(), "ended_at"),
        Some(moment) => {
            let past = CaseStatement::new().case(EndsAt.lte(moment), Expr::col(EndsAt));
            select
                .column_as(Expr::Case(Box::new(past)).max(), "ended_at")
                .filter(StartsAt.lte(moment))
        }
    }
}

/// Returns the latest moment of an entry and its parts. In a cycle of references each entry counts once.
fn latest(
    id: Uuid,
    own: &Moments,
    shown: &HashMap<Uuid, Shown>,
    known: &mut Moments,
) -> Option<Instant> {
    if let Some(moment) = known.get(&id) {
        return Some(*moment);
    }
    let own_moment = own.get(&id).copied();
    if let Some(moment) = own_moment {
        known.insert(id, moment);
    }
    let parts = shown.get(&id).map_or(&[][..], |row| &row.parts);
    let of_parts = parts
        .iter()
        .filter_map(|part| latest(part.uuid, own, shown, known))
        .max();
    let moment = [own_moment, of_parts].into_iter().flatten().max()?;
    known.insert(id, moment);
    Some(moment)
}
