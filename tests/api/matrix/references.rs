//! References to what whoever saves may not know of: none can be made, and none is lost that somebody else has made.

use entity::entry::ContentType;
use serde_json::{Value, json};

use super::stock::{Kind, State, Stock};
use crate::{
    database_state::{all_rows, references},
    editing::entries,
    support::{editor, on_both_engines},
};

const CONTRIBUTOR: usize = 1;

/// A draft of somebody else, a picture.
async fn hidden(stock: &mut Stock) -> String {
    let kind = Kind {
        is_own: false,
        state: State::Draft,
    };
    let id = stock.entry(ContentType::Asset, CONTRIBUTOR, kind).await;
    id.to_string()
}

/// What the picture of the milestone is to an editor.
async fn picture(stock: &Stock, id: &str) -> Value {
    let query = format!(
        "{{ milestone(by: {{id: \"{id}\"}}, view: {{perspective: DRAFT}}) {{ revision image {{ id }} }} }}"
    );
    stock.app.query_as_editor(&query).await["data"]["milestone"].clone()
}

on_both_engines! {
    async fn nobody_refers_to_a_draft_of_others(app: TestApp) {
        let mut stock = Stock::new(app).await;
        let hidden = hidden(&mut stock).await;
        let own = Kind { is_own: true, state: State::Draft };
        let own = stock.entry(ContentType::Asset, CONTRIBUTOR, own).await.to_string();
        let (app, who) = (&stock.app, stock.principals[CONTRIBUTOR].clone());
        let before = all_rows(app).await;
        let with = |image: &str| json!({"content": {"date": "2008", "image": image}});
        assert_eq!(app.refused(&who, "createMilestone", with(&hidden)).await, ["NOT_FOUND image"]);
        let page = json!({"content": {"slug": "p", "heroImage": hidden, "seo": {"image": hidden}}});
        assert_eq!(app.refused(&who, "createPage", page).await, ["NOT_FOUND heroImage", "NOT_FOUND seo.image"]);
        assert_eq!(all_rows(app).await, before);
        app.done(&who, "createMilestone", with(&own), "milestone { id }").await;
        app.done(&editor(), "createMilestone", with(&hidden), "milestone { id }").await;
    }

    async fn what_an_editor_put_there_stays_when_its_author_goes_on(app: TestApp) {
        let mut stock = Stock::new(app).await;
        let hidden = hidden(&mut stock).await;
        let (app, who) = (&stock.app, stock.principals[CONTRIBUTOR].clone());
        let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
        let put = json!({"id": id, "expectedRevision": 1, "content": {"image": hidden}});
        app.done(&editor(), "updateMilestone", put, "milestone { id }").await;
        let change = |revision: i32, content: Value| json!({"id": id, "expectedRevision": revision, "content": content});
        let payload = app.done(&who, "updateMilestone", change(2, json!({"title": "Two"})), "milestone { image { id } }").await;
        assert_eq!(payload["milestone"], json!({"image": null}), "its author does not see it");
        assert_eq!(picture(&stock, &id).await, json!({"revision": 3, "image": {"id": hidden}}));
        app.done(&who, "updateMilestone", change(3, json!({"image": null})), "milestone { id }").await;
        assert_eq!(app.refused(&who, "updateMilestone", change(4, json!({"image": hidden}))).await, ["NOT_FOUND image"]);
        let back = json!({"id": id, "revision": 3, "expectedRevision": 4});
        app.done(&who, "restoreRevision", back, "entry { id }").await;
        assert_eq!(picture(&stock, &id).await, json!({"revision": 5, "image": {"id": hidden}}));
    }

    async fn a_copy_refers_to_nothing_that_its_maker_may_not_know_of(app: TestApp) {
        let mut stock = Stock::new(app).await;
        let hidden = hidden(&mut stock).await;
        let (app, who) = (&stock.app, stock.principals[CONTRIBUTOR].clone());
        let id = app.created(&editor(), "Milestone", json!({"date": "2008", "title": "One", "image": hidden})).await;
        app.done(&editor(), "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let before = references(app).await;
        let payload = app.done(&who, "duplicateEntry", json!({"id": id}), "entry { id }").await;
        let copy = payload["entry"]["id"].as_str().expect("an id");
        assert_eq!(picture(&stock, copy).await, json!({"revision": 1, "image": null}));
        assert_eq!(references(app).await, before);
        let payload = app.done(&editor(), "duplicateEntry", json!({"id": id}), "entry { id }").await;
        let copy = payload["entry"]["id"].as_str().expect("an id");
        assert_eq!(picture(&stock, copy).await["image"], json!({"id": hidden}));
    }
}
