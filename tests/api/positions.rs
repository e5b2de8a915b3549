//! The place of entries in lists without a section.

use kindling::{
    auth::{Principal, Role},
    content::{
        position::Neighbour,
        types::{Page, Value},
        write::Change,
    },
};
use serde_json::json;

use crate::{
    database_state::{all_rows, events},
    support::{account, content, on_both_engines},
};

async fn listed(app: &crate::support::TestApp) -> String {
    content::keys(&app.query("{ values { nodes { key } } }").await, "values")
}

on_both_engines! {
    async fn an_entry_is_moved_before_another_or_to_the_end(app: TestApp) {
        let mut ids = Vec::new();
        for key in ["a", "b", "c", "d"] {
            ids.push(app.public::<Value>(key, content::value(key)).await);
        }
        assert_eq!(listed(&app).await, "a b c d");
        for (moved, next, order) in [(3, Some(0), "d a b c"), (0, Some(2), "d b a c"), (1, None, "d a c b"), (0, Some(2), "d a c b")] {
            let mut change = Change::begin(&app.app, Principal::System, None).await.expect("a change");
            change.move_entry(ids[moved], next.map_or(Neighbour::None, |next: usize| Neighbour::Before(ids[next]))).await.expect("a move");
            change.seal().await.expect("a commit");
            assert_eq!(listed(&app).await, order);
        }
        assert_eq!(events(&app).await.iter().filter(|event| event.action == "entry.moved").count(), 4);
    }

    async fn moving_writes_nothing_where_it_may_not(app: TestApp) {
        let value = app.public::<Value>("value", content::value("Candour")).await;
        let page = app.public::<Page>("page", content::page("story")).await;
        let before = all_rows(&app).await;
        for (principal, id, next) in [
            (Principal::Anonymous, value, None), (account(Role::Author), value, None),
            (Principal::System, page, None), (Principal::System, value, Some(page)), (Principal::System, value, Some(value)),
        ] {
            let mut change = app.change_by(&principal).await;
            change.move_entry(id, next.map_or(Neighbour::None, Neighbour::Before)).await.expect_err("a refusal");
            change.seal().await.expect("nothing to commit");
        }
        assert_eq!(all_rows(&app).await, before);
        assert_eq!(app.query("{ values { totalCount } }").await["data"], json!({"values": {"totalCount": 1}}));
    }
}
