//! What can happen in a story: somebody reads, or somebody changes something.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_graphql::Variables;
use chrono::TimeDelta;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::{Principal, Role, Scope},
    content::{
        position::Neighbour,
        types::{ImpactStat, Milestone, Page, StorySection},
        write::Change,
    },
    delivery::{Delivery, Sender, Source},
    error::Result,
};
use proptest::prelude::*;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{TestApp, account, ask, content};

/// Read by everybody. What they name is there at times, and at times it is not.
const QUERIES: &[&str] = &[
    "{ page(by: {slug: \"story\"}) { id slug title status sections { anchor items { ... on Milestone { title image { url } } \
     ... on ImpactStat { label isStale } } } } }",
    "{ page(by: {slug: \"saga\"}) { id slug status } }",
    "{ page(by: {key: \"page\"}, view: {perspective: DRAFT}) { slug revision status sections { items { ... on Milestone { title } } } } }",
    "{ milestones(first: 2, orderBy: [{field: DATE, direction: DESC}]) { totalCount nodes { key title revision status publishedAt } pageInfo { hasNextPage } } }",
    "{ milestones(view: {perspective: DRAFT}) { totalCount nodes { key title revision status } } }",
    "{ impactStats { nodes { key label isStale status } } }",
    "{ a: milestone(by: {key: \"milestone-0\"}) { title } b: milestone(by: {key: \"milestone-0\"}, view: {perspective: DRAFT}) { title status } }",
    "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Milestone { title status } ... on Page { slug status } } }",
    "{ storySections { nodes { anchor items { ... on Milestone { key title } } } } }",
    "{ pages(where: {slug: {startsWith: \"s\"}}) { totalCount } }",
    "{ pages { nodes { slug contentUpdatedAt } } }",
    "{ page(by: {key: \"page\"}, view: {perspective: DRAFT}) { contentUpdatedAt } }",
];

/// Something that happens, with numbers that choose by whom and to what.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Read(usize, usize),
    Save(usize, u32),
    Publish(usize),
    Unpublish(usize),
    Archive(usize),
    Restore(usize),
    Discard(usize),
    Move(usize),
    NextDay,
}

/// Reads more often than anything else.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let any_entry = 0..ENTRIES;
    let read = || (0..QUERIES.len(), 0..READERS).prop_map(|(query, who)| Step::Read(query, who));
    prop_oneof![
        30 => read(),
        2 => (any_entry.clone(), any::<u32>()).prop_map(|(entry, what)| Step::Save(entry, what)),
        2 => any_entry.clone().prop_map(Step::Publish),
        1 => any_entry.clone().prop_map(Step::Unpublish),
        1 => any_entry.clone().prop_map(Step::Archive),
        2 => any_entry.clone().prop_map(Step::Restore),
        1 => any_entry.clone().prop_map(Step::Discard),
        1 => any_entry.prop_map(Step::Move),
        1 => Just(Step::NextDay),
    ]
}

const READERS: usize = 6;
const ENTRIES: usize = 7;

/// A story that goes on and on.
pub(super) struct Story {
    app: TestApp,
    keeping: Box<Delivery>,
    forgetting: Box<Delivery>,
    readers: [Principal; READERS],
    ids: [EntryId; ENTRIES],
    kept: AtomicUsize,
    executed: AtomicUsize,
}

impl Story {
    /// A page with a section, of which a contributor made some items and an editor the rest.
    pub(super) async fn begin(app: TestApp) -> Self {
        let contributor = account(Role::Contributor);
        let mut own = app.change_by(&contributor).await;
        let mut milestones = Vec::new();
        for number in 0..2 {
            let date = format!("20{number}0-01-01");
            let key = format!("milestone-{number}");
            milestones.push(
                own.create::<Milestone>(Some(&key), content::milestone(&date))
                    .await
                    .expect("an entry"),
            );
        }
        own.seal().await.expect("a commit");
        let stat = content::with(
            content::impact_stat("7"),
            json!({"staleAfterOn": "2026-05-03"}),
        );
        let stats = [
            app.draft::<ImpactStat>("stat-0", stat).await,
            app.draft::<ImpactStat>("stat-1", content::impact_stat("8"))
                .await,
        ];
        let last = app
            .draft::<Milestone>("milestone-2", content::milestone("2024-01-01"))
            .await;
        let items = json!([milestones[0], milestones[1], stats[0], last].map(|id| id.to_string()));
        let section = content::with(content::story_section("start"), json!({"items": items}));
        let section = app.draft::<StorySection>("section", section).await;
        let page = content::with(
            content::page("story"),
            json!({"sections": [section.to_string()]}),
        );
        let page = app.draft::<Page>("page", page).await;
        let token = Principal::ApiToken {
            id: kindling::id::new(),
            account: kindling::id::new(),
            role: Role::Editor,
            scopes: BTreeSet::from([Scope::Drafts]),
            types: Some(BTreeSet::from([ContentType::Milestone])),
            digest: "a digest".into(),
        };
        let preview = Principal::Preview {
            id: kindling::id::new(),
            entry: page,
            locale: None,
            shown: [page.uuid, section.uuid, milestones[0].uuid]
                .into_iter()
                .collect(),
        };
        Self {
            keeping: Box::new(Delivery::new(&app.app)),
            forgetting: Box::new(Delivery::new(&app.forgetful())),
            readers: [
                Principal::Anonymous,
                contributor,
                account(Role::Author),
                account(Role::Editor),
                token,
                preview,
            ],
            ids: [
                milestones[0],
                milestones[1],
                last,
                stats[0],
                stats[1],
                section,
                page,
            ],
            app,
            kept: AtomicUsize::new(0),
            executed: AtomicUsize::new(0),
        }
    }

