//! A random world of content of every type, with references in every direction, of which only a part is public.

use chrono::TimeDelta;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::Principal,
    content::{Content, write::Change},
};
use proptest::{collection, prelude::*};
use serde_json::json;

use super::TestApp;

/// In an order in which nothing refers to what comes later.
const TYPES: &[ContentType] = &[
    ContentType::Asset,
    ContentType::Value,
    ContentType::ImpactStat,
    ContentType::Testimonial,
    ContentType::Milestone,
    ContentType::TeamMember,
    ContentType::StorySection,
    ContentType::Page,
];

/// Where an entry stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Draft,
    Published,
    Changed,
    Republished,
    RepublishedAndChanged,
}

/// An entry to be made. The two numbers choose what it refers to, in public and as a draft.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) content_type: ContentType,
    pub(crate) state: State,
    pub(crate) has_key: bool,
    in_spanish: bool,
    pub(crate) public_choice: u32,
    draft_choice: u32,
}

/// One to three entries of each type.
pub(crate) fn plans() -> impl Strategy<Value = Vec<Planned>> {
    let state = prop_oneof![
        Just(State::Draft),
        Just(State::Published),
        Just(State::Changed),
        Just(State::Republished),
        Just(State::RepublishedAndChanged),
    ];
    let entry = (state, any::<bool>(), any::<bool>(), any::<[u32; 2]>());
    let of_one_type = collection::vec(entry, 1..=3);
    collection::vec(of_one_type, TYPES.len()).prop_map(|types| {
        let planned = |(content_type, entries): (ContentType, Vec<_>)| {
            entries.into_iter().map(
                move |(state, has_key, in_spanish, choices): (_, _, _, [u32; 2])| Planned {
                    content_type,
                    state,
                    has_key,
                    in_spanish,
                    public_choice: choices[0],
                    draft_choice: choices[1],
                },
            )
        };
        TYPES.iter().copied().zip(types).flat_map(planned).collect()
    })
}

/// What the texts, numbers and dates of a revision are made of, so that it can be told where they come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) word: &'static str,
    pub(crate) number: i32,
    pub(crate) year: &'static str,
    focus: f64,
    /// Days from the start of time at which such a revision is saved: in new entries, and in known ones.
    days: [i64; 2],
}

const PUBLIC: Mark = Mark {
    word: "mmpublic",
    number: 555_000_000,
    year: "2011",
    focus: 0.555,
    days: [10, 20],
};
/// What was public once, and is no more.
pub(crate) const FORMER: Mark = Mark {
    word: "mmformer",
    number: 444_000_000,
    year: "1444",
    focus: 0.444,
    days: [10, 10],
};
/// Drafts whose values lie before all that is public.
pub(crate) const LOW: Mark = Mark {
    word: "aacanary",
    number: 111_000_000,
    year: "1111",
    focus: 0.111,
    days: [1, 31],
};
/// Drafts whose values lie after all that is public.
pub(crate) const HIGH: Mark = Mark {
    word: "zzcanary",
    number: 888_000_000,
    year: "8888",
    focus: 0.888,
    days: [2, 32],
};

impl Mark {
    pub(crate) fn text(&self, entry: usize) -> String {
        format!("{}-{entry}", self.word)
    }

    pub(crate) fn number(&self, entry: usize) -> i32 {
        self.number + i32::try_from(entry).expect("a small number")
    }

    /// When such revisions are saved.
    pub(crate) fn days(&self) -> [String; 2] {
        self.days
            .map(|days| (super::start_of_time() + TimeDelta::days(days)).to_rfc3339())
    }
}

/// The words of fields that only signed-in readers may see, in the world whose drafts are low and in the others.
pub(crate) const INTERNAL: [&str; 2] = ["aasecret", "zzsecret"];

/// A world as it was built. Where there are no drafts, what would be one has an id all the same.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) plan: Vec<Planned>,
    pub(crate) ids: Vec<EntryId>,
    drafts: Option<Mark>,
}

/// Runs an expression with the content type behind a [`ContentType`].
macro_rules! for_type {
    ($content_type:expr, $name:ident => $run:expr; $($type:ident)+) => {
        match $content_type {
            $(ContentType::$type => {
                type $name = kindling::content::types::$type;
                $run
            })+
        }
    };
    ($content_type:expr, $name:ident => $run:expr) => {
        for_type!($content_type, $name => $run;
            Asset
            ImpactStat
            Milestone
            Page
            StorySection
            TeamMember
            Testimonial
            Value
        )
    };
}
pub(crate) use for_type;

