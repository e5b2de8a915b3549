//! Steps compose: any of them, in any order, in one change, by many writers at once. Whatever was sealed fits together, and no
//! two changes ever wait for each other.
//!
//! `KINDLING_COMPOSING_ROUNDS` says how many changes each of the writers makes; a few, if it is absent.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use entity::{entry::ContentType, entry_id::EntryId, publication};
use kindling::{
    app::App,
    auth::Principal,
    content::{
        lifecycle::{Step, Target},
        position::Neighbour,
        types::{Asset, Milestone, Page, StorySection},
        write::Change,
    },
    database::Contended,
    error::{Error, Result},
};
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};
use serde_json::json;

use crate::{
    fitting,
    pipeline::of,
    support::{content, on_both_engines},
};

const WRITERS: usize = 16;
const ROUNDS: usize = 6;
const SETTING: &str = "KINDLING_COMPOSING_ROUNDS";

/// What the writers have done.
#[derive(Default)]
struct Tally {
    sealed: AtomicUsize,
    refused: AtomicUsize,
    /// Attempts that gave up their locks to others.
    contended: AtomicUsize,
    /// Attempts that the database rolled back.
    rolled_back: AtomicUsize,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings are none of the server's"
)]
fn rounds() -> usize {
    let set = std::env::var(SETTING).ok();
    set.map_or(ROUNDS, |rounds| rounds.parse().expect(SETTING))
}

/// Random numbers of one writer.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).expect("small")
    }

    fn some(&mut self, ids: &[EntryId]) -> Vec<EntryId> {
        let count = 1 + self.roll(3);
        let mut chosen = Vec::new();
        for _ in 0..count {
            let id = ids[self.roll(ids.len())];
            if !chosen.contains(&id) {
                chosen.push(id);
            }
        }
        chosen
    }
}

/// Takes back a batch, or what happened to entries until a moment.
async fn take_back(
    app: &App,
    change: &mut Change,
    targets: &[Target],
    dice: &mut Dice,
) -> Result<()> {
    let newest = publication::Entity::find()
        .order_by_desc(publication::Column::StartsAt)
        .limit(20);
    let newest = app.database.rows(newest).await?;
    if newest.is_empty() || dice.roll(2) == 0 {
        return change
            .take_back_until(targets, app.clock.now())
            .await
            .map(drop);
    }
    change
        .take_back(newest[dice.roll(newest.len())].batch)
        .await
        .map(drop)
}

/// Applies one random step.
async fn step(app: &App, change: &mut Change, ids: &[EntryId], dice: &mut Dice) -> Result<()> {
    let targets = |ids: Vec<EntryId>| -> Vec<Target> {
        ids.into_iter()
            .map(|id| Target { id, expected: None })
            .collect()
    };
    let some = dice.some(ids);
    let step = match dice.roll(12) {
        0 => Step::Publish {
            with_dependencies: true,
        },
        1 | 2 => Step::Publish {
            with_dependencies: false,
        },
        3 => Step::PublishLocale("es".to_owned()),
        4 => Step::Unpublish,
        5 => Step::DiscardDrafts,
        6 => Step::Archive,
        7 => Step::Restore,
        8 => {
            let milestones: Vec<EntryId> = ids
                .iter()
                .copied()
                .filter(|id| id.content_type == ContentType::Milestone)
                .collect();
            let (moved, next) = (dice.roll(milestones.len()), dice.roll(milestones.len()));
            let neighbour = if moved == next {
                Neighbour::None
            } else {
                Neighbour::Before(milestones[next])
            };
            return change.move_entry(milestones[moved], neighbour).await;
        }
        9 => return take_back(app, change, &targets(some), dice).await,
        _ => return save(change, some[0], ids, dice).await,
    };
    change.apply(&targets(some), step).await.map(drop)
}

