//! Lists of references: replaced as a whole, or changed item by item, so that two editors who each add one both keep theirs.

use std::collections::HashSet;

use async_graphql::{ID, InputObject};
use entity::entry_id::EntryId;
use serde_json::json;

use super::{
    merge::Fields,
    patch::{Patch, Place, TWICE},
};
use crate::error::{Problem, ProblemCode};

/// A list of references: either as a whole, or how to change the one that is there.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ReferencesInput {
    /// All ids, in their order. It goes without the others.
    set: Option<Vec<ID>>,
    /// What to take out. What is not there is left out.
    remove: Option<Vec<ID>>,
    /// What to put elsewhere. What is not there is left out.
    r#move: Option<Vec<PlacedReference>>,
    /// What to put in. What is there already is left where it is.
    add: Option<Vec<PlacedReference>>,
}

/// An entry, and where in the list it goes: to the end, unless a neighbour is named.
#[derive(Clone, Debug, InputObject)]
pub struct PlacedReference {
    /// The entry.
    id: ID,
    /// The entry that is to stand after it. If it is not in the list, the end is meant.
    before: Option<ID>,
    /// The entry that is to stand before it. If it is not in the list, the end is meant.
    after: Option<ID>,
}

/// Far more than any list holds: longer ones are refused before they cost anything.
const MOST_ITEMS: usize = 1_000;

/// A checked change of a list.
#[derive(Debug, Default)]
pub struct ListChange {
    set: Option<Vec<EntryId>>,
    remove: Vec<EntryId>,
    moves: Vec<Placed>,
    adds: Vec<Placed>,
}

#[derive(Debug)]
struct Placed {
    id: EntryId,
    before: Option<EntryId>,
    after: Option<EntryId>,
}

impl ListChange {
    /// An empty list.
    pub fn cleared() -> Self {
        Self {
            set: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// What was sent for the list at `place`; what is wrong with it is noted in the patch.
    pub fn read(input: ReferencesInput, place: &str, patch: &mut Patch) -> Self {
        let changes = input.remove.is_some() || input.r#move.is_some() || input.add.is_some();
        if input.set.is_some() && changes {
            patch.wrong(format!("{place}.set"), "goes without remove, move and add");
        }
        let sizes = [
            input.set.as_ref().map(Vec::len),
            input.remove.as_ref().map(Vec::len),
            input.r#move.as_ref().map(Vec::len),
            input.add.as_ref().map(Vec::len),
        ];
        if sizes.into_iter().flatten().any(|size| size > MOST_ITEMS) {
            patch.wrong(
                place.to_owned(),
                &format!("must not be changed by more than {MOST_ITEMS} items at once"),
            );
            return Self::default();
        }
        let mut ids = |name: &str, ids: Option<Vec<ID>>| -> Vec<(usize, EntryId)> {
            let parse = |(at, id): (usize, &ID)| {
                let parsed = patch.id(id, format!("{place}.{name}.{at}"))?;
                Some((at, parsed))
            };
            let ids = ids.unwrap_or_default();
            ids.iter().enumerate().filter_map(parse).collect()
        };
        // What stands twice in the whole list is told where the list is checked.
        let set = input.set.map(|set| ids("set", Some(set)));
        let set = set.map(|set| set.into_iter().map(|(_, id)| id).collect());
        let removed = ids("remove", input.remove);
        let mut seen = HashSet::new();
        let remove = removed
            .into_iter()
            .filter_map(|(at, id)| once(patch, &mut seen, id, format!("{place}.remove.{at}")));
        let remove = remove.collect();
        let mut placed = |name: &str, placed: Option<Vec<PlacedReference>>| -> Vec<Placed> {
            let mut seen = HashSet::new();
            let read = |(at, placed): (usize, PlacedReference)| {
                let item = format!("{place}.{name}.{at}");
                let placed = placed.read(&item, patch)?;
                once(patch, &mut seen, placed.id, format!("{item}.id"))?;
                Some(placed)
            };
            let placed = placed.unwrap_or_default();
            placed.into_iter().enumerate().filter_map(read).collect()
        };
        Self {
            set,
            remove,
            moves: placed("move", input.r#move),
            adds: placed("add", input.add),
        }
    }

    /// Changes the list at the place.
    pub fn apply(self, fields: &mut Fields, place: &Place, problems: &mut Vec<Problem>) {
        let known = fields.get(place.field).cloned().unwrap_or(json!([]));
        let mut list = match self.set {
            Some(set) => set,
            None => serde_json::from_value(known).unwrap_or_default(),
        };
        list.retain(|id| !self.remove.contains(id));
        for placed in self.moves {
            if let Some(at) = list.iter().position(|id| *id == placed.id) {
                list.remove(at);
                placed.insert(&mut list);
            }
        }
        for placed in self.adds {
            if !list.contains(&placed.id) {
                placed.insert(&mut list);
            }
        }
        match serde_json::to_value(list) {
            Ok(list) => {
                fields.insert(place.field.to_owned(), list);
            }
            Err(error) => problems.push(Problem::new(
                ProblemCode::Invalid,
                place.path.clone(),
                error.to_string(),
            )),
        }
    }
}

/// The id, if it was not there before; a note that it stands there twice otherwise.
fn once(
    patch: &mut Patch,
    seen: &mut HashSet<EntryId>,
    id: EntryId,
    item: String,
) -> Option<EntryId> {
    if seen.insert(id) {
        return Some(id);
    }
    patch.wrong(item, TWICE);
    None
}

impl PlacedReference {
    fn read(self, place: &str, patch: &mut Patch) -> Option<Placed> {
        if self.before.is_some() && self.after.is_some() {
            patch.wrong(format!("{place}.after"), "goes without before");
        }
        let id = patch.id(&self.id, format!("{place}.id"));
        let before = self
            .before
            .and_then(|id| patch.id(&id, format!("{place}.before")));
        let after = self
            .after
            .and_then(|id| patch.id(&id, format!("{place}.after")));
        Some(Placed {
            id: id?,
            before,
            after,
        })
    }
}

impl Placed {
    fn insert(&self, list: &mut Vec<EntryId>) {
        let at = |neighbour: Option<EntryId>| {
            neighbour.and_then(|neighbour| list.iter().position(|id| *id == neighbour))
        };
        let place = at(self.before)
            .or(at(self.after).map(|before| before + 1))
            .unwrap_or(list.len());
        list.insert(place, self.id);
    }
}
