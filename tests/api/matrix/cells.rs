//! Every cell of the matrix, tried within the process.

use chrono::TimeDelta;
use entity::entry_id::EntryId;
use serde_json::Value;

use super::{
    Outcome, ROLES,
    alone::Asker,
    document::{How, Rule, rules},
    expected::{expected, expected_alone},
    operations::{Operation, Request, Subject},
    stock::{Kind, STATES, State, Stock, email},
};
use crate::{
    database_state::all_rows,
    introspection::Introspection,
    support::{TestApp, accounts::PASSWORD, on_both_engines, pictures::png},
};

/// When the entries of the stock are published: the clock stands still.
const MOMENT: &str = "2026-05-01T12:00:00Z";

/// What of the matrix is wrong.
type Wrong = Vec<String>;

impl Stock {
    async fn ask(&self, column: usize, request: &Request) -> Value {
        let (who, variables) = (self.principals[column].clone(), request.variables.clone());
        if request.takes_a_file() {
            let input = variables["input"].clone();
            let file = png(1, 1);
            return self
                .app
                .send_file(&who, &request.document, input, &file)
                .await;
        }
        self.app.query_as(who, &request.document, variables).await
    }

    /// Tries the operation as each role on an entry of each kind.
    async fn try_on_entries(&mut self, operation: &Operation<'_>, wrong: &mut Wrong) {
        for column in 0..ROLES.len() {
            self.cases(operation, column).await;
        }
        let before = all_rows(&self.app).await;
        for column in 0..ROLES.len() {
            let cases = self.cases(operation, column).await;
            if operation.is_mutation {
                self.try_changes(operation, column, cases, wrong).await;
            } else {
                self.try_all(operation, column, &cases, wrong).await;
            }
        }
        if !operation.is_mutation {
            self.expect_rows(&before, operation.rule, wrong).await;
        }
    }

    /// The entries that the role tries it on.
    async fn cases(&mut self, operation: &Operation<'_>, column: usize) -> Vec<(Kind, EntryId)> {
        let mut cases = Vec::new();
        for kind in kinds(operation.rule, column) {
            let id = self.entry(operation.content_type(), column, kind).await;
            cases.push((kind, id));
        }
        cases
    }

    /// First what must change nothing, then the rest.
    async fn try_changes(
        &mut self,
        operation: &Operation<'_>,
        column: usize,
        cases: Vec<(Kind, EntryId)>,
        wrong: &mut Wrong,
    ) {
        let is_done =
            |case: &(Kind, EntryId)| expected(operation.rule, column, case.0) == Outcome::Done;
        let (done, refused): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_done);
        let before = all_rows(&self.app).await;
        self.try_all(operation, column, &refused, wrong).await;
        self.expect_rows(&before, operation.rule, wrong).await;
        self.try_all(operation, column, &done, wrong).await;
        for (_, id) in done {
            self.forget(id);
        }
    }

    async fn try_all(
        &self,
        operation: &Operation<'_>,
        column: usize,
        cases: &[(Kind, EntryId)],
        wrong: &mut Wrong,
    ) {
        let rule = operation.rule;
        for (kind, id) in cases {
            let subject = Subject {
                id: *id,
                latest: if kind.state == State::Changed { 2 } else { 1 },
                moment: MOMENT.to_owned(),
            };
            let answer = self.ask(column, &operation.about(&subject)).await;
            let (found, must) = (outcome(rule, &answer, *id), expected(rule, column, *kind));
            if found != must {
                let who = ROLES[column];
                wrong.push(format!(
                    "{rule:?} by {who:?} on {kind:?}: {found:?}, not {must:?}: {answer}"
                ));
            }
        }
    }

    async fn expect_rows(&self, before: &[String], rule: &Rule, wrong: &mut Wrong) {
        if all_rows(&self.app).await != before {
            wrong.push(format!("{rule:?} changed something"));
        }
    }

    /// Tries an operation that is about no entry as each role.
    async fn try_alone(&mut self, operation: &Operation<'_>, wrong: &mut Wrong) {
        for (column, role) in ROLES.into_iter().enumerate() {
            let address = role.map_or_else(|| "other@example.org".to_owned(), email);
            let session = self.app.sign_in(&address).await;
            if role.is_some() {
                let principal = self.app.bearer(&session["accessToken"]).await;
                self.principals[column] = principal.expect("a principal");
            }
            let refresh = session["refreshToken"].as_str().expect("a token");
            let asker = Asker {
                email: &address,
                password: PASSWORD,
                refresh,
            };
            let before = all_rows(&self.app).await;
            let answer = self.ask(column, &operation.alone(&asker)).await;
            let rule = operation.rule;
            let (found, must) = (
                Outcome::of(&answer, &rule.field),
                expected_alone(rule, column),
            );
            if found != must {
                wrong.push(format!(
                    "{rule:?} by {role:?}: {found:?}, not {must:?}: {answer}"
                ));
            }
            if must != Outcome::Done {
                self.expect_rows(&before, rule, wrong).await;
            }
        }
    }
}

