//! Reads the two tables of `docs/permissions.md`.

use std::collections::BTreeSet;

use super::ROLES;
use crate::{
    introspection::{Introspection, text},
    support::on_both_engines,
};

const DOCUMENT: &str = include_str!("../../../docs/permissions.md");

/// What a role may do with the entries of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    No,
    Own,
    Yes,
    WithFreshPassword,
}

/// How a root field is asked, where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Plainly,
    InDraft,
    InThePast,
    AnInternalField,
    OfADraft,
    OfWhatIsPublic,
}

/// A root field that is asked in some way, and what each role may do with it, in the order of [`ROLES`].
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) field: String,
    pub(super) how: How,
    pub(super) cells: [Cell; ROLES.len()],
}

/// The rules of the document.
pub(super) fn rules() -> Vec<Rule> {
    let rows = rows();
    let of_row = |what: &str| {
        let row = rows.iter().find(|(name, _)| name == what);
        row.unwrap_or_else(|| panic!("there is no row {what:?}")).1
    };
    let line = |cells: Vec<String>| {
        let [what, how, fields] = &cells[..] else {
            panic!("not three cells: {cells:?}");
        };
        let (how, cells) = (how_of(how), of_row(what));
        let field = move |field: &str| Rule {
            field: field.to_owned(),
            how,
            cells,
        };
        let fields = fields.split('`').filter(|field| !field.trim().is_empty());
        fields.map(field).collect::<Vec<_>>()
    };
    table("| What | How |").into_iter().flat_map(line).collect()
}

fn rows() -> Vec<(String, [Cell; ROLES.len()])> {
    let row = |cells: Vec<String>| {
        let rights: Vec<Cell> = cells[1..].iter().map(|cell| cell_of(cell)).collect();
        (cells[0].clone(), rights.try_into().expect("five roles"))
    };
    table("| What | anonymous | contributor | author | editor | admin |")
        .into_iter()
        .map(row)
        .collect()
}

/// The cells of the table with this head, without head and rule.
fn table(head: &str) -> Vec<Vec<String>> {
    let mut lines = DOCUMENT.lines().skip_while(|line| !line.starts_with(head));
    assert!(lines.next().is_some(), "no table {head}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

fn cell_of(text: &str) -> Cell {
    match text {
        "no" => Cell::No,
        "own" => Cell::Own,
        "yes" => Cell::Yes,
        "with a fresh password" => Cell::WithFreshPassword,
        _ => panic!("{text:?} means nothing in the matrix"),
    }
}

fn how_of(text: &str) -> How {
    match text {
        "" => How::Plainly,
        "with the perspective `DRAFT`" => How::InDraft,
        "with `asOf`" => How::InThePast,
        "an internal field" => How::AnInternalField,
        "of a draft" => How::OfADraft,
        "of what is public" => How::OfWhatIsPublic,
        _ => panic!("the tests do not know how to ask {text:?}"),
    }
}

on_both_engines! {
    async fn every_operation_has_a_row_and_every_row_an_operation(app: TestApp) {
        let api = Introspection::of(&app).await;
        let fields = ["Query", "Mutation"].map(|root| api.members(root, "fields"));
        let operations: BTreeSet<&str> = fields.into_iter().flatten().map(|field| text(&field["name"])).collect();
        let rules = rules();
        let described: BTreeSet<&str> = rules.iter().map(|rule| rule.field.as_str()).collect();
        assert_eq!(described, operations, "docs/permissions.md says which row a root field belongs to");
        let used: BTreeSet<String> = table("| What | How |").into_iter().map(|cells| cells[0].clone()).collect();
        let rows: BTreeSet<String> = rows().into_iter().map(|(name, _)| name).collect();
        assert_eq!(used, rows, "a row of docs/permissions.md without an operation");
        for field in api.members("Query", "fields") {
            let takes_a_view = field["args"].as_array().into_iter().flatten().any(|argument| argument["name"] == "view");
            let in_draft = rules.iter().any(|rule| rule.field == text(&field["name"]) && rule.how == How::InDraft);
            assert_eq!(takes_a_view, in_draft, "{} with drafts", field["name"]);
        }
    }
}
