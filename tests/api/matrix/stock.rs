//! Entries of each kind for the roles to try their hands on, made by real accounts.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::{Principal, Role},
    content::{
        Content,
        lifecycle::{Step, Target},
        write::Change,
    },
};
use sea_orm::Iterable;
use serde_json::{Value, json};

use super::ROLES;
use crate::support::{
    TestApp,
    content::{self, merged},
    world::for_type,
};

/// Where an entry stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    Draft,
    Public,
    /// Public, with a newer draft.
    Changed,
    /// A draft in the trash.
    Archived,
}

pub(super) const STATES: [State; 4] =
    [State::Draft, State::Public, State::Changed, State::Archived];

/// What an entry is to whoever tries something with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) is_own: bool,
    pub(super) state: State,
}

/// The content types by their names in the API.
pub(super) fn type_named(name: &str) -> Option<ContentType> {
    ContentType::iter().find(|of| for_type!(*of, C => C::NAME) == name)
}

/// The root field that lists entries of the type.
pub(super) fn list_of(of: ContentType) -> String {
    let name = for_type!(of, C => C::NAME);
    let (first, rest) = name.split_at(1);
    format!("{}{rest}s", first.to_lowercase())
}

/// Accounts of all roles, one more author, and entries of theirs.
pub(super) struct Stock {
    pub(super) app: TestApp,
    /// In the order of [`ROLES`].
    pub(super) principals: Vec<Principal>,
    pub(super) other: Principal,
    /// A draft that no case is about.
    pub(super) elsewhere: EntryId,
    entries: HashMap<(ContentType, usize, State), EntryId>,
    made: usize,
}

/// The address of the account with this role.
pub(super) fn email(role: Role) -> String {
    format!("{role:?}@example.org").to_lowercase()
}

impl Stock {
    pub(super) async fn new(app: TestApp) -> Self {
        let mut principals = Vec::new();
        for role in ROLES {
            principals.push(match role {
                Some(role) => signed_up(&app, &email(role), role).await,
                None => Principal::Anonymous,
            });
        }
        Self {
            elsewhere: app
                .draft::<kindling::content::types::Value>("elsewhere", content::value("Elsewhere"))
                .await,
            other: signed_up(&app, "other@example.org", Role::Author).await,
            app,
            principals,
            entries: HashMap::new(),
            made: 0,
        }
    }

    /// An entry of the kind, as it is for the role at this place of [`ROLES`].
    pub(super) async fn entry(&mut self, of: ContentType, role: usize, kind: Kind) -> EntryId {
        let owner = if kind.is_own { role } else { ROLES.len() };
        if let Some(id) = self.entries.get(&(of, owner, kind.state)) {
            return *id;
        }
        let creator = self.principals.get(owner).unwrap_or(&self.other).clone();
        let id = self.make(of, creator, kind.state).await;
        self.entries.insert((of, owner, kind.state), id);
        id
    }

    /// Forgets an entry that something has been done to.
    pub(super) fn forget(&mut self, id: EntryId) {
        self.entries.retain(|_, known| *known != id);
    }

    /// A new entry.
    pub(super) async fn make(
        &mut self,
        of: ContentType,
        creator: Principal,
        state: State,
    ) -> EntryId {
        self.made += 1;
        let row = row(of, self.made);
        let mut change = self.begin(creator).await;
        let id = for_type!(of, C => change.create::<C>(None, model::<C>(row.clone())).await);
        let id = id.expect("an entry");
        change.seal().await.expect("a commit");
        let mut change = self.begin(Principal::System).await;
        match state {
            State::Draft => {}
            State::Public => change.publish(&[id]).await.expect("a publication"),
            State::Changed => {
                change.publish(&[id]).await.expect("a publication");
                for_type!(of, C => change.update::<C>(id, 1, model::<C>(row)).await)
                    .expect("a revision");
            }
            State::Archived => {
                let target = Target { id, expected: None };
                let step = Step::Archive;
                change.apply(&[target], step).await.expect("archived");
            }
        }
        change.seal().await.expect("a commit");
        // Publications follow each other also where the clock stands still.
        self.app.app.clock.advance(TimeDelta::milliseconds(1));
        id
    }

    async fn begin(&self, who: Principal) -> Change {
        self.app.change_by(&who).await
    }
}

async fn signed_up(app: &TestApp, email: &str, role: Role) -> Principal {
    app.new_account(email, role).await;
    let session = app.sign_in(email).await;
    let principal = app.bearer(&session["accessToken"]).await;
    principal.expect("a principal")
}

fn model<C: Content>(row: Value) -> C::Model {
    serde_json::from_value(row).expect("content of the type")
}

/// The smallest content that can become public, with fields for signed-in readers where the type has some.
fn row(of: ContentType, number: usize) -> Value {
    let json = |row: Result<Value, serde_json::Error>| row.expect("JSON");
    match of {
        ContentType::Asset => json(serde_json::to_value(content::asset("a.webp"))),
        ContentType::ImpactStat => json(serde_json::to_value(content::impact_stat("1.5"))),
        ContentType::Milestone => json(serde_json::to_value(content::milestone("2008"))),
        ContentType::Page => {
            let slug = format!("page-{number}");
            json(serde_json::to_value(content::page(&slug)))
        }
        ContentType::StorySection => json(serde_json::to_value(content::story_section("a"))),
        ContentType::TeamMember => merged(
            json(serde_json::to_value(content::team_member("Ada"))),
            json!({"role": {"en": "Founder"}, "email": "inner@example.org"}),
        ),
        ContentType::Testimonial => merged(
            json(serde_json::to_value(content::testimonial("Ada"))),
            json!({"consentGivenOn": "2020-01-01", "consentScope": "All of it"}),
        ),
        ContentType::Value => json(serde_json::to_value(content::value("Courage"))),
    }
}