impl World {
    /// Builds the plan with drafts of this mark, or without any drafts.
    pub(crate) async fn build(app: TestApp, plan: &[Planned], drafts: Option<Mark>) -> Self {
        let ids = plan
            .iter()
            .map(|entry| kindling::id::entry(entry.content_type))
            .collect();
        let mut world = Self {
            app,
            plan: plan.to_vec(),
            ids,
            drafts,
        };
        let numbers = |which: fn(State) -> bool| -> Vec<usize> {
            (0..plan.len())
                .filter(|number| which(plan[*number].state))
                .collect()
        };
        let never_public = numbers(|state| state == State::Draft);
        let public = numbers(|state| state != State::Draft);
        let again =
            numbers(|state| matches!(state, State::Republished | State::RepublishedAndChanged));
        let changed = numbers(|state| {
            matches!(
                state,
                State::Draft | State::Changed | State::RepublishedAndChanged
            )
        });

        if let Some(mark) = drafts {
            world.wait_until(mark.days[0]);
            world.create(&never_public, |_| mark).await;
        }
        world.wait_until(PUBLIC.days[0]);
        let first = |entry: &Planned| match entry.state {
            State::Republished | State::RepublishedAndChanged => FORMER,
            _ => PUBLIC,
        };
        world.create(&public, first).await;
        world.publish(&public).await;
        world.wait_until(PUBLIC.days[1]);
        world.update(&again, PUBLIC).await;
        world.publish(&again).await;
        if let Some(mark) = drafts {
            world.wait_until(mark.days[1]);
            world.update(&changed, mark).await;
        }
        world.wait_until(40);
        world
    }

    /// The key of an entry, if it has one.
    pub(crate) fn key(&self, number: usize) -> Option<String> {
        let entry = &self.plan[number];
        let mark = if entry.state == State::Draft {
            self.drafts.unwrap_or(LOW)
        } else {
            PUBLIC
        };
        entry.has_key.then(|| mark.text(number))
    }

    /// The entries of the type.
    pub(crate) fn ids_of(&self, type_name: &str) -> Vec<EntryId> {
        self.numbers_of(type_name)
            .map(|number| self.ids[number])
            .collect()
    }

    /// The entries of the type of which there is a draft that is not public.
    pub(crate) fn hidden(&self, type_name: &str) -> Vec<usize> {
        let is_hidden = |state| !matches!(state, State::Published | State::Republished);
        self.numbers_of(type_name)
            .filter(|number| is_hidden(self.plan[*number].state))
            .collect()
    }

    fn numbers_of(&self, type_name: &str) -> impl Iterator<Item = usize> {
        (0..self.plan.len()).filter(move |number| {
            for_type!(self.plan[*number].content_type, C => C::NAME) == type_name
        })
    }

    fn wait_until(&self, day: i64) {
        let day = super::start_of_time() + TimeDelta::days(day);
        self.app.app.clock.advance(day - self.app.app.clock.now());
    }

    async fn create(&mut self, numbers: &[usize], mark: impl Fn(&Planned) -> Mark) {
        let mut change = self.change().await;
        for number in numbers {
            let entry = self.plan[*number].clone();
            let exists = |target| self.exists(target, *number, numbers);
            let content = self.content(*number, &mark(&entry), exists);
            let key = self.key(*number);
            self.ids[*number] = for_type!(entry.content_type, C => {
                change.create::<C>(key.as_deref(), model::<C>(content)).await.expect("an entry")
            });
        }
        change.seal().await.expect("a commit");
    }

    /// Whether an entry is there when `number` is created, one of those that are `created` in their order.
    fn exists(&self, target: usize, number: usize, created: &[usize]) -> bool {
        if created.contains(&target) {
            target < number
        } else {
            self.drafts.is_some() && self.plan[target].state == State::Draft
        }
    }

    async fn update(&self, numbers: &[usize], mark: Mark) {
        let mut change = self.change().await;
        for number in numbers {
            let entry = &self.plan[*number];
            let content = self.content(*number, &mark, |target| {
                self.drafts.is_some() || self.plan[target].state != State::Draft
            });
            let (id, is_second) = (
                self.ids[*number],
                matches!(entry.state, State::RepublishedAndChanged),
            );
            let expected = if is_second && mark.word != PUBLIC.word {
                2
            } else {
                1
            };
            for_type!(entry.content_type, C => {
                change.update::<C>(id, expected, model::<C>(content)).await.expect("a revision")
            });
        }
        change.seal().await.expect("a commit");
    }