/// What an entry can be to the role, as far as the row is about it.
fn kinds(rule: &Rule, column: usize) -> Vec<Kind> {
    let owners: &[bool] = if ROLES[column].is_some() {
        &[true, false]
    } else {
        &[false]
    };
    let is_meant = |state: &State| match rule.how {
        How::OfADraft => matches!(state, State::Draft | State::Archived),
        How::OfWhatIsPublic => matches!(state, State::Public | State::Changed),
        _ => true,
    };
    let states = STATES.into_iter().filter(is_meant);
    states
        .flat_map(|state| {
            owners.iter().map(move |is_own| Kind {
                is_own: *is_own,
                state,
            })
        })
        .collect()
}

/// What came of it for this entry.
fn outcome(rule: &Rule, answer: &Value, id: EntryId) -> Outcome {
    let told = &answer["data"][rule.field.as_str()];
    let nodes = told["nodes"].as_array().into_iter().flatten();
    match rule.how {
        How::Plainly if rule.field == "entries" && !told.is_null() => {
            let mut listed = nodes.filter(|node| node["id"] == id.to_string());
            listed.next().map_or(Outcome::Unknown, Outcome::shown)
        }
        How::AnInternalField => {
            let of_one = told.get("inner").into_iter();
            let mut inner = of_one.chain(nodes.map(|node| &node["inner"]));
            match inner.next() {
                Some(inner) if !inner.is_null() => Outcome::Done,
                _ => Outcome::Unknown,
            }
        }
        _ => Outcome::of(answer, &rule.field),
    }
}

async fn hold(app: TestApp, is_meant: impl Fn(&Operation<'_>) -> bool) {
    let api = Introspection::of(&app).await;
    let mut stock = Stock::new(app).await;
    let mut wrong = Wrong::new();
    for rule in &rules() {
        let operation = Operation::of(&api, rule);
        if !is_meant(&operation) {
            continue;
        }
        if operation.is_about_an_entry() {
            stock.try_on_entries(&operation, &mut wrong).await;
        } else {
            stock.try_alone(&operation, &mut wrong).await;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

on_both_engines! {
    async fn every_cell_holds_for_questions(app: TestApp) {
        hold(app, |operation| !operation.is_mutation).await;
    }

    async fn every_cell_holds_for_mutations_of_a_type(app: TestApp) {
        hold(app, |operation| operation.is_mutation && operation.is_of_a_type()).await;
    }

    async fn every_cell_holds_for_mutations_of_all_types(app: TestApp) {
        hold(app, |operation| operation.is_mutation && !operation.is_of_a_type()).await;
    }

    async fn a_password_that_was_given_long_ago_is_wanted_again(app: TestApp) {
        let api = Introspection::of(&app).await;
        let rules = rules();
        let rule = rules.iter().find(|rule| rule.field == "eraseEntries").expect("a rule");
        let operation = Operation::of(&api, rule);
        let mut stock = Stock::new(app).await;
        let kind = Kind { is_own: true, state: State::Archived };
        let admin = ROLES.len() - 1;
        let id = stock.entry(operation.content_type(), admin, kind).await;
        let subject = Subject { id, latest: 1, moment: MOMENT.to_owned() };
        let before = all_rows(&stock.app).await;
        stock.app.app.clock.advance(TimeDelta::minutes(6));
        let answer = stock.ask(admin, &operation.about(&subject)).await;
        assert_eq!(Outcome::of(&answer, &rule.field), Outcome::PasswordRequired, "{answer}");
        assert_eq!(all_rows(&stock.app).await, before);
        stock.app.app.clock.advance(TimeDelta::minutes(-6));
        let answer = stock.ask(admin, &operation.about(&subject)).await;
        assert_eq!(Outcome::of(&answer, &rule.field), Outcome::Done, "{answer}");
    }
}
