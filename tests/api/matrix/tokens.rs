//! API tokens of random accounts, with random scopes and types: none can do what its maker cannot.

use std::collections::BTreeSet;

use entity::{entry::ContentType, entry_id::EntryId};
use kindling::auth::{Role, Scope};
use proptest::{prelude::*, sample::subsequence};
use sea_orm::Iterable;

use super::{
    Outcome,
    cells::{moment, outcome},
    columns::{Column, SCOPES, token_of},
    document::{How, rules},
    expected::expected,
    operations::{Operation, Subject},
    stock::{Kind, STATES, State, Stock},
};
use crate::{introspection::Introspection, property, support::TestApp};

const CASES: u32 = 6;

/// A role, scopes, and the types that the token is limited to.
type Plan = (Role, Vec<Scope>, Option<Vec<ContentType>>);

fn plans() -> impl Strategy<Value = Plan> {
    let role = prop_oneof![
        Just(Role::Contributor),
        Just(Role::Author),
        Just(Role::Editor),
        Just(Role::Admin),
    ];
    let types: Vec<ContentType> = ContentType::iter().collect();
    let some = subsequence(types, 1..=7);
    let types = prop_oneof![Just(None), some.prop_map(Some)];
    (role, subsequence(SCOPES.to_vec(), 0..=SCOPES.len()), types)
}

async fn hold((role, scopes, types): Plan, app: TestApp) -> Result<(), String> {
    let api = Introspection::of(&app).await;
    let mut stock = Stock::new(app).await;
    let column = Column::Account(role);
    let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
    let types: Option<BTreeSet<ContentType>> = types.map(|types| types.into_iter().collect());
    let maker = stock.principals[column.place()].clone();
    let token = token_of(&maker, scopes, types.clone());
    for rule in &rules() {
        let operation = Operation::of(&api, rule);
        if !operation.is_about_an_entry() {
            continue;
        }
        for (state, is_own) in STATES
            .into_iter()
            .flat_map(|state| [(state, true), (state, false)])
        {
            if !is_meant(rule.how, state) {
                continue;
            }
            let kind = Kind { is_own, state };
            let of = operation.content_type();
            let id = stock.entry_for(of, column, kind).await;
            let (found, answer) = stock.tried(&operation, &token, kind, id).await;
            let has_done = matches!(found, Outcome::Done | Outcome::Shown(_));
            let may = expected(&operation, column, kind);
            let is_reached = types.as_ref().is_none_or(|types| types.contains(&of));
            if has_done && (found != may || !is_reached) {
                return Err(format!(
                    "{rule:?} on {kind:?}: {found:?}, its maker {may:?}: {answer}"
                ));
            }
            if has_done && operation.is_mutation {
                stock.forget(id);
            }
        }
    }
    Ok(())
}

fn is_meant(how: How, state: State) -> bool {
    match how {
        How::OfADraft => matches!(state, State::Draft | State::Archived),
        How::OfWhatIsPublic => matches!(state, State::Public | State::Changed),
        _ => true,
    }
}

impl Stock {
    /// What came of the operation when the token tried it on the entry.
    async fn tried(
        &self,
        operation: &Operation<'_>,
        token: &kindling::auth::Principal,
        kind: Kind,
        id: EntryId,
    ) -> (Outcome, serde_json::Value) {
        let subject = Subject {
            id,
            latest: if kind.state == State::Changed { 2 } else { 1 },
            moment: moment(&self.app),
        };
        let answer = self.ask(token.clone(), &operation.about(&subject)).await;
        (outcome(operation.rule, &answer, id), answer)
    }
}

#[tokio::test]
async fn no_token_can_do_what_its_maker_cannot_on_sqlite() {
    let test = async |plan| Box::pin(hold(plan, TestApp::on_sqlite().await)).await;
    property::holds(CASES, plans(), test).await;
}

#[tokio::test]
async fn no_token_can_do_what_its_maker_cannot_on_postgres() {
    let test = async |plan| match TestApp::on_postgres().await {
        Some(app) => Box::pin(hold(plan, app)).await,
        None => Ok(()),
    };
    property::holds(CASES, plans(), test).await;
}