    async fn publish(&self, numbers: &[usize]) {
        let ids: Vec<EntryId> = numbers.iter().map(|number| self.ids[*number]).collect();
        self.app.publish(&ids).await.expect("a publication");
    }

    async fn change(&self) -> Change {
        Change::begin(&self.app.app, Principal::System, None)
            .await
            .expect("a change")
    }

    /// The content of an entry in a revision of this mark, with references to what `may_refer_to` lets through.
    fn content(
        &self,
        number: usize,
        mark: &Mark,
        may_refer_to: impl Fn(usize) -> bool,
    ) -> serde_json::Value {
        let entry = &self.plan[number];
        let is_public = mark.word == PUBLIC.word || mark.word == FORMER.word;
        let choice = if is_public {
            entry.public_choice
        } else {
            entry.draft_choice
        };
        let targets = |types: &[ContentType]| -> Vec<usize> {
            (0..self.plan.len())
                .filter(|target| types.contains(&self.plan[*target].content_type))
                .collect()
        };
        let picture = |turn: u32| {
            let assets = targets(&[ContentType::Asset]);
            let chosen = assets.get(choice.rotate_left(turn) as usize % (assets.len() + 1))?;
            may_refer_to(*chosen).then(|| self.ids[*chosen])
        };
        let several = |types: &[ContentType]| -> Vec<EntryId> {
            let chosen = targets(types)
                .into_iter()
                .filter(|target| (choice >> (target % 31)) & 3 != 0);
            chosen
                .filter(|target| may_refer_to(*target))
                .map(|target| self.ids[target])
                .collect()
        };
        let internal =
            INTERNAL[usize::from(self.drafts.is_none_or(|drafts| drafts.word != LOW.word))];
        let (text, count) = (mark.text(number), mark.number(number));
        let texts = if entry.in_spanish {
            json!({"en": text, "es": format!("{text}-es")})
        } else {
            json!({"en": text})
        };
        let url = format!("https://{text}.example/");
        let day = format!("{}-03-04", mark.year);
        let layout = ["STATEMENT", "TEXT", "TEAM", "VALUES", "IMPACT"][choice as usize % 5];
        match entry.content_type {
            ContentType::Asset => json!({
                "fileName": text, "mediaType": text, "bytes": count, "width": count, "height": count, "sha256": text,
                "storageKey": text, "alternativeText": texts, "decorative": choice & 1 == 0, "caption": texts,
                "credit": text, "focalX": mark.focus, "focalY": mark.focus,
            }),
            ContentType::Value => json!({"title": texts, "description": texts, "icon": text}),
            ContentType::ImpactStat => json!({
                "value": format!("{count}.5"), "prefix": texts, "suffix": texts, "label": texts, "description": texts,
                "icon": text, "period": texts, "asOfOn": day, "sourceName": text, "sourceUrl": url, "staleAfterOn": day,
            }),
            ContentType::Testimonial => json!({
                "quote": texts, "authorName": text, "authorRole": texts, "organisation": text, "photo": picture(0),
                "sourceUrl": url, "consentGivenOn": "1222-03-04", "consentScope": internal, "consentExpiresOn": "1222-03-05",
            }),
            ContentType::Milestone => json!({
                "date": mark.year, "endDate": format!("{}-12", mark.year), "title": texts, "body": texts, "image": picture(0),
            }),
            ContentType::TeamMember => json!({
                "name": text, "pronouns": text, "role": texts, "group": text, "biography": texts, "photo": picture(0),
                "email": format!("{internal}@example.org"), "links": [{"label": text, "url": url}], "joinedOn": day, "leftOn": day,
            }),
            ContentType::StorySection => json!({
                "anchor": text, "layout": layout, "eyebrow": texts,
                "heading": texts, "body": texts, "image": picture(0), "callToActionLabel": texts, "callToActionUrl": url,
                "items": several(&TYPES[1..6]),
            }),
            ContentType::Page => json!({
                "slug": text, "title": texts, "tagline": texts, "summary": texts, "heroImage": picture(0), "seoTitle": texts,
                "seoDescription": texts, "seoImage": picture(7), "sections": several(&[ContentType::StorySection]),
            }),
        }
    }
}

fn model<C: Content>(content: serde_json::Value) -> C::Model {
    serde_json::from_value(content).expect("content of the type")
}
