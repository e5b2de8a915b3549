//! Merging two changes of one list.

use serde_json::Value;

/// Merges both changes of a list whose items are known by their places alone: place by place, with what either appended behind. None if
/// either is shorter than the list was, or both changed the same place: then nobody knows which item is which.
pub(super) fn merge_places(
    base: &[Value],
    theirs: &[Value],
    yours: &[Value],
) -> Option<Vec<Value>> {
    let kept = base.len();
    let (their_head, appended_by_them) = theirs.split_at_checked(kept)?;
    let (your_head, appended_by_you) = yours.split_at_checked(kept)?;
    let places = base.iter().zip(their_head.iter().zip(your_head));
    let place = |(base, (theirs, yours)): (&Value, (&Value, &Value))| {
        if theirs == base || theirs == yours {
            Some(yours.clone())
        } else {
            (yours == base).then(|| theirs.clone())
        }
    };
    let mut merged: Vec<Value> = places.map(place).collect::<Option<_>>()?;
    merged.extend_from_slice(appended_by_them);
    if appended_by_you != appended_by_them {
        merged.extend_from_slice(appended_by_you);
    }
    Some(merged)
}

/// Merges both changes of a list that holds each item once: what either removed is gone, what either added is there, and the order is
/// that of whoever changed it. None if both changed the order, or if an item stands in a list twice.
pub(super) fn merge_sets(base: &[Value], theirs: &[Value], yours: &[Value]) -> Option<Vec<Value>> {
    if [base, theirs, yours].into_iter().any(has_twice) {
        return None;
    }
    let kept = |item: &Value| theirs.contains(item) && yours.contains(item);
    let order =
        |list: &[Value]| -> Vec<Value> { list.iter().filter(|item| kept(item)).cloned().collect() };
    let (of_base, of_theirs, of_yours) = (order(base), order(theirs), order(yours));
    let common = |list: &[Value]| -> Vec<Value> {
        let known = list.iter().filter(|item| of_base.contains(item));
        known.cloned().collect()
    };
    let (in_theirs, in_yours) = (common(&of_theirs), common(&of_yours));
    if in_theirs == of_base || in_theirs == in_yours {
        // Theirs is as it was, or both agree; what they added stands before what you added at the same place.
        let removed = |item: &&Value| base.contains(item) && !theirs.contains(item);
        let (moved, added) = (yours, theirs);
        Some(with_added(base, moved, added, removed))
    } else if in_yours == of_base {
        let removed = |item: &&Value| base.contains(item) && !yours.contains(item);
        Some(with_added(base, theirs, yours, removed))
    } else {
        None
    }
}

fn has_twice(list: &[Value]) -> bool {
    list.iter()
        .enumerate()
        .any(|(at, item)| list[..at].contains(item))
}

/// The list whose order holds, without what the other one removed, and with what the other one added, each behind the item
/// that it stands behind there.
fn with_added(
    base: &[Value],
    ordered: &[Value],
    other: &[Value],
    removed: impl Fn(&&Value) -> bool,
) -> Vec<Value> {
    let mut merged: Vec<Value> = ordered
        .iter()
        .filter(|item| !removed(item))
        .cloned()
        .collect();
    for (at, item) in other.iter().enumerate() {
        if base.contains(item) || merged.contains(item) {
            continue;
        }
        let before = other[..at]
            .iter()
            .rev()
            .find_map(|item| merged.iter().position(|known| known == item));
        merged.insert(before.map_or(0, |before| before + 1), item.clone());
    }
    merged
}
