//! What must fit together in the tables, for entries of all types, whatever was done to them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use entity::{
    entry, entry_id::EntryId, event_counter, page, publication, reference, stamp::Stamped,
    story_section,
};
use kindling::content::{
    Content,
    types::{Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value},
};
use sea_orm::{DatabaseTransaction, EntityTrait, prelude::Uuid};

use crate::{database_state::events, support::TestApp};

/// A revision: its number, its flags, and what it refers to.
struct Saved {
    latest: bool,
    published: bool,
    targets: BTreeSet<(String, Uuid)>,
    required: Vec<EntryId>,
}

type Rows = BTreeMap<Uuid, BTreeMap<i32, Saved>>;

/// Whatever does not fit; nothing if all does.
pub(crate) async fn contradictions(app: &TestApp) -> Vec<String> {
    let tx = app.app.database.begin().await.expect("a transaction");
    let mut rows = Rows::new();
    macro_rules! add {
        ($($content:ident)+) => {$( add_rows::<$content>(&tx, &mut rows, |row| (row.latest, row.published)).await; )+};
    }
    add! { Asset ImpactStat Milestone Page StorySection TeamMember Testimonial Value }
    let entries = entry::Entity::find().all(&tx).await.expect("entries");
    let publications = publication::Entity::find()
        .all(&tx)
        .await
        .expect("publications");
    let references = reference::Entity::find()
        .all(&tx)
        .await
        .expect("references");
    let counter = event_counter::Entity::find()
        .one(&tx)
        .await
        .expect("a counter")
        .expect("a counter");
    let mut wrong = twins(&tx).await;
    drop(tx);
    let public: HashSet<Uuid> = entries
        .iter()
        .filter(|entry| entry.published_revision.is_some())
        .map(|entry| entry.id)
        .collect();
    let mut found: HashMap<Uuid, BTreeSet<(i32, String, Uuid)>> = HashMap::new();
    for row in references {
        found
            .entry(row.owner_id)
            .or_default()
            .insert((row.revision, row.field, row.target_id));
    }
    for entry in &entries {
        let own: Vec<_> = publications
            .iter()
            .filter(|one| one.entry_id == entry.id)
            .collect();
        wrong.extend(of_entry(
            entry,
            &rows[&entry.id],
            &own,
            &found.remove(&entry.id).unwrap_or_default(),
            &public,
        ));
    }
    let sequence: Vec<i64> = events(app)
        .await
        .iter()
        .map(|event| event.sequence)
        .collect();
    if sequence != (1..=counter.last_sequence).collect::<Vec<_>>() {
        wrong.push(format!("events {sequence:?}, counter {counter:?}"));
    }
    wrong
}

async fn add_rows<C: Content>(
    tx: &DatabaseTransaction,
    rows: &mut Rows,
    flags: impl Fn(&C::Model) -> (bool, bool),
) {
    for row in C::Entity::find().all(tx).await.expect("rows") {
        let (latest, published) = flags(&row);
        let targets = C::FIELDS.iter().flat_map(|field| {
            let targets = field.targets(&row).into_iter();
            targets.map(|target| (field.path.to_owned(), target.uuid))
        });
        let required = C::FIELDS.iter().filter(|field| field.required.by(&row));
        let saved = Saved {
            latest,
            published,
            targets: targets.collect(),
            required: required.flat_map(|field| field.targets(&row)).collect(),
        };
        let stamp = row.stamp();
        rows.entry(stamp.entry_id)
            .or_default()
            .insert(stamp.revision, saved);
    }
}

/// Slugs of two public pages, and anchors that stand twice on one.
async fn twins(tx: &DatabaseTransaction) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut slugs, mut anchors) = (HashSet::new(), HashMap::new());
    for section in story_section::Entity::find()
        .all(tx)
        .await
        .expect("sections")
    {
        if section.published {
            anchors.insert(section.entry_id, section.anchor);
        }
    }
    for page in page::Entity::find().all(tx).await.expect("pages") {
        if !page.published {
            continue;
        }
        let mut seen = HashSet::new();
        let of_page = page
            .sections
            .0
            .iter()
            .filter_map(|id| anchors.get(&id.uuid));
        wrong.extend(
            of_page
                .filter(|anchor| !seen.insert(*anchor))
                .map(|anchor| format!("{anchor} stands twice on {}", page.slug)),
        );
        if !slugs.insert(page.slug.clone()) {
            wrong.push(format!("two public pages have the slug {}", page.slug));
        }
    }
    wrong
}

fn of_entry(
    entry: &entry::Model,
    rows: &BTreeMap<i32, Saved>,
    publications: &[&publication::Model],
    references: &BTreeSet<(i32, String, Uuid)>,
    public: &HashSet<Uuid>,
) -> Vec<String> {
    let with = |flag: fn(&Saved) -> bool| -> Vec<i32> {
        let flagged = rows.iter().filter(|(_, row)| flag(row));
        flagged.map(|(number, _)| *number).collect()
    };
    let shown: Vec<i32> = entry.published_revision.into_iter().collect();
    let open = publications.iter().filter(|one| one.ends_at.is_none());
    let open: Vec<i32> = open.map(|one| one.revision).collect();
    let kept = rows.iter().filter(|(_, row)| row.latest || row.published);
    let expected: BTreeSet<_> = kept
        .flat_map(|(number, row)| {
            row.targets
                .iter()
                .map(|(field, target)| (*number, field.clone(), *target))
        })
        .collect();
    let mut lacking = rows
        .values()
        .filter(|row| row.published)
        .flat_map(|row| &row.required);
    let holds = [
        (
            "its latest revision",
            with(|row| row.latest) == [entry.latest_revision],
        ),
        ("its public revision", with(|row| row.published) == shown),
        ("its open publication", open == shown),
        ("its references", *references == expected),
        ("the trash", entry.archived_at.is_none() || shown.is_empty()),
        (
            "what it requires",
            !lacking.any(|id| !public.contains(&id.uuid)),
        ),
    ];
    holds
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(what, _)| format!("{what}: {entry:?}, {open:?}, {references:?}, {expected:?}"))
        .collect()
}
