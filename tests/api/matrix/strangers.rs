//! Ids of what others have not published, in every place that takes an id: the answer is that to an id that nobody has.

use chrono::DateTime;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::auth::Principal;
use sea_orm::Iterable;
use serde_json::{Value, json};

use super::{
    inputs::{Maker, Way, ways},
    stock::{Kind, State, Stock, type_named},
};
use crate::{
    database_state::all_rows,
    introspection::{Introspection, named},
    support::{on_both_engines, pictures::png},
};

/// The place of contributors among the roles.
const CONTRIBUTOR: usize = 1;

/// What a place that takes an id is given, in pairs that must not be told apart.
struct Pair {
    name: &'static str,
    one: String,
    other: String,
}

impl Stock {
    /// Pairs of ids of this type.
    async fn pairs(&mut self, of: ContentType) -> Vec<Pair> {
        let mut others = Vec::new();
        for state in [State::Draft, State::Archived, State::Public, State::Changed] {
            let kind = Kind {
                is_own: false,
                state,
            };
            others.push(self.entry(of, CONTRIBUTOR, kind).await.to_string());
        }
        let nobodys = kindling::id::entry(of).to_string();
        let pair = |name, one: &String, other: &String| Pair {
            name,
            one: one.clone(),
            other: other.clone(),
        };
        vec![
            pair("a draft", &others[0], &nobodys),
            pair("a draft in the trash", &others[1], &nobodys),
            pair("a newer draft", &others[3], &others[2]),
        ]
    }

    /// Sends the id to the place; everything else is what the contributor may do. Gives the answer without ids.
    async fn send(&mut self, api: &Introspection, way: &Way, id: &str, revision: i32) -> String {
        // Entries of one's own are made for each try, so that every try begins alike.
        let own = self.own(own_type(way, id)).await;
        let maker = Maker {
            api,
            id: own,
            item: self.own(item_type(way)).await,
            revision,
        };
        let whole = api.whole(named(&way.field["type"]));
        let selection = match way.root {
            "Mutation" => "{ userErrors { __typename code message path } }",
            _ => whole.as_str(),
        };
        let (document, variables) = maker.request(way, &json!(id), selection);
        let who = self.principals[CONTRIBUTOR].clone();
        let mut answer = if variables["input"]["file"].is_null() {
            self.app.query_as(who, &document, variables).await
        } else {
            let input = variables["input"].clone();
            self.app.send_file(&who, &document, input, &png(1, 1)).await
        };
        answer["extensions"] = Value::Null;
        without_numbers(&without_ids(
            &without_cursors_and_moments(answer).to_string(),
        ))
    }

    /// The id of a new draft of the contributor; that of nothing if none is needed.
    async fn own(&mut self, of: Option<ContentType>) -> String {
        let owner = self.principals[CONTRIBUTOR].clone();
        match of {
            Some(of) => self.make(of, owner, State::Draft).await.to_string(),
            None => kindling::id::entry(ContentType::Value).to_string(),
        }
    }
}

/// The type of the entry of one's own that the operation changes, unless the id is to name it.
fn own_type(way: &Way, id: &str) -> Option<ContentType> {
    match (way.name(), way.path().as_str()) {
        (_, "input.id") => None,
        ("moveEntry", _) => id.parse().ok().map(|id: EntryId| id.content_type),
        (name, _) => name.strip_prefix("update").and_then(type_named),
    }
}

/// The type of the item that is put beside the id in a list.
fn item_type(way: &Way) -> Option<ContentType> {
    let path = way.path();
    let last = way.steps.last().map(|step| step.name.as_str());
    let is_beside = matches!(last, Some("before" | "after"));
    match path {
        path if is_beside && path.contains(".sections.") => Some(ContentType::StorySection),
        path if is_beside && path.contains(".items.") => Some(ContentType::Value),
        _ => None,
    }
}

/// The text with `ID` for each id of an entry or an account: a name and 32 hexadecimal digits.
fn without_ids(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        let (before, after) = rest.split_at(at + 1);
        shown.push_str(before);
        let digits = after.bytes().take(32).filter(u8::is_ascii_hexdigit).count();
        rest = if digits == 32 {
            shown.push_str("ID");
            &after[32..]
        } else {
            after
        };
    }
    shown + rest
}

/// The text without the numbers that tell the pages of the stock apart.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split("page-");
    let first = parts.next().unwrap_or_default().to_owned();
    let is_digit = |c: char| c.is_ascii_digit();
    parts.fold(first, |text, part| {
        text + "page-" + part.trim_start_matches(is_digit)
    })
}