    /// How many answers came from there.
    pub(super) fn count(&self, source: Source) -> usize {
        let count = if source == Source::Kept {
            &self.kept
        } else {
            &self.executed
        };
        count.load(Ordering::Relaxed)
    }

    /// What happens next. Changes may be refused; reads must be right.
    pub(super) async fn take(&self, step: Step) -> Result<(), String> {
        match step {
            Step::Read(query, who) => return self.read(QUERIES[query], &self.readers[who]).await,
            Step::NextDay => {
                self.app.app.clock.advance(TimeDelta::days(1));
            }
            // Most of what can go wrong here is meant to: an entry lies in the trash, or is needed elsewhere.
            step => drop(self.change(step).await),
        }
        Ok(())
    }

    async fn read(&self, query: &str, who: &Principal) -> Result<(), String> {
        let variables = json!({"ids": self.ids.map(|id| id.to_string())});
        let variables = if query.contains("$ids") {
            variables
        } else {
            Value::Null
        };
        self.app.admit(who).await;
        let ask = async |delivery: &Delivery| {
            let variables = Variables::from_json(variables.clone());
            ask(delivery, query, variables, Sender::new(who.clone())).await
        };
        let (given, source) = ask(&self.keeping).await;
        let (found, _) = ask(&self.forgetting).await;
        let count = if source == Source::Kept {
            &self.kept
        } else {
            &self.executed
        };
        count.fetch_add(1, Ordering::Relaxed);
        if given["data"] == found["data"] && given["errors"] == found["errors"] {
            Ok(())
        } else {
            Err(format!(
                "{who:?} asks {query}\n  given ({source:?}): {given}\n  found: {found}"
            ))
        }
    }

    async fn change(&self, step: Step) -> Result<()> {
        let mut change = Change::begin(&self.app.app, Principal::System, None).await?;
        let id = |entry: usize| [self.ids[entry]];
        match step {
            Step::Save(entry, what) => self.save(&mut change, entry, what).await?,
            Step::Publish(entry) => change.publish(&id(entry)).await?,
            Step::Unpublish(entry) => drop(change.unpublish(&id(entry)).await?),
            Step::Archive(entry) => drop(change.archive(&id(entry)).await?),
            Step::Restore(entry) => change.restore(&id(entry)).await?,
            Step::Discard(entry) => change.discard_drafts(&id(entry)).await?,
            Step::Move(entry) => change.move_entry(self.ids[entry], Neighbour::None).await?,
            Step::Read(..) | Step::NextDay => {}
        }
        change.seal().await
    }
}

impl Story {
    /// Other content for an entry, of which `what` chooses what it says.
    fn other(&self, entry: usize, what: u32) -> Value {
        let text = format!("Text {}", what % 5);
        let items: Vec<String> = (0..4)
            .filter(|at| what >> at & 1 == 1)
            .map(|at| self.ids[at].to_string())
            .collect();
        match self.ids[entry].content_type {
            ContentType::Milestone => json!({"title": {"en": text}}),
            ContentType::ImpactStat => json!({"label": {"en": text}}),
            ContentType::StorySection => json!({"items": items}),
            _ => {
                let slug = if what.is_multiple_of(2) {
                    "story"
                } else {
                    "saga"
                };
                json!({"slug": slug, "title": {"en": text}, "sections": [self.ids[5].to_string()]})
            }
        }
    }

    async fn save(&self, change: &mut Change, entry: usize, what: u32) -> Result<()> {
        let (id, other) = (self.ids[entry], self.other(entry, what));
        let stored = entity::entry::Entity::find_by_id(id.uuid);
        let stored: Option<entity::entry::Model> = self.app.app.database.row(stored).await?;
        let Some(stored) = stored else {
            return Ok(());
        };
        let expected = stored.latest_revision;
        match id.content_type {
            ContentType::Milestone => {
                let content = content::with(content::milestone("2012-01-01"), other);
                change.update::<Milestone>(id, expected, content).await?;
            }
            ContentType::ImpactStat => {
                let content = content::with(content::impact_stat("7"), other);
                change.update::<ImpactStat>(id, expected, content).await?;
            }
            ContentType::StorySection => {
                let content = content::with(content::story_section("start"), other);
                change.update::<StorySection>(id, expected, content).await?;
            }
            _ => {
                let content = content::with(content::page("story"), other);
                change.update::<Page>(id, expected, content).await?;
            }
        }
        Ok(())
    }
}
