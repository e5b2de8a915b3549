//! Calls in any order, beside a model of a few lines that says what must come of each: no order leads to a session without each
//! factor, and none of those who have them is kept out.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use entity::{Instant, account, session};
use kindling::auth::{
    Client, Principal, Role,
    factor::{policy, reset},
};
use sea_orm::{EntityTrait, prelude::Uuid};
use serde_json::{Value, json};

use super::{answer, totp};
use crate::support::{TestApp, accounts::PASSWORD, on_both_engines};

const ROLES: [Role; 2] = [Role::Editor, Role::Author];
const STEPS: usize = 3_000;

/// Numbers that come in the same order each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from((self.0 >> 33) % end as u64).expect("a number")
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())].clone())
    }
}

/// What the model knows of an account.
#[derive(Default)]
struct Known {
    id: Uuid,
    pending: Option<String>,
    secret: Option<String>,
    codes: Vec<String>,
    spent: Vec<String>,
    required: bool,
}

/// A challenge, as whoever holds it knows it.
#[derive(Clone)]
struct Open {
    token: Value,
    of: usize,
    made_at: Instant,
    is_spent: bool,
}

struct Model {
    app: TestApp,
    random: Random,
    accounts: [Known; 2],
    challenges: Vec<Open>,
    /// Whose sessions there were, and which stand.
    sessions: BTreeMap<Uuid, (usize, bool)>,
    /// The refresh token that each session began with.
    tokens: BTreeMap<Uuid, Uuid>,
    done: BTreeMap<&'static str, usize>,
}

