//! A site as it comes to be: created and published through the write pipeline, with no statistics but those that Kindling makes.

use ::kindling::{
    app::App,
    auth::Principal,
    clock::Clock,
    config::{self, Config, Environment},
    content::{
        Content,
        types::{Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value},
        write::Change,
    },
};
use clap::Command;
use entity::entry_id::EntryId;
use serde_json::{Value as Json, json};

use crate::support::{Failure, kindling, scratch::Scratch};

/// Entries of each type that become public together.
const BATCH: u32 = 100;
/// The page that is asked for.
pub(crate) const SLUG: &str = "who-we-are";
/// People on it, each with a picture.
const PEOPLE: u32 = 24;
/// Entries of each of the four other types on it, of which testimonials and milestones have pictures.
const OTHERS: u32 = 6;
const STORY: &str = "We opened the doors on a Monday morning, with two rooms, one kettle and nobody on the list. By the \
    end of the week **forty families** had come through, most of them because a neighbour had told them.";

/// Fills the database beside what is there: so many entries of each type, and the page.
pub(crate) async fn fill(
    scratch: &Scratch,
    database_url: Option<&str>,
    entries: u32,
) -> Result<(), Failure> {
    let mut arguments = vec!["site".to_owned(), "--data-dir".to_owned()];
    arguments.push(kindling::data(scratch, database_url).display().to_string());
    if let Some(url) = database_url {
        arguments.extend(["--database-url".to_owned(), url.to_owned()]);
    }
    let matches = Command::new("site")
        .args(config::args())
        .get_matches_from(arguments);
    let config = Config::load(&matches, &Environment::new())
        .map_err(|mistakes| config::Mistakes(&mistakes).to_string())?;
    let app = App::start(config, Clock::system()).await?;
    let mut first = 0;
    while first < entries {
        let last = (first + BATCH).min(entries);
        let mut change = Change::begin(&app, Principal::System, None).await?;
        let mut filling = Filling::new(&mut change);
        for number in first..last {
            filling.one_of_each(number).await?;
        }
        let ids = filling.ids;
        change.publish(&ids).await?;
        change.seal().await?;
        first = last;
    }
    let mut change = Change::begin(&app, Principal::System, None).await?;
    let mut filling = Filling::new(&mut change);
    filling.page().await?;
    let ids = filling.ids;
    change.publish(&ids).await?;
    change.seal().await?;
    app.database.close().await;
    Ok(())
}

struct Filling<'a> {
    change: &'a mut Change,
    ids: Vec<EntryId>,
}

impl<'a> Filling<'a> {
    fn new(change: &'a mut Change) -> Self {
        Self {
            change,
            ids: Vec::new(),
        }
    }

    /// A page with a section that shows one entry of each type.
    async fn one_of_each(&mut self, number: u32) -> Result<(), Failure> {
        let name = format!("n{number}");
        let items = [
            self.value(&name).await?,
            self.figure(&name).await?,
            self.quote(&name).await?,
            self.milestone(&name, number).await?,
            self.person(&name, number).await?,
        ];
        let section = self.section(&name, &items).await?;
        self.create::<Page>(
            &name,
            json!({ "slug": name, "title": texts(&name), "sections": [section] }),
        )
        .await?;
        Ok(())
    }

    /// The page with many people.
    async fn page(&mut self) -> Result<(), Failure> {
        let mut parts: [Vec<EntryId>; 5] = Default::default();
        for number in 0..PEOPLE {
            let name = format!("page-{number}");
            parts[0].push(self.person(&name, number).await?);
            if number < OTHERS {
                parts[1].push(self.value(&name).await?);
                parts[2].push(self.figure(&name).await?);
                parts[3].push(self.quote(&name).await?);
                parts[4].push(self.milestone(&name, number).await?);
            }
        }
        let mut sections = Vec::new();
        for (number, items) in parts.iter().enumerate() {
            let section = self.section(&format!("{SLUG}-{number}"), items).await?;
            sections.push(section);
        }
        let hero = self.picture("page-hero").await?;
        let content = json!({
            "slug": SLUG, "title": texts("Who we are"), "tagline": texts("People who stay"), "summary": texts(STORY),
            "heroImage": hero, "seoTitle": texts("Who we are"), "seoImage": hero, "sections": sections
        });
        self.create::<Page>(SLUG, content).await?;
        Ok(())
    }

    async fn create<C: Content>(&mut self, key: &str, content: Json) -> Result<EntryId, Failure> {
        let content = serde_json::from_value(content)?;
        let id = self.change.create::<C>(Some(key), content).await?;
        self.ids.push(id);
        Ok(id)
    }

    async fn picture(&mut self, name: &str) -> Result<EntryId, Failure> {
        let content = json!({
            "fileName": format!("{name}.webp"), "mediaType": "image/webp", "sha256": "0", "bytes": 48_213, "width": 1600, "height": 900,
            "storageKey": format!("bench-{name}.webp"), "alternativeText": texts("A room full of people"),
            "credit": "Kindling"
        });
        self.create::<Asset>(name, content).await
    }

    async fn value(&mut self, name: &str) -> Result<EntryId, Failure> {
        let content = json!({ "title": texts(name), "description": texts(STORY), "icon": "spark" });
        self.create::<Value>(name, content).await
    }

    async fn figure(&mut self, name: &str) -> Result<EntryId, Failure> {
        let content = json!({
            "value": "15432", "label": texts(name), "description": texts("People who came"), "period": texts("since 2009"),
            "asOfOn": "2026-01-01", "sourceName": "Our books"
        });
        self.create::<ImpactStat>(name, content).await
    }

    async fn quote(&mut self, name: &str) -> Result<EntryId, Failure> {
        let photo = self.picture(&format!("{name}-quote")).await?;
        let content = json!({
            "quote": texts(STORY), "authorName": format!("A parent, {name}"), "authorRole": texts("Parent"), "photo": photo
        });
        self.create::<Testimonial>(name, content).await
    }

    async fn milestone(&mut self, name: &str, number: u32) -> Result<EntryId, Failure> {
        let image = self.picture(&format!("{name}-milestone")).await?;
        let (year, month) = (1900 + number * 7 % 127, 1 + number * 5 % 12);
        let content = json!({
            "date": format!("{year}-{month:02}"), "title": texts(&format!("The doors open, {name}")), "body": texts(STORY),
            "image": image
        });
        self.create::<Milestone>(name, content).await
    }

    async fn person(&mut self, name: &str, number: u32) -> Result<EntryId, Failure> {
        let photo = self.picture(&format!("{name}-person")).await?;
        // Names of which the order is not that in which they were created.
        let called = format!("Person {:08x}", number.wrapping_mul(2_654_435_761));
        let content = json!({
            "name": called, "role": texts("Volunteer"), "group": "Team", "biography": texts(STORY), "photo": photo,
            "joinedOn": "2019-05-01", "links": [{ "label": "Site", "url": "https://example.org" }]
        });
        self.create::<TeamMember>(name, content).await
    }

    async fn section(&mut self, name: &str, items: &[EntryId]) -> Result<EntryId, Failure> {
        let content =
            json!({ "anchor": name, "heading": texts(name), "body": texts(STORY), "items": items });
        self.create::<StorySection>(name, content).await
    }
}

/// A text in both locales.
fn texts(text: &str) -> Json {
    json!({ "en": text, "es": format!("{text} (es)") })
}
