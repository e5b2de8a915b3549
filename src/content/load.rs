//! Loads what a selection needs, level by level.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use async_graphql::Lookahead;
use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::prelude::Uuid;

use super::{
    Content, Thumbnail,
    by_id::{IdsByType, by_ids},
    model::field::Field,
    parts::{self, Moments},
    row::AnyRow,
    types::for_type,
    view::View,
};
use crate::{database::Snapshot, error::Result};

/// Rows of one type of which the same is selected.
pub struct Group<'a> {
    /// Their type.
    pub content_type: ContentType,
    /// The rows.
    pub rows: Vec<AnyRow>,
    /// What is selected of them.
    pub selection: Arc<Lookahead<'a>>,
}

/// References of one field, from all rows of a group, and what is selected below it.
struct Wanted<'a> {
    ids: Vec<EntryId>,
    selection: Arc<Lookahead<'a>>,
}

/// What a selection needs beside its own rows.
pub struct Related {
    /// Entries that the rows reference, directly or transitively, and that the selection needs.
    pub rows: HashMap<Uuid, AnyRow>,
    /// When entries last changed with their parts, where the selection needs it.
    pub moments: Moments,
}

/// The field of all entries that says when they last changed with their parts.
const MOMENT: &str = "contentUpdatedAt";
/// The field of all entries that shows the picture that stands for them.
const THUMBNAIL: &str = "thumbnail";

/// Loads what the selection of the rows needs.
pub async fn related(snapshot: &Snapshot, view: &View, roots: Vec<Group<'_>>) -> Result<Related> {
    let mut loaded = HashMap::new();
    let mut dated = Vec::new();
    let mut level = roots;
    while !level.is_empty() {
        level = with_themselves(level);
        let is_dated = |group: &&Group<'_>| group.selection.field(MOMENT).exists();
        let rows = level.iter().filter(is_dated).flat_map(|group| &group.rows);
        dated.extend(rows.cloned());
        let wanted: Vec<Wanted<'_>> = level
            .iter()
            .flat_map(|group| for_type!(group.content_type, C => references::<C>(group)))
            .collect();
        let ids = missing(&wanted, &loaded);
        if !ids.is_empty() {
            let rows = by_ids(snapshot, view, ids).await?;
            loaded.extend(rows.into_iter().map(|row| (row.id.uuid, row)));
        }
        level = wanted
            .iter()
            .flat_map(|wanted| groups(wanted, &loaded))
            .collect();
    }
    let moments = Box::pin(parts::moments(snapshot, view, dated, &mut loaded)).await?;
    Ok(Related {
        rows: loaded,
        moments,
    })
}

/// The groups, and once more those whose entries are the pictures that stand for them, with what is selected of these.
fn with_themselves(mut groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut at = 0;
    while let Some(group) = groups.get(at) {
        let is_picture =
            for_type!(group.content_type, C => matches!(C::THUMBNAIL, Thumbnail::Itself));
        let selection = group.selection.field(THUMBNAIL);
        if is_picture && selection.exists() {
            let group = Group {
                content_type: group.content_type,
                rows: group.rows.clone(),
                selection: Arc::new(selection),
            };
            groups.push(group);
        }
        at += 1;
    }
    groups
}

/// What the rows of a group refer to, by each field that is selected.
fn references<'a, C: Content>(group: &Group<'a>) -> Vec<Wanted<'a>> {
    let fields = C::FIELDS.iter().filter(|field| field.is_reference());
    let selected = |field: &'static Field<C::Model>| {
        let mut path = field.path.split('.');
        let first = group.selection.field(path.next()?);
        let own = path.fold(first, |selection, name| selection.field(name));
        let is_thumbnail = C::THUMBNAIL == Thumbnail::Field(field.path);
        let thumbnail = is_thumbnail.then(|| group.selection.field(THUMBNAIL));
        let rows = group.rows.iter().filter_map(AnyRow::typed::<C>);
        let ids: Vec<EntryId> = rows.flat_map(|row| field.targets(&row.content)).collect();
        let selections = [Some(own), thumbnail].into_iter().flatten();
        let wanted = selections.filter(|selection| selection.exists() && !ids.is_empty());
        let wanted = wanted.map(|selection| Wanted {
            ids: ids.clone(),
            selection: Arc::new(selection),
        });
        Some(wanted.collect::<Vec<_>>())
    };
    fields.filter_map(selected).flatten().collect()
}

/// The ids that are not loaded yet, each once, by type.
fn missing(wanted: &[Wanted<'_>], loaded: &HashMap<Uuid, AnyRow>) -> IdsByType {
    let mut seen = HashSet::new();
    let mut missing = IdsByType::new();
    for id in wanted.iter().flat_map(|wanted| &wanted.ids) {
        if !loaded.contains_key(&id.uuid) && seen.insert(id.uuid) {
            missing.entry(id.content_type).or_default().push(*id);
        }
    }
    missing
}

/// The rows that a field led to, by type: the next level.
fn groups<'a>(wanted: &Wanted<'a>, loaded: &HashMap<Uuid, AnyRow>) -> Vec<Group<'a>> {
    let mut by_type: BTreeMap<ContentType, Vec<AnyRow>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for row in wanted.ids.iter().filter_map(|id| loaded.get(&id.uuid)) {
        if seen.insert(row.id.uuid) {
            by_type
                .entry(row.id.content_type)
                .or_default()
                .push(row.clone());
        }
    }
    let group = |(content_type, rows)| Group {
        content_type,
        rows,
        selection: Arc::clone(&wanted.selection),
    };
    by_type.into_iter().map(group).collect()
}