impl Model {
    async fn new(app: TestApp, seed: u64) -> Self {
        let mut accounts = [Known::default(), Known::default()];
        for (place, role) in ROLES.into_iter().enumerate() {
            accounts[place].id = app.new_account(&email(place), role).await.id;
        }
        Self {
            app,
            random: Random(seed),
            accounts,
            challenges: Vec::new(),
            sessions: BTreeMap::new(),
            tokens: BTreeMap::new(),
            done: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// Does something, and compares.
    async fn step(&mut self) {
        // So that each code is of a step of its own.
        self.app.app.clock.advance(TimeDelta::seconds(90));
        match self.random.below(24) {
            0..=3 => self.sign_in().await,
            4..=10 => self.complete().await,
            11..=14 => self.begin().await,
            15..=19 => self.confirm().await,
            20 | 21 => self.remove().await,
            22 => self.set_policy().await,
            _ => self.reset().await,
        }
        self.compare_sessions().await;
    }

    /// The answer to a mutation: the payload, or nothing if there were too many attempts.
    async fn ask(&self, who: &Principal, field: &str, input: Value) -> Option<Value> {
        let answer = answer(&self.app, who, field, input).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            None => Some(answer["data"][field].clone()),
            Some("TOO_MANY_ATTEMPTS") => {
                // All attempts are free again a day later.
                self.app.app.clock.advance(TimeDelta::hours(25));
                None
            }
            Some("UNAUTHENTICATED") => Some(json!({"userErrors": [{"code": "UNAUTHENTICATED"}]})),
            Some(_) => panic!("{field}: {answer}"),
        }
    }

    /// Notes a session that was given; it must be one exactly if the model says so.
    async fn note(&mut self, payload: &Value, of: usize, must: bool) {
        assert_eq!(payload["session"].is_object(), must, "{payload}");
        if must {
            let token = &payload["session"]["accessToken"];
            let Ok(Principal::Account { id, session, .. }) = self.app.bearer(token).await else {
                panic!("no session: {payload}");
            };
            assert_eq!(id, self.accounts[of].id);
            self.sessions.insert(session.id, (of, true));
            self.tokens.insert(session.id, session.token);
        }
    }

    fn end_sessions(&mut self, of: usize, but: Option<Uuid>) {
        for (id, (owner, stands)) in &mut self.sessions {
            if *owner == of && Some(*id) != but {
                *stands = false;
            }
        }
    }

    async fn sign_in(&mut self) {
        let of = self.random.below(2);
        let input = json!({"email": email(of), "password": PASSWORD});
        let payload = self.ask(&Principal::Anonymous, "signIn", input).await;
        let payload = payload.expect("an answer");
        let known = &self.accounts[of];
        let (has_factor, required) = (known.secret.is_some(), known.required);
        self.note(&payload, of, !has_factor && !required).await;
        if has_factor || required {
            let challenge = &payload["challenge"];
            assert_eq!(challenge["mustEnrol"], !has_factor);
            self.challenges.push(Open {
                token: challenge["token"].clone(),
                of,
                made_at: self.app.app.clock.now(),
                is_spent: false,
            });
        } else {
            self.count("signed in");
        }
    }

    /// One of the challenges, and whether it holds.
    fn challenge(&mut self) -> Option<(usize, Open, bool)> {
        let places: Vec<usize> = (0..self.challenges.len()).collect();
        // The later ones more often: the earlier ones have ended.
        let place = self
            .random
            .pick(&places[places.len().saturating_sub(4)..])?;
        let open = self.challenges[place].clone();
        let age = self.app.app.clock.now() - open.made_at;
        let holds = !open.is_spent && age < TimeDelta::minutes(10);
        Some((place, open, holds))
    }

    /// A factor that somebody might show, and whether it is one of this account.
    fn factor(&mut self, of: usize) -> (Value, bool) {
        let whose = if self.random.below(4) == 0 {
            1 - of
        } else {
            of
        };
        let known = &self.accounts[whose];
        let pending = known.pending.as_ref().map(|secret| totp(secret, &self.app));
        let right = known.secret.as_ref().map(|secret| totp(secret, &self.app));
        let (codes, spent) = (known.codes.clone(), known.spent.clone());
        let (factor, is_right) = match self.random.below(6) {
            0 => (Value::Null, false),
            1 => (
                json!({"totpCode": pending.unwrap_or("000000".to_owned())}),
                false,
            ),
            2 => (
                json!({"recoveryCode": self.random.pick(&spent).unwrap_or_default()}),
                false,
            ),
            3 => match self.random.pick(&codes) {
                Some(code) => (json!({ "recoveryCode": code }), true),
                None => (json!({"recoveryCode": "x"}), false),
            },
            _ => match right {
                Some(code) => (json!({ "totpCode": code }), true),
                None => (json!({"totpCode": "000000"}), false),
            },
        };
        (factor, is_right && whose == of)
    }

    async fn complete(&mut self) {
        let Some((place, open, holds)) = self.challenge() else {
            return;
        };
        let (factor, is_right) = self.factor(open.of);
        let known = &self.accounts[open.of];
        let needs_nothing = known.secret.is_none() && !known.required;
        let must = holds && (needs_nothing || (known.secret.is_some() && is_right));
        let input = json!({"challenge": open.token, "factor": factor});
        let Some(payload) = self
            .ask(&Principal::Anonymous, "completeSignIn", input)
            .await
        else {
            return;
        };
        self.note(&payload, open.of, must).await;
        if must {
            self.count("completed");
            self.challenges[place].is_spent = true;
            if let (Some(code), false) = (factor["recoveryCode"].as_str(), needs_nothing) {
                let known = &mut self.accounts[open.of];
                known.codes.retain(|one| one != code);
                known.spent.push(code.to_owned());
            }
        }
    }

    /// Somebody who changes factors: by a session, or by a challenge. Whether they may, and what a challenge is.
    fn changer(&mut self, by_challenge: bool) -> Option<(Principal, Option<usize>, usize, bool)> {
        if by_challenge {
            let (place, open, holds) = self.challenge()?;
            let known = &self.accounts[open.of];
            let may = holds && known.secret.is_none() && known.required;
            return Some((Principal::Anonymous, Some(place), open.of, may));
        }
        // Mostly one that stands.
        let all = self.random.below(5) == 0;
        let sessions = self
            .sessions
            .iter()
            .filter(|(_, (_, stands))| all || *stands);
        let ids: Vec<Uuid> = sessions.map(|(id, _)| *id).collect();
        let id = self.random.pick(&ids[ids.len().saturating_sub(4)..])?;
        let (of, stands) = self.sessions[&id];
        let password_at = self.app.app.clock.now();
        let who = Principal::Account {
            id: self.accounts[of].id,
            role: ROLES[of],
            session: kindling::auth::Session {
                id,
                token: self.tokens[&id],
                password_at,
            },
        };
        Some((who, None, of, stands))
    }

    async fn begin(&mut self) {
        let by_challenge = self.random.below(2) == 0;
        let Some((who, place, of, may)) = self.changer(by_challenge) else {
            return;
        };
        let token = place.map(|place| self.challenges[place].token.clone());
        let payload = self
            .ask(&who, "beginTotp", json!({ "challenge": token }))
            .await;
        let payload = payload.expect("an answer");
        let must = may && self.accounts[of].secret.is_none();
        assert_eq!(payload["enrolment"].is_object(), must, "{payload}");
        if must {
            let secret = payload["enrolment"]["secret"].as_str();
            self.accounts[of].pending = secret.map(str::to_owned);
        }
    }

    async fn confirm(&mut self) {
        let by_challenge = self.random.below(2) == 0;
        let Some((who, place, of, may)) = self.changer(by_challenge) else {
            return;
        };
        let known = &self.accounts[of];
        let pending = known.pending.clone().filter(|_| known.secret.is_none());
        let is_wrong = self.random.below(4) == 0;
        let code = pending
            .as_ref()
            .filter(|_| !is_wrong)
            .map(|secret| totp(secret, &self.app));
        let must = may && code.is_some();
        let token = place.map(|place| self.challenges[place].token.clone());
        let input = json!({"challenge": token, "code": code.unwrap_or("000000".to_owned())});
        let Some(payload) = self.ask(&who, "confirmTotp", input).await else {
            return;
        };
        assert_eq!(payload["factors"].is_object(), must, "{payload}");
        if must {
            self.count(if place.is_some() {
                "enrolled by a challenge"
            } else {
                "enrolled"
            });
            let but = match &who {
                Principal::Account { session, .. } => Some(session.id),
                _ => None,
            };
            self.end_sessions(of, but);
            let known = &mut self.accounts[of];
            (known.secret, known.pending) = (pending, None);
            known.codes = super::texts(&payload["recoveryCodes"]);
            if let Some(place) = place {
                self.challenges[place].is_spent = true;
            }
        }
        self.note(&payload, of, must && place.is_some()).await;
    }

    async fn remove(&mut self) {
        let Some((who, _, of, may)) = self.changer(false) else {
            return;
        };
        let payload = self
            .ask(&who, "removeTotp", Value::Null)
            .await
            .expect("an answer");
        let known = &mut self.accounts[of];
        let must = may && known.secret.is_some() && !known.required;
        assert_eq!(payload["factors"].is_object(), must, "{payload}");
        if must {
            known.secret = None;
            known.spent.append(&mut known.codes);
            if let Principal::Account { session, .. } = who {
                self.end_sessions(of, Some(session.id));
            }
            self.count("removed");
        }
    }

    async fn set_policy(&mut self) {
        let (of, required) = (self.random.below(2), self.random.below(2) == 0);
        let set = policy::set(&self.app.app, &Principal::System, ROLES[of], required).await;
        assert_eq!(set.expect("a policy").requires_second_factor, required);
        self.accounts[of].required = required;
        if required && self.accounts[of].secret.is_none() {
            self.end_sessions(of, None);
        }
    }

    async fn reset(&mut self) {
        let of = self.random.below(2);
        let (id, client) = (self.accounts[of].id, Client::default());
        let reset = reset::reset(&self.app.app, &client, &Principal::System, id).await;
        let _: account::Model = reset.expect("an account");
        let known = &mut self.accounts[of];
        (known.secret, known.pending) = (None, None);
        known.spent.append(&mut known.codes);
        self.end_sessions(of, None);
    }

    async fn compare_sessions(&self) {
        let tx = self.app.app.database.begin().await.expect("a transaction");
        let rows = session::Entity::find().all(&tx).await.expect("sessions");
        let found: BTreeMap<Uuid, bool> = rows
            .iter()
            .map(|row| (row.id, row.ended_at.is_none()))
            .collect();
        let known = self.sessions.iter().map(|(id, (_, stands))| (*id, *stands));
        assert_eq!(found, known.collect());
    }
}

fn email(place: usize) -> String {
    format!("{place}@example.org")
}

on_both_engines! {
    async fn no_order_of_calls_leads_around_a_factor(app: TestApp) {
        let mut model = Model::new(app, 20_261_124).await;
        for _ in 0..STEPS {
            model.step().await;
        }
        for what in ["signed in", "completed", "enrolled", "enrolled by a challenge", "removed"] {
            assert!(model.done.get(what).is_some_and(|times| *times >= 3), "{what}: {:?}", model.done);
        }
    }
}
