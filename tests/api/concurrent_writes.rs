//! Many writers at once, and random sequences of changes: the log has no gap, and flags, references and intervals fit.

use entity::entry_id::EntryId;
use kindling::{
    auth::Principal,
    content::{
        types::{Asset, Milestone},
        write::Change,
    },
    error::Error,
};
use proptest::{collection, prelude::*};
use serde_json::json;

use crate::{
    database_state::{all_rows, contradictions, events},
    pipeline::{milestone, of},
    property,
    support::{TestApp, on_both_engines},
};

const WRITERS: usize = 16;
const ROUNDS: usize = 4;

on_both_engines! {
    async fn the_log_has_no_gap_and_follows_the_commits_of_many_writers(app: TestApp) {
        let shared = app.draft::<Milestone>("shared", milestone("Shared")).await;
        let tasks: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(app.app.clone(), writer, shared))).collect();
        let mut created = 0;
        let mut updated = 0;
        for task in tasks {
            let (own, of_shared) = task.await.expect("a writer");
            created += own;
            updated += of_shared;
        }
        assert_eq!(contradictions(&app).await, [""; 0]);
        let events = events(&app).await;
        let of = |action: &str| events.iter().filter(|event| event.action == action).count();
        // Every third round of a writer was rolled back.
        assert_eq!((of("entry.created"), of("entry.updated")), (1 + created, updated));
        assert_eq!(created, WRITERS * ROUNDS - (0..WRITERS * ROUNDS).filter(|round| round % 3 == 0).count());
        let revisions: Vec<_> = events.iter().filter(|event| event.entry_id == Some(shared.uuid)).map(|event| event.revision).collect();
        let in_order: Vec<_> = (1..=i32::try_from(1 + updated).expect("few")).map(Some).collect();
        assert_eq!(revisions, in_order, "the log tells of the revisions in the order of their commits");
        assert!(updated > 0);
    }
}

/// Creates entries and updates a shared one; returns how many of each were committed.
async fn write(app: kindling::app::App, writer: usize, shared: EntryId) -> (usize, usize) {
    let (mut created, mut updated) = (0, 0);
    for round in 0..ROUNDS {
        let mut change = Change::begin(&app, Principal::System, None)
            .await
            .expect("a change");
        let key = format!("{writer}-{round}");
        change
            .create::<Milestone>(Some(&key), milestone(&key))
            .await
            .expect("an entry");
        if (writer * ROUNDS + round).is_multiple_of(3) {
            drop(change);
        } else {
            change.seal().await.expect("a commit");
            created += 1;
        }
        let mut change = Change::begin(&app, Principal::System, None)
            .await
            .expect("a change");
        let expected = i32::try_from(round + 1).expect("few");
        match change
            .update::<Milestone>(shared, expected, milestone(&key))
            .await
        {
            Ok(_) => {
                change.seal().await.expect("a commit");
                updated += 1;
            }
            Err(Error::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    (created, updated)
}

/// One step of a random sequence; the numbers choose among the entries that there are.
#[derive(Clone, Debug)]
enum Step {
    Create {
        titled: bool,
        picture: usize,
    },
    Update {
        entry: usize,
        titled: bool,
        picture: usize,
        stale: bool,
    },
    Publish {
        entries: Vec<usize>,
    },
    UpdateAndForget {
        entry: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let titled = || prop::bool::weighted(0.7);
    let step = prop_oneof![
        2 => (titled(), 0..3_usize).prop_map(|(titled, picture)| Step::Create { titled, picture }),
        4 => (any::<usize>(), titled(), 0..3_usize, prop::bool::weighted(0.2))
            .prop_map(|(entry, titled, picture, stale)| Step::Update { entry, titled, picture, stale }),
        3 => collection::vec(any::<usize>(), 1..4).prop_map(|entries| Step::Publish { entries }),
        1 => any::<usize>().prop_map(|entry| Step::UpdateAndForget { entry }),
    ];
    collection::vec(step, 1..20)
}

#[tokio::test]
async fn whatever_happens_in_whatever_order_the_tables_fit_together_on_sqlite() {
    property::holds(16, steps(), async |steps| {
        follow(&TestApp::on_sqlite().await, steps).await
    })
    .await;
}

#[tokio::test]
async fn whatever_happens_in_whatever_order_the_tables_fit_together_on_postgres() {
    property::holds(8, steps(), async |steps| {
        match TestApp::on_postgres().await {
            Some(app) => follow(&app, steps).await,
            None => Ok(()),
        }
    })
    .await;
}

async fn follow(app: &TestApp, steps: Vec<Step>) -> Result<(), String> {
    let picture =
        of::<Asset>(json!({"fileName": "a.webp", "mediaType": "image/webp", "decorative": true}));
    let pictures = [
        app.draft::<Asset>("a", picture.clone()).await,
        app.draft::<Asset>("b", picture).await,
    ];
    let content = |titled: bool, picture: usize| {
        let title = if titled {
            json!({"en": "Title"})
        } else {
            json!({})
        };
        of::<Milestone>(json!({"title": title, "image": pictures.get(picture)}))
    };
    let mut entries: Vec<(EntryId, i32)> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        app.app.clock.advance(chrono::TimeDelta::hours(1));
        let before = all_rows(app).await;
        let chosen = |entry: usize| entry.checked_rem(entries.len());
        let done = match &step {
            Step::Create { titled, picture } => {
                let id = app
                    .draft::<Milestone>(&number.to_string(), content(*titled, *picture))
                    .await;
                entries.push((id, 1));
                true
            }
            Step::Update {
                entry,
                titled,
                picture,
                stale,
            } => {
                let Some(at) = chosen(*entry) else { continue };
                let (id, revision) = entries[at];
                let updated = app
                    .update::<Milestone>(
                        id,
                        revision - i32::from(*stale),
                        content(*titled, *picture),
                    )
                    .await;
                match updated {
                    // What is said already needs no new revision, and what others left alone can be merged.
                    Ok(saved) => {
                        let changed = saved != revision;
                        entries[at].1 = saved;
                        changed
                    }
                    Err(Error::Conflict(_)) if *stale => false,
                    Err(error) => return Err(format!("{step:?}: {error:?}")),
                }
            }
            Step::Publish { entries: asked } => {
                let ids: Vec<EntryId> = asked
                    .iter()
                    .filter_map(|entry| Some(entries[chosen(*entry)?].0))
                    .collect();
                app.publish(&ids).await.is_ok()
            }
            Step::UpdateAndForget { entry } => {
                let Some(at) = chosen(*entry) else { continue };
                let mut change = Change::begin(&app.app, Principal::System, None)
                    .await
                    .map_err(|error| format!("{error:?}"))?;
                change
                    .update::<Milestone>(entries[at].0, entries[at].1, content(true, 0))
                    .await
                    .map_err(|error| format!("{error:?}"))?;
                false
            }
        };
        if !done && all_rows(app).await != before {
            return Err(format!("{step:?} was refused, and changed something"));
        }
        let wrong = contradictions(app).await;
        if !wrong.is_empty() {
            return Err(format!("after {step:?}: {wrong:#?}"));
        }
    }
    Ok(())
}
