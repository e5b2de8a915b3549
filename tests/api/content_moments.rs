//! `contentUpdatedAt`: when what is shown of an entry, or of anything it shows, last changed.

use chrono::{DateTime, TimeDelta, Utc};
use entity::entry_id::EntryId;
use kindling::{
    auth::{Principal, Role},
    content::{
        types::{Asset, Page, StorySection, TeamMember},
        write::Change,
    },
};
use serde_json::{Value, json};

use crate::support::{TestApp, account, content, editor, on_both_engines};

/// A page with a section, whose item has a picture.
struct Story {
    page: EntryId,
    section: EntryId,
    member: EntryId,
    photo: EntryId,
}

impl Story {
    async fn build(app: &TestApp) -> Self {
        let photo = app
            .draft::<Asset>("photo", content::asset("ana.webp"))
            .await;
        let member = content::with(content::team_member("Ana"), json!({ "photo": photo }));
        let member = app.draft::<TeamMember>("ana", member).await;
        let section = content::with(content::story_section("team"), json!({"items": [member]}));
        let section = app.draft::<StorySection>("team", section).await;
        let page = content::with(content::page("story"), json!({"sections": [section]}));
        let page = app.draft::<Page>("story", page).await;
        let story = Self {
            page,
            section,
            member,
            photo,
        };
        app.publish(&[photo, member, section, page])
            .await
            .expect("a publication");
        story
    }
}

fn later(app: &TestApp) {
    app.app.clock.advance(TimeDelta::hours(1));
}

fn moment(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.parse().expect("a moment")
}

async fn updated_by(app: &TestApp, who: Principal, view: &str) -> DateTime<Utc> {
    let query =
        format!("{{ page(by: {{slug: \"story\"}}, view: {{{view}}}) {{ contentUpdatedAt }} }}");
    let answer = app.query_as(who, &query, Value::Null).await;
    moment(&answer["data"]["page"]["contentUpdatedAt"])
}

async fn updated(app: &TestApp) -> DateTime<Utc> {
    updated_by(app, Principal::Anonymous, "perspective: PUBLISHED").await
}

async fn unpublish(app: &TestApp, id: EntryId) {
    let mut change = Change::begin(&app.app, Principal::System, None)
        .await
        .expect("a change");
    change.unpublish(&[id]).await.expect("a step");
    change.seal().await.expect("a commit");
}

/// Whether the moment is now, but for what publications are apart.
fn is_now(app: &TestApp, moment: DateTime<Utc>) -> bool {
    (app.app.clock.now() - moment).abs() < TimeDelta::seconds(1)
}

on_both_engines! {
    async fn it_moves_with_every_part_that_is_published_or_goes(app: TestApp) {
        let story = Story::build(&app).await;
        assert!(is_now(&app, updated(&app).await));
        let photo = content::with(content::asset("ana.webp"), json!({"credit": "Ben"}));
        let member = content::with(content::team_member("Ana M."), json!({"photo": story.photo}));
        let section = content::with(content::story_section("team"), json!({"items": [story.member], "heading": {"en": "Us"}}));
        later(&app);
        app.update::<Asset>(story.photo, 1, photo).await.expect("a revision");
        app.update::<TeamMember>(story.member, 1, member).await.expect("a revision");
        app.update::<StorySection>(story.section, 1, section).await.expect("a revision");
        assert!(!is_now(&app, updated(&app).await), "drafts are nothing to the public");
        for id in [story.photo, story.member, story.section] {
            later(&app);
            assert!(!is_now(&app, updated(&app).await));
            app.publish(&[id]).await.expect("a publication");
            assert!(is_now(&app, updated(&app).await), "{id}");
        }
        later(&app);
        unpublish(&app, story.member).await;
        assert!(is_now(&app, updated(&app).await), "an item went");
        later(&app);
        unpublish(&app, story.photo).await;
        assert!(!is_now(&app, updated(&app).await), "it was shown no more");
        unpublish(&app, story.section).await;
        assert!(is_now(&app, updated(&app).await), "a section went");
        later(&app);
        app.publish(&[story.photo, story.member]).await.expect("a publication");
        assert!(!is_now(&app, updated(&app).await), "what is below a section that is not public is not shown");
        app.publish(&[story.section]).await.expect("a publication");
        assert!(is_now(&app, updated(&app).await));
    }

    async fn a_draft_has_the_moment_of_its_last_save_and_the_past_its_own(app: TestApp) {
        let story = Story::build(&app).await;
        let then = updated(&app).await;
        later(&app);
        let past = app.app.clock.now();
        later(&app);
        let member = content::with(content::team_member("Ana M."), json!({"photo": story.photo}));
        app.update::<TeamMember>(story.member, 1, member).await.expect("a revision");
        let draft = "perspective: DRAFT";
        assert!(is_now(&app, updated_by(&app, editor(), draft).await));
        assert_eq!(updated(&app).await, then);
        // Whoever may not read the draft sees what is public.
        let other = updated_by(&app, account(Role::Contributor), draft).await;
        assert!(!is_now(&app, other));
        app.publish(&[story.member]).await.expect("a publication");
        later(&app);
        unpublish(&app, story.member).await;
        assert!(is_now(&app, updated(&app).await));
        let as_of = |moment: DateTime<Utc>| format!("asOf: \"{}\"", moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        assert_eq!(updated_by(&app, editor(), &as_of(past)).await, then);
        let between = app.app.clock.now() - TimeDelta::minutes(30);
        let published = updated_by(&app, editor(), &as_of(between)).await;
        assert!(published > past && published < between, "{published}");
        assert!(is_now(&app, updated_by(&app, editor(), &as_of(app.app.clock.now())).await));
    }

    async fn it_costs_the_same_for_a_hundred_pages_and_stands_on_every_entry(app: TestApp) {
        let story = Story::build(&app).await;
        let query = "{ pages(first: 100) { nodes { contentUpdatedAt } } }";
        let statements = app.query(query).await["extensions"]["kindling"]["sqlStatements"].clone();
        for number in 0..5 {
            let slug = format!("story-{number}");
            let page = content::with(content::page(&slug), json!({"sections": [story.section]}));
            app.public::<Page>(&slug, page).await;
        }
        let answer = app.query(query).await;
        assert_eq!(answer["data"]["pages"]["nodes"].as_array().map(Vec::len), Some(6), "{answer}");
        assert!(answer["extensions"]["kindling"]["sqlStatements"].as_u64() <= statements.as_u64(), "{answer}");
        later(&app);
        unpublish(&app, story.photo).await;
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Entry { contentUpdatedAt publishedAt } } }";
        let ids = json!({"ids": [story.page, story.section, story.member]});
        let answer = app.query_as(Principal::Anonymous, query, ids).await;
        for node in answer["data"]["nodes"].as_array().expect("nodes") {
            assert!(is_now(&app, moment(&node["contentUpdatedAt"])), "{answer}");
            assert!(!is_now(&app, moment(&node["publishedAt"])), "{answer}");
        }
    }
}