/// The answer without cursors, which hold ids, and without moments, which differ between entries.
fn without_cursors_and_moments(value: Value) -> Value {
    match value {
        Value::String(text) if DateTime::parse_from_rfc3339(&text).is_ok() => json!("a moment"),
        Value::Array(values) => values
            .into_iter()
            .map(without_cursors_and_moments)
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_cursor = name.to_lowercase().ends_with("cursor") && value.is_string();
                let value = if is_cursor {
                    json!("a cursor")
                } else {
                    without_cursors_and_moments(value)
                };
                (name, value)
            })
            .collect(),
        value => value,
    }
}

/// The ways to everything that takes an id.
fn ways_to_ids(api: &Introspection) -> Vec<Way> {
    let mut ways = ways(api);
    ways.retain(|way| way.steps.last().is_some_and(|step| step.leads_to == "ID"));
    ways
}

/// Whether the place takes ids of accounts.
fn takes_accounts(way: &Way) -> bool {
    let path = way.path();
    path.ends_with("createdBy") || path.ends_with("actor")
}

async fn hold(stock: &mut Stock, api: &Introspection, is_meant: impl Fn(&Way) -> bool) {
    let (mut tried, mut unknown, mut wrong) = (0, 0, Vec::new());
    let is_change = ways_to_ids(api)
        .iter()
        .any(|way| is_meant(way) && way.root == "Mutation");
    for of in ContentType::iter() {
        let pairs = stock.pairs(of).await;
        for way in ways_to_ids(api).iter().filter(|way| is_meant(way)) {
            // Whether there is a newer revision must not be told, either.
            let names_a_revision = way.root == "Mutation" && !way.path().contains(".content.");
            let revisions = if names_a_revision { 1..=2 } else { 1..=1 };
            for (pair, revision) in pairs
                .iter()
                .flat_map(|pair| revisions.clone().map(move |revision| (pair, revision)))
            {
                let one = stock.send(api, way, &pair.one, revision).await;
                let other = stock.send(api, way, &pair.other, revision).await;
                tried += 1;
                unknown += usize::from(one.contains("NOT_FOUND"));
                if one != other {
                    let (field, path) = (way.name(), way.path());
                    wrong.push(format!(
                        "{field}({path}) tells of {} of {of:?}:\n  {one}\n  {other}",
                        pair.name
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(tried > 0, "nothing was tried");
    assert!(!is_change || unknown > 0, "no id was looked for");
}

on_both_engines! {
    async fn questions_do_not_tell_whether_a_draft_of_others_exists(app: TestApp) {
        let api = Introspection::of(&app).await;
        let mut stock = Stock::new(app).await;
        for of in ContentType::iter() {
            stock.pairs(of).await;
        }
        let before = all_rows(&stock.app).await;
        hold(&mut stock, &api, |way| way.root == "Query" && !takes_accounts(way)).await;
        assert_eq!(all_rows(&stock.app).await, before);
    }

    async fn references_do_not_tell_whether_a_draft_of_others_exists(app: TestApp) {
        let api = Introspection::of(&app).await;
        let mut stock = Stock::new(app).await;
        hold(&mut stock, &api, |way| way.root == "Mutation" && way.path().contains(".content.")).await;
    }

    async fn mutations_do_not_tell_whether_a_draft_of_others_exists(app: TestApp) {
        let api = Introspection::of(&app).await;
        let mut stock = Stock::new(app).await;
        hold(&mut stock, &api, |way| way.root == "Mutation" && !way.path().contains(".content.")).await;
    }

    async fn lists_do_not_tell_whether_an_account_has_drafts(app: TestApp) {
        let api = Introspection::of(&app).await;
        let mut stock = Stock::new(app).await;
        stock.pairs(ContentType::Value).await;
        let Principal::Account { id, .. } = stock.other.clone() else {
            panic!("no account");
        };
        let ways = ways_to_ids(&api);
        let mut tried = 0;
        for way in ways.iter().filter(|way| takes_accounts(way)) {
            let known = format!("account_{}", id.simple());
            let nobodys = format!("account_{}", kindling::id::new().simple());
            let one = stock.send(&api, way, &known, 1).await;
            assert_eq!(one, stock.send(&api, way, &nobodys, 1).await, "{}", way.name());
            tried += 1;
        }
        assert_eq!(tried, 3, "createdBy, and the actor of both logs");
    }
}
