//! What the matrix says about an operation, a role and an entry.

use kindling::auth::Role;

use super::{
    Outcome,
    alone::only_tried,
    columns::Column,
    document::{Cell, How},
    operations::Operation,
    stock::{Kind, State},
};

/// What must come of the operation when the column tries it.
pub(super) fn expected(operation: &Operation<'_>, column: Column, kind: Kind) -> Outcome {
    let rule = operation.rule;
    let (cell, who) = (rule.cell(column), column);
    match (rule.how, rule.field.as_str()) {
        _ if column == Column::TokenOfAnotherType && cell != Cell::No => of_another_type(operation),
        (How::AnInternalField, _) => internal_field(cell, kind),
        (How::InDraft, "usedBy") => without_revision(draft(cell, who, kind)),
        (How::InDraft, _) => draft(cell, who, kind),
        (How::InThePast, _) if cell == Cell::No => refusal(who),
        (How::Plainly, "usedBy") => without_revision(public(kind)),
        (How::Plainly, "entries") => work_list(cell, who, kind),
        (How::Plainly, "history" | "diff" | "publications" | "publishPlan" | "takeBack") => {
            on_entry(operation, column, kind)
        }
        (How::Plainly | How::InThePast, _) if is_read(&rule.field) => public(kind),
        _ => on_entry(operation, column, kind),
    }
}

/// There are no entries of the type for the token.
fn of_another_type(operation: &Operation<'_>) -> Outcome {
    let is_typed = operation.is_of_a_type() || operation.is_read_of_a_type();
    match operation.rule.how {
        How::AnInternalField => Outcome::Unknown,
        _ if is_typed => Outcome::Forbidden,
        _ => Outcome::Unknown,
    }
}

/// What must come of an operation that is about no entry.
pub(super) fn expected_alone(operation: &Operation<'_>, column: Column) -> Outcome {
    let rule = operation.rule;
    match rule.cell(column) {
        Cell::No => refusal(column),
        _ if column == Column::TokenOfAnotherType && operation.is_of_a_type() => Outcome::Forbidden,
        // Nobody is an answer.
        _ if rule.field == "viewer" && !matches!(column, Column::Account(_)) => Outcome::Unknown,
        _ if rule.field == "currentToken" && !column.is_token() => Outcome::Unknown,
        _ => only_tried(&rule.field).unwrap_or(Outcome::Done),
    }
}

fn is_read(field: &str) -> bool {
    !field.ends_with("Entries")
        && !field.ends_with("Entry")
        && !field.starts_with("update")
        && !field.starts_with("replace")
        && !["discardDrafts", "restoreRevision", "createPreviewLink"].contains(&field)
}

fn refusal(who: Column) -> Outcome {
    match who {
        Column::Anonymous => Outcome::Unauthenticated,
        _ => Outcome::Forbidden,
    }
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

fn draft(cell: Cell, who: Column, kind: Kind) -> Outcome {
    match kind.state {
        _ if cell == Cell::No => refusal(who),
        State::Draft if has(cell, kind) => Outcome::Shown(1),
        State::Changed if has(cell, kind) => Outcome::Shown(2),
        _ => public(kind),
    }
}

/// The trash is part of it; what is others' is not, public or not.
fn work_list(cell: Cell, who: Column, kind: Kind) -> Outcome {
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
fn on_entry(operation: &Operation<'_>, who: Column, kind: Kind) -> Outcome {
    let rule = operation.rule;
    let cell = rule.cell(who);
    let reads_all = matches!(who, Column::Account(Role::Editor | Role::Admin));
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
        "publishEntries" | "checkEntries" | "publishPlan" | "restoreRevision"
        | "duplicateEntry" | "moveEntry" | "createPreviewLink" => state != State::Archived,
        field if field.starts_with("update") || field.starts_with("replace") => {
            state != State::Archived
        }
        _ => true,
    }
}
