//! Reads the two tables of `docs/permissions.md`.

use std::collections::BTreeSet;

use kindling::auth::{Role, Scope};

use super::columns::{Column, MAKER, SCOPES};
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

/// The columns of the table, but for that of API tokens.
const CELLS: usize = 6;

/// A row of the matrix.
#[derive(Clone, Debug)]
struct Row {
    cells: [Cell; CELLS],
    scopes: Option<Vec<Scope>>,
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

/// A root field that is asked in some way, and who may do what with it.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) field: String,
    pub(super) how: How,
    /// Nobody, a preview link, and the four roles.
    cells: [Cell; CELLS],
    /// What an API token must have been made with; nothing where none may.
    pub(super) scopes: Option<Vec<Scope>>,
}

impl Rule {
    /// Whether nobody may do it without credentials.
    pub(super) fn needs_credentials(&self) -> bool {
        self.cells[0] == Cell::No
    }

    /// What the column may do with the entries of the row.
    pub(super) fn cell(&self, column: Column) -> Cell {
        let of_role = |role: Role| match role {
            Role::Contributor => self.cells[2],
            Role::Author => self.cells[3],
            Role::Editor => self.cells[4],
            Role::Admin => self.cells[5],
        };
        let of_maker = of_role(MAKER);
        match (column, self.scopes.as_deref()) {
            (Column::Anonymous, _) => self.cells[0],
            (Column::Preview, _) => self.cells[1],
            (Column::Account(role), _) => of_role(role),
            (_, None) | (Column::TokenWithout, Some([_, ..])) => Cell::No,
            (_, Some(_)) => of_maker,
        }
    }
}

/// The rules of the document.
pub(super) fn rules() -> Vec<Rule> {
    let rows = rows();
    let of_row = |what: &str| {
        let row = rows.iter().find(|(name, _)| name == what);
        let row = row.unwrap_or_else(|| panic!("there is no row {what:?}"));
        row.1.clone()
    };
    let line = |cells: Vec<String>| {
        let [what, how, fields] = &cells[..] else {
            panic!("not three cells: {cells:?}");
        };
        let (how, row) = (how_of(how), of_row(what));
        let field = move |field: &str| Rule {
            field: field.to_owned(),
            how,
            cells: row.cells,
            scopes: row.scopes.clone(),
        };
        let fields = fields.split('`').filter(|field| !field.trim().is_empty());
        fields.map(field).collect::<Vec<_>>()
    };
    table("| What | How |").into_iter().flat_map(line).collect()
}

fn rows() -> Vec<(String, Row)> {
    let row = |cells: Vec<String>| {
        let others = cells[1..3].iter().chain(&cells[4..]);
        let rights: Vec<Cell> = others.map(|cell| cell_of(cell)).collect();
        let row = Row {
            cells: rights.try_into().expect("six cells"),
            scopes: scopes_of(&cells[3]),
        };
        (cells[0].clone(), row)
    };
    table("| What | anonymous | preview link | API token | contributor | author | editor | admin |")
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
        "own" | "what it shows" => Cell::Own,
        "yes" => Cell::Yes,
        "with a fresh password" => Cell::WithFreshPassword,
        _ => panic!("{text:?} means nothing in the matrix"),
    }
}

/// What the column of API tokens says.
fn scopes_of(text: &str) -> Option<Vec<Scope>> {
    let named = match text {
        "no" => return None,
        "yes" => return Some(Vec::new()),
        text => text.strip_prefix("with ").expect("scopes"),
    };
    let scope = |name: &str| {
        let is_named = |scope: &&Scope| format!("`{scope:?}`").to_uppercase() == name;
        let found = SCOPES.iter().find(is_named);
        *found.unwrap_or_else(|| panic!("{name} is no scope"))
    };
    // Other scopes will do as well, which the tests of the operation try.
    let (named, _) = named.split_once(", or ").unwrap_or((named, ""));
    Some(named.split(' ').map(scope).collect())
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
            // The view of a node is named in its id.
            assert_eq!(takes_a_view || field["name"] == "node", in_draft, "{} with drafts", field["name"]);
        }
    }
}