/// Creates an entry, or saves a revision on top of whatever is there.
async fn save(change: &mut Change, id: EntryId, ids: &[EntryId], dice: &mut Dice) -> Result<()> {
    let (english, spanish, number) = (dice.roll(100), dice.roll(100), dice.roll(3));
    let texts = json!({"en": format!("Title {english}"), "es": format!("Título {spanish}")});
    let sections: Vec<_> = ids
        .iter()
        .filter(|id| id.content_type == ContentType::StorySection)
        .take(number)
        .collect();
    let milestones: Vec<_> = ids
        .iter()
        .filter(|id| id.content_type == ContentType::Milestone)
        .take(number)
        .collect();
    let page = json!({"slug": format!("slug-{number}"), "title": texts, "sections": sections});
    let picture = ids.iter().find(|id| id.content_type == ContentType::Asset);
    let layout = if dice.roll(2) == 0 { "HERO" } else { "TEXT" };
    let section = json!({
        "anchor": format!("anchor-{number}"), "heading": texts, "items": milestones, "layout": layout, "image": picture
    });
    let milestone = json!({"date": "2008", "title": texts});
    if dice.roll(4) == 0 {
        return change
            .create::<Page>(None, of::<Page>(page))
            .await
            .map(drop);
    }
    let base = 1;
    let saved = match id.content_type {
        ContentType::Page => change.update::<Page>(id, base, of::<Page>(page)).await,
        ContentType::Asset => {
            change
                .update::<Asset>(id, base, content::asset("a.webp"))
                .await
        }
        ContentType::StorySection => {
            change
                .update::<StorySection>(id, base, of::<StorySection>(section))
                .await
        }
        _ => {
            change
                .update::<Milestone>(id, base, of::<Milestone>(milestone))
                .await
        }
    };
    saved.map(drop)
}

/// One change of two steps.
async fn compose(app: &App, ids: &[EntryId], seed: u64) -> Result<()> {
    let mut dice = Dice(seed);
    let mut change = Change::begin(app, Principal::System, None).await?;
    step(app, &mut change, ids, &mut dice).await?;
    step(app, &mut change, ids, &mut dice).await?;
    change.seal().await
}

async fn write(app: App, ids: Arc<Vec<EntryId>>, writer: usize, tally: Arc<Tally>) {
    for round in 0..rounds() {
        let operation = app.for_operation();
        let seed = (writer * 1_000_003 + round * 7_919 + 1) as u64;
        let attempt = || async {
            let composed = compose(&operation, &ids, seed).await;
            if let Err(error) = &composed
                && error.is_contention()
            {
                let gave_way = error
                    .source()
                    .is_some_and(<dyn std::error::Error + 'static>::is::<Contended>);
                let counter = if gave_way {
                    &tally.contended
                } else {
                    &tally.rolled_back
                };
                counter.fetch_add(1, Ordering::Relaxed);
            }
            composed
        };
        match operation.retrying(attempt).await {
            Ok(()) => tally.sealed.fetch_add(1, Ordering::Relaxed),
            Err(Error::Invalid(_) | Error::Conflict(_) | Error::Referenced(_)) => {
                tally.refused.fetch_add(1, Ordering::Relaxed)
            }
            Err(error) => panic!("writer {writer}, round {round}: {error:?}"),
        };
    }
}

on_both_engines! {
    async fn any_two_steps_of_many_writers_compose_without_deadlock(app: TestApp) {
        let mut ids = vec![app.draft::<Asset>("picture", content::asset("a.webp")).await];
        for number in 0..4 {
            ids.push(app.draft::<Milestone>(&format!("milestone-{number}"), content::milestone("2008")).await);
        }
        for number in 0..3 {
            let anchor = format!("anchor-{number}");
            ids.push(app.draft::<StorySection>(&anchor, content::story_section(&anchor)).await);
        }
        for number in 0..3 {
            let slug = format!("slug-{number}");
            ids.push(app.draft::<Page>(&slug, content::page(&slug)).await);
        }
        let (ids, tally) = (Arc::new(ids), Arc::new(Tally::default()));
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(app.app.clone(), ids.clone(), writer, tally.clone()))).collect();
        for writer in writers {
            writer.await.expect("a writer");
        }
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        eprintln!(
            "{} sealed, {} refused, {} gave way, {} rolled back",
            count(&tally.sealed), count(&tally.refused), count(&tally.contended), count(&tally.rolled_back)
        );
        assert_eq!(count(&tally.rolled_back), 0, "deadlocks");
        assert!(count(&tally.sealed) > WRITERS * rounds() / 10);
        assert_eq!(fitting::contradictions(&app).await, [""; 0]);
    }
}
