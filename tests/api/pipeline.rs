//! Writing: what is wrong is told with code and path and changes nothing, and what is right happens as a whole.

use chrono::TimeDelta;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::{Principal, Role},
    content::{
        Content,
        types::{Asset, Milestone, Page, StorySection, TeamMember},
        write::Change,
    },
    error::{Error, Result},
};
use serde_json::json;

use crate::{
    database_state::{all_rows, events, publications, references},
    support::{TestApp, account, content, on_both_engines, start_of_time},
};

pub(crate) fn of<C: Content>(content: serde_json::Value) -> C::Model {
    serde_json::from_value(content).expect("content of the type")
}

pub(crate) fn milestone(title: &str) -> entity::milestone::Model {
    of::<Milestone>(json!({"date": "2008", "title": {"en": title}}))
}

fn picture() -> entity::asset::Model {
    entity::asset::Model {
        decorative: true,
        alternative_text: [("", ""); 0].into(),
        ..content::asset("a.webp")
    }
}

/// The codes and paths of all problems; ids as the name of their type.
fn problems<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    let Err(Error::Invalid(problems)) = result else {
        panic!("no problems: {result:?}")
    };
    let path = |path: &str| {
        path.split('.')
            .map(|step| step.parse::<EntryId>().map_or(step, |_| "ID"))
            .collect::<Vec<_>>()
            .join(".")
    };
    problems
        .iter()
        .map(|problem| format!("{} {}", problem.code.name(), path(&problem.path)))
        .collect()
}

async fn refused<C: Content>(app: &TestApp, content: serde_json::Value) -> Vec<String> {
    problems(app.try_draft::<C>("refused", of::<C>(content)).await)
}

async fn change(app: &TestApp, principal: &Principal) -> Change {
    app.change_by(principal).await
}

