//! What the matrix says about an operation, a role and an entry.

use kindling::auth::Role;

use super::{
    Outcome, ROLES,
    alone::only_tried,
    document::{Cell, How, Rule},
    stock::{Kind, State},
};

/// What must come of the operation when the role at this place of [`ROLES`] tries it.
pub(super) fn expected(rule: &Rule, column: usize, kind: Kind) -> Outcome {
    let (cell, who) = (rule.cells[column], ROLES[column]);
    match (rule.how, rule.field.as_str()) {
        (How::AnInternalField, _) => internal_field(cell, kind),
        (How::InDraft, "usedBy") => without_revision(draft(cell, who, kind)),
        (How::InDraft, _) => draft(cell, who, kind),
        (How::InThePast, _) if cell == Cell::No => refusal(who),
        (How::Plainly, "usedBy") => without_revision(public(kind)),
        (How::Plainly, "entries") => work_list(cell, who, kind),
        (How::Plainly, "history" | "diff") => on_entry(rule, column, kind),
        (How::Plainly | How::InThePast, _) if is_read(&rule.field) => public(kind),
        _ => on_entry(rule, column, kind),
    }
}

/// What must come of an operation that is about no entry.
pub(super) fn expected_alone(rule: &Rule, column: usize) -> Outcome {
    match rule.cells[column] {
        Cell::No => refusal(ROLES[column]),
        // Nobody is an answer.
        _ if rule.field == "viewer" && ROLES[column].is_none() => Outcome::Unknown,
        _ => only_tried(&rule.field).unwrap_or(Outcome::Done),
    }
}

fn is_read(field: &str) -> bool {
    !field.ends_with("Entries")
        && !field.ends_with("Entry")
        && !field.starts_with("update")
        && !field.starts_with("replace")
        && !["discardDrafts", "restoreRevision"].contains(&field)
}

fn refusal(who: Option<Role>) -> Outcome {
    who.map_or(Outcome::Unauthenticated, |_| Outcome::Forbidden)
}

fn public(kind: Kind) -> Outcome {
    match kind.state {
        State::Public | State::Changed => Outcome::Shown(1),
        State::Draft | State::Archived => Outcome::Unknown,
    }
}

fn has(cell: Cell, kind: Kind) -> bool {
    match cell {
        Cell::No => false,
        Cell::Own => kind.is_own,
        Cell::Yes | Cell::WithFreshPassword => true,
    }
}

fn draft(cell: Cell, who: Option<Role>, kind: Kind) -> Outcome {
    match kind.state {
        _ if cell == Cell::No => refusal(who),
        State::Draft if has(cell, kind) => Outcome::Shown(1),
        State::Changed if has(cell, kind) => Outcome::Shown(2),
        _ => public(kind),
    }
}

/// The trash is part of it; what is others' is not, public or not.
fn work_list(cell: Cell, who: Option<Role>, kind: Kind) -> Outcome {
    match kind.state {
        _ if cell == Cell::No => refusal(who),
        _ if !has(cell, kind) => Outcome::Unknown,
        State::Changed => Outcome::Shown(2),
        State::Draft | State::Public | State::Archived => Outcome::Shown(1),
    }
}

fn internal_field(cell: Cell, kind: Kind) -> Outcome {
    match public(kind) {
        Outcome::Shown(_) if cell != Cell::No => Outcome::Done,
        _ => Outcome::Unknown,
    }
}

fn without_revision(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Shown(_) => Outcome::Done,
        outcome => outcome,
    }
}

/// An operation that needs a right on the entry: first whether the role has it at all, then whether it may know of the
/// entry, then whether it has the right on it.
fn on_entry(rule: &Rule, column: usize, kind: Kind) -> Outcome {
    let (cell, who) = (rule.cells[column], ROLES[column]);
    let reads_all = matches!(who, Some(Role::Editor | Role::Admin));
    let is_public = matches!(kind.state, State::Public | State::Changed);
    match cell {
        Cell::No => refusal(who),
        _ if !(is_public || kind.is_own || reads_all) => Outcome::Unknown,
        cell if !has(cell, kind) => Outcome::Forbidden,
        _ if fits(&rule.field, kind.state) => Outcome::Done,
        _ => Outcome::Inapplicable,
    }
}

/// Whether the operation can be done to an entry in this state.
fn fits(field: &str, state: State) -> bool {
    match field {
        "discardDrafts" => matches!(state, State::Public | State::Changed),
        "eraseEntries" => state == State::Archived,
        "publishEntries" | "checkEntries" | "restoreRevision" | "duplicateEntry" => {
            state != State::Archived
        }
        "moveEntry" => state != State::Archived,
        field if field.starts_with("update") || field.starts_with("replace") => {
            state != State::Archived
        }
        _ => true,
    }
}
