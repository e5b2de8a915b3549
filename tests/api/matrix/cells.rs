//! Every cell of the matrix, tried within the process.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::auth::{
    Client, Principal, Right,
    api_token::{self, NewToken},
    preview_link::{self, NewLink},
};
use sea_orm::{EntityTrait, prelude::Uuid};
use serde_json::Value;

use super::{
    Outcome, ROLES,
    alone::Asker,
    columns::{COLUMNS, Column},
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

/// A moment at which all entries of the stock are public that are so at all: now.
pub(super) fn moment(app: &TestApp) -> String {
    app.app
        .clock
        .now()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// What of the matrix is wrong.
type Wrong = Vec<String>;

impl Stock {
    pub(super) async fn ask(&self, who: Principal, request: &Request) -> Value {
        let variables = request.variables.clone();
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

    /// Tries the operation as each column on an entry of each kind.
    async fn try_on_entries(&mut self, operation: &Operation<'_>, wrong: &mut Wrong) {
        for column in COLUMNS {
            self.cases(operation, column).await;
        }
        let before = all_rows(&self.app).await;
        for column in COLUMNS {
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

    /// The entries that the column tries it on.
    async fn cases(&mut self, operation: &Operation<'_>, column: Column) -> Vec<(Kind, EntryId)> {
        let mut cases = Vec::new();
        for kind in kinds(operation.rule, column) {
            let id = self.entry_for(operation.content_type(), column, kind).await;
            cases.push((kind, id));
        }
        cases
    }

    /// First what must change nothing, then the rest.
    async fn try_changes(
        &mut self,
        operation: &Operation<'_>,
        column: Column,
        cases: Vec<(Kind, EntryId)>,
        wrong: &mut Wrong,
    ) {
        let is_done = |case: &(Kind, EntryId)| expected(operation, column, case.0) == Outcome::Done;
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
        column: Column,
        cases: &[(Kind, EntryId)],
        wrong: &mut Wrong,
    ) {
        let rule = operation.rule;
        for (kind, id) in cases {
            let subject = Subject {
                id: *id,
                latest: if kind.state == State::Changed { 2 } else { 1 },
                moment: moment(&self.app),
            };
            let who = self.who(column, operation, (*kind, *id));
            let answer = self.ask(who, &operation.about(&subject)).await;
            let found = outcome(rule, &answer, *id);
            let must = expected(operation, column, *kind);
            if found != must {
                wrong.push(format!(
                    "{rule:?} by {column:?} on {kind:?}: {found:?}, not {must:?}: {answer}"
                ));
            }
        }
    }

    async fn expect_rows(&self, before: &[String], rule: &Rule, wrong: &mut Wrong) {
        if all_rows(&self.app).await != before {
            wrong.push(format!("{rule:?} changed something"));
        }
    }

    /// Tries an operation that is about no entry as each column.
    async fn try_alone(&mut self, operation: &Operation<'_>, wrong: &mut Wrong) {
        for column in COLUMNS {
            let own = self.belongings(column).await;
            let kind = Kind {
                is_own: true,
                state: State::Draft,
            };
            let nothing = kindling::id::entry(operation.content_type());
            let mut who = self.who(column, operation, (kind, nothing));
            if let Principal::ApiToken { id, digest, .. } = &mut who {
                *id = self.token_of_maker(column).await;
                *digest = self.digest_of(*id).await.into();
            }
            let before = all_rows(&self.app).await;
            let answer = self.ask(who, &operation.alone(&own)).await;
            let rule = operation.rule;
            let (found, must) = (
                Outcome::of(&answer, &rule.field),
                expected_alone(operation, column),
            );
            if found != must {
                wrong.push(format!(
                    "{rule:?} by {column:?}: {found:?}, not {must:?}: {answer}"
                ));
            }
            if must != Outcome::Done {
                self.expect_rows(&before, rule, wrong).await;
            }
        }
    }
}

impl Stock {
    /// What belongs to the column after it has signed in once more.
    async fn belongings(&mut self, column: Column) -> Asker {
        let role = column.role();
        let address = role.map_or_else(|| "other@example.org".to_owned(), email);
        let session = self.app.sign_in(&address).await;
        if role.is_some() {
            let principal = self.app.bearer(&session["accessToken"]).await;
            self.principals[column.place()] = principal.expect("a principal");
        }
        let who = self.principals[column.place()].clone();
        let token = if who.require(Right::ManageTokens).is_ok() {
            self.token_of_maker(column).await
        } else {
            kindling::id::new()
        };
        let link = if role.is_some() {
            self.link_of(column, &who).await
        } else {
            kindling::id::new()
        };
        Asker {
            email: address,
            password: PASSWORD.to_owned(),
            refresh: session["refreshToken"]
                .as_str()
                .expect("a token")
                .to_owned(),
            api_token: api_token::public_id(token),
            preview_link: preview_link::public_id(link),
        }
    }

    async fn digest_of(&self, token: Uuid) -> String {
        let tokens = self
            .app
            .app
            .database
            .rows(entity::api_token::Entity::find_by_id(token));
        tokens.await.expect("an answer").remove(0).hash
    }

    /// A new API token of the account behind the column.
    async fn token_of_maker(&self, column: Column) -> Uuid {
        let new = NewToken {
            name: "A machine".to_owned(),
            scopes: BTreeSet::new(),
            types: None,
            expires_at: None,
        };
        let (app, who) = (&self.app.app, &self.principals[column.place()]);
        let made = api_token::create(app, &Client::default(), who, new).await;
        made.expect("a token").0.id
    }

    /// A new preview link of the account behind the column.
    async fn link_of(&mut self, column: Column, who: &Principal) -> Uuid {
        let kind = Kind {
            is_own: true,
            state: State::Draft,
        };
        let new = NewLink {
            entry: self.entry_for(ContentType::Value, column, kind).await,
            locale: None,
            expires_in_seconds: None,
        };
        let made = preview_link::create(&self.app.app, &Client::default(), who, new).await;
        made.expect("a link").0.id
    }
}

/// What an entry can be to the column, as far as the row is about it.
fn kinds(rule: &Rule, column: Column) -> Vec<Kind> {
    let owners: &[bool] = if column == Column::Anonymous {
        &[false]
    } else {
        &[true, false]
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
pub(super) fn outcome(rule: &Rule, answer: &Value, id: EntryId) -> Outcome {
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
        Box::pin(hold(app, |operation| !operation.is_mutation)).await;
    }

    async fn every_cell_holds_for_mutations_of_a_type(app: TestApp) {
        Box::pin(hold(app, |operation| operation.is_mutation && operation.is_of_a_type())).await;
    }

    async fn every_cell_holds_for_mutations_of_all_types(app: TestApp) {
        Box::pin(hold(app, |operation| operation.is_mutation && !operation.is_of_a_type())).await;
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
        let admin = stock.principals[admin].clone();
        let subject = Subject { id, latest: 1, moment: moment(&stock.app) };
        let before = all_rows(&stock.app).await;
        stock.app.app.clock.advance(TimeDelta::minutes(6));
        let answer = stock.ask(admin.clone(), &operation.about(&subject)).await;
        assert_eq!(Outcome::of(&answer, &rule.field), Outcome::PasswordRequired, "{answer}");
        assert_eq!(all_rows(&stock.app).await, before);
        stock.app.app.clock.advance(TimeDelta::minutes(-6));
        let answer = stock.ask(admin.clone(), &operation.about(&subject)).await;
        assert_eq!(Outcome::of(&answer, &rule.field), Outcome::Done, "{answer}");
    }
}