on_both_engines! {
    async fn what_is_wrong_is_told_with_code_and_path_and_changes_nothing(app: TestApp) {
        let asset = app.draft::<Asset>("asset", picture()).await;
        let known = app.draft::<Milestone>("known", milestone("Known")).await;
        let nothing = EntryId { content_type: ContentType::Asset, uuid: kindling::id::new() };
        let disguised = EntryId { content_type: ContentType::Asset, uuid: known.uuid };
        let before = all_rows(&app).await;
        let long = "x".repeat(201);
        assert_eq!(refused::<Milestone>(&app, json!({"title": {"en": long}})).await, ["INVALID title.en"]);
        assert_eq!(refused::<Milestone>(&app, json!({"title": {"fr": "Un"}})).await, ["INVALID title.fr"]);
        assert_eq!(refused::<Milestone>(&app, json!({"title": {"en": " "}})).await, ["INVALID title.en"]);
        assert_eq!(refused::<Milestone>(&app, json!({"date": "2008", "endDate": "2007"})).await, ["INVALID endDate"]);
        assert_eq!(refused::<Milestone>(&app, json!({"image": known})).await, ["INVALID image"]);
        assert_eq!(refused::<Milestone>(&app, json!({"image": nothing})).await, ["NOT_FOUND image"]);
        assert_eq!(refused::<Milestone>(&app, json!({"image": disguised})).await, ["NOT_FOUND image"]);
        assert_eq!(refused::<Page>(&app, json!({"slug": "No Slug"})).await, ["INVALID slug"]);
        assert_eq!(refused::<Page>(&app, json!({"sections": [asset]})).await, ["INVALID sections.0"]);
        assert_eq!(refused::<StorySection>(&app, json!({"items": [known, known]})).await, ["INVALID items.1"]);
        assert_eq!(refused::<StorySection>(&app, json!({"callToActionLabel": {"en": "Go"}})).await, ["REQUIRED callToAction.url"]);
        let links = json!({"links": [{"label": "Ours", "url": "javascript:alert(1)"}, {"label": "", "url": "https://a.example"}]});
        assert_eq!(refused::<TeamMember>(&app, links).await, ["INVALID links.0.url", "INVALID links.1.label"]);
        assert_eq!(refused::<Asset>(&app, json!({"focalX": 2.0, "focalY": 0.5})).await, ["INVALID focalPoint.x"]);
        let key = app.try_draft::<Milestone>("two\nlines", milestone("Key")).await;
        assert_eq!(problems(key), ["INVALID key"]);
        let update = app.update::<Milestone>(known, 1, of::<Milestone>(json!({"image": nothing}))).await;
        assert_eq!(problems(update), ["NOT_FOUND image"]);
        let missing = EntryId { content_type: ContentType::Milestone, uuid: kindling::id::new() };
        assert_eq!(problems(app.update::<Milestone>(missing, 1, milestone("Missing")).await), ["NOT_FOUND id"]);
        assert_eq!(problems(app.publish(&[missing]).await), ["NOT_FOUND id"]);
        assert_eq!(all_rows(&app).await, before);
    }

    async fn all_problems_are_told_at_once(app: TestApp) {
        let content = json!({"slug": "No Slug", "title": {"en": "x".repeat(201), "fr": "Un"}, "tagline": {"es": "a\nb"}});
        assert_eq!(
            refused::<Page>(&app, content).await,
            ["INVALID slug", "INVALID title.en", "INVALID title.fr", "INVALID tagline.es"]
        );
    }

    async fn a_key_belongs_to_one_entry_of_a_type(app: TestApp) {
        app.draft::<Milestone>("mine", milestone("First")).await;
        let before = all_rows(&app).await;
        assert_eq!(problems(app.try_draft::<Milestone>("mine", milestone("Second")).await), ["TAKEN key"]);
        assert_eq!(all_rows(&app).await, before);
        app.draft::<Asset>("mine", picture()).await;
    }

    async fn a_change_based_on_an_old_revision_is_a_conflict_and_changes_nothing(app: TestApp) {
        let id = app.draft::<Milestone>("first", milestone("First")).await;
        assert_eq!(app.update::<Milestone>(id, 1, milestone("Second")).await.expect("a revision"), 2);
        let before = all_rows(&app).await;
        for expected in [0, 1, 3] {
            let error = app.update::<Milestone>(id, expected, milestone("Late")).await.expect_err("a conflict");
            assert!(matches!(&error, Error::Conflict(conflict) if (conflict.expected, conflict.latest) == (expected, 2)), "{error:?}");
        }
        assert_eq!(all_rows(&app).await, before);
    }

    async fn a_publication_is_of_all_or_of_none(app: TestApp) {
        let good = app.draft::<Milestone>("good", milestone("Good")).await;
        let untitled = app.draft::<Milestone>("untitled", of::<Milestone>(json!({"title": {"es": "Uno"}}))).await;
        let before = all_rows(&app).await;
        for order in [[good, untitled], [untitled, good]] {
            assert_eq!(problems(app.publish(&order).await), ["REQUIRED ID.title.en"]);
        }
        assert_eq!(all_rows(&app).await, before);
        app.update::<Milestone>(untitled, 1, milestone("Titled")).await.expect("a revision");
        app.publish(&[good, untitled]).await.expect("a publication");
    }

    async fn what_is_unique_among_the_public_can_be_handed_on_in_one_publication(app: TestApp) {
        let page = |slug: &str| of::<Page>(json!({"slug": slug, "title": {"en": "Page"}}));
        let (one, other) = (app.public::<Page>("one", page("one")).await, app.public::<Page>("other", page("other")).await);
        app.update::<Page>(one, 1, page("other")).await.expect("a revision");
        let before = all_rows(&app).await;
        assert_eq!(problems(app.publish(&[one]).await), ["TAKEN ID.slug"]);
        assert_eq!(all_rows(&app).await, before);
        app.update::<Page>(other, 1, page("one")).await.expect("a revision");
        app.publish(&[one, other]).await.expect("a publication");
    }

    async fn publishing_what_is_public_already_changes_nothing(app: TestApp) {
        let id = app.public::<Milestone>("first", milestone("First")).await;
        let before = all_rows(&app).await;
        app.app.clock.advance(TimeDelta::days(1));
        app.publish(&[id, id]).await.expect("nothing to do");
        assert_eq!(all_rows(&app).await, before);
    }

    async fn each_publication_ends_when_the_next_one_begins(app: TestApp) {
        let id = app.public::<Milestone>("first", milestone("First")).await;
        app.app.clock.advance(TimeDelta::days(1));
        app.update::<Milestone>(id, 1, milestone("Never public")).await.expect("a revision");
        app.update::<Milestone>(id, 2, milestone("Third")).await.expect("a revision");
        app.app.clock.advance(TimeDelta::days(1));
        app.publish(&[id]).await.expect("a publication");
        let told: Vec<_> = publications(&app, id.uuid).await.iter().map(|one| (one.revision, one.starts_at, one.ends_at)).collect();
        let then = start_of_time() + TimeDelta::days(2);
        assert_eq!(told, [(1, start_of_time(), Some(then)), (3, then, None)]);
    }

    async fn references_are_those_of_the_latest_and_of_the_public_revision(app: TestApp) {
        let mut pictures = Vec::new();
        for key in ["a", "b", "c"] {
            pictures.push(app.draft::<Asset>(key, picture()).await);
        }
        let with = |at: usize| of::<Milestone>(json!({"title": {"en": "With"}, "image": pictures[at]}));
        let id = app.draft::<Milestone>("with", with(0)).await;
        let row = |revision, at: usize| (id.uuid, revision, "image".to_owned(), pictures[at].uuid);
        assert_eq!(references(&app).await, [row(1, 0)]);
        app.publish(&[id]).await.expect("a publication");
        app.update::<Milestone>(id, 1, with(1)).await.expect("a revision");
        assert_eq!(references(&app).await, [row(1, 0), row(2, 1)]);
        app.update::<Milestone>(id, 2, with(2)).await.expect("a revision");
        assert_eq!(references(&app).await, [row(1, 0), row(3, 2)]);
        app.publish(&[id]).await.expect("a publication");
        assert_eq!(references(&app).await, [row(3, 2)]);
    }

    async fn each_change_is_told_in_the_log_with_who_did_it(app: TestApp) {
        let editor = account(Role::Editor);
        let mut changing = change(&app, &editor).await;
        let id = changing.create::<Milestone>(None, milestone("First")).await.expect("an entry");
        changing.update::<Milestone>(id, 1, milestone("Second")).await.expect("a revision");
        changing.publish(&[id]).await.expect("a publication");
        drop(change(&app, &editor));
        changing.seal().await.expect("a commit");
        let told: Vec<_> = events(&app).await.into_iter().map(|event| (event.sequence, event.action, event.revision, event.actor_id)).collect();
        let actor = editor.account_id();
        assert_eq!(told, [
            (1, "entry.created".to_owned(), Some(1), actor),
            (2, "entry.updated".to_owned(), Some(2), actor),
            (3, "entry.published".to_owned(), Some(2), actor),
        ]);
    }

    async fn who_may_not_is_refused_and_changes_nothing(app: TestApp) {
        let (contributor, author) = (account(Role::Contributor), account(Role::Author));
        let mut own = Vec::new();
        for principal in [&contributor, &author] {
            let mut changing = change(&app, principal).await;
            own.push(changing.create::<Milestone>(None, milestone("Own")).await.expect("an entry"));
            changing.seal().await.expect("a commit");
        }
        let of_system = app.draft::<Milestone>("system", milestone("System")).await;
        let before = all_rows(&app).await;
        let refused = async |principal: &Principal, id: EntryId| {
            let code = |result: Result<()>| result.map_or_else(|error| error.code(), |()| "ALLOWED");
            let update = change(&app, principal).await.update::<Milestone>(id, 1, milestone("Other")).await.map(drop);
            [code(update), code(change(&app, principal).await.publish(&[id]).await)]
        };
        assert_eq!(refused(&Principal::Anonymous, own[0]).await, ["UNAUTHENTICATED"; 2]);
        assert_eq!(refused(&contributor, own[0]).await, ["ALLOWED", "FORBIDDEN"]);
        for id in [own[1], of_system] {
            // Nobody learns whether another's draft exists.
            assert_eq!(refused(&contributor, id).await, ["BAD_INPUT", "FORBIDDEN"]);
        }
        assert_eq!(refused(&author, own[1]).await, ["ALLOWED"; 2]);
        for id in [own[0], of_system] {
            assert_eq!(refused(&author, id).await, ["BAD_INPUT"; 2]);
        }
        for role in [Role::Editor, Role::Admin] {
            assert_eq!(refused(&account(role), of_system).await, ["ALLOWED"; 2]);
        }
        let created = change(&app, &Principal::Anonymous).await.create::<Milestone>(None, milestone("Own")).await;
        assert_eq!(created.expect_err("a refusal").code(), "UNAUTHENTICATED");
        // None of these changes was committed, allowed or not.
        assert_eq!(all_rows(&app).await, before);
    }
}
