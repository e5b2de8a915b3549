//! The editor's work list, and the status of entries, in Rust and in SQL.

use chrono::TimeDelta;
use entity::{Instant, entry};
use kindling::{
    auth::{Principal, Role},
    content::{row::Life, search_text, status::EntryStatus},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};
use serde_json::json;

use super::entries;
use crate::support::{account, content, editor, on_both_engines, start_of_time};

const STATUSES: [EntryStatus; 5] = [
    EntryStatus::Draft,
    EntryStatus::Published,
    EntryStatus::Changed,
    EntryStatus::Unpublished,
    EntryStatus::Archived,
];

on_both_engines! {
    async fn the_list_is_by_type_status_author_time_and_text(app: TestApp) {
        let (ana, ben) = (editor(), account(Role::Author));
        let value = app.created(&ana, "Value", json!({"title": "Curiosity"})).await;
        app.app.clock.advance(TimeDelta::hours(1));
        let milestone = app.created(&ben, "Milestone", json!({"date": "2008", "title": "50% Élan_x"})).await;
        app.app.clock.advance(TimeDelta::hours(1));
        app.done(&ana, "publishEntries", json!({"entries": entries(&[&value])}), "entries { id }").await;
        let change = json!({"id": value, "expectedRevision": 1, "content": {"title": "Wonder"}});
        app.done(&ana, "updateValue", change, "value { id }").await;
        let query = "query($where: EntryFilter) { entries(where: $where) { totalCount nodes { id status } } }";
        let listed = async |who: &Principal, filter| {
            let answer = app.query_as(who.clone(), query, json!({"where": filter})).await;
            let nodes = answer["data"]["entries"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
            assert_eq!(answer["data"]["entries"]["totalCount"], nodes.len());
            nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        let all = [value.clone(), milestone.clone()];
        assert_eq!(listed(&ana, json!(null)).await, all, "the last changed first");
        assert_eq!(listed(&ana, json!({"type": ["MILESTONE"]})).await, all[1..]);
        assert_eq!(listed(&ana, json!({"status": ["CHANGED"]})).await, all[..1]);
        assert_eq!(listed(&ana, json!({"status": []})).await, [""; 0]);
        let account_id = |who: &Principal| format!("account_{}", who.account_id().expect("an account").simple());
        assert_eq!(listed(&ana, json!({"createdBy": [account_id(&ben)]})).await, all[1..]);
        assert_eq!(listed(&ana, json!({"createdAt": {"lt": "2026-05-01T12:30:00Z"}})).await, all[..1]);
        for (text, expected) in [("wond", &all[..1]), ("curiosity", &all[..0]), ("0% é", &all[1..]), ("n_X", &all[1..]), ("%", &all[1..]), ("a_x", &all[..0])] {
            assert_eq!(listed(&ana, json!({"text": text})).await, *expected, "{text}");
        }
        assert_eq!(listed(&ben, json!(null)).await, all[1..], "an author's own only");
        assert_eq!(listed(&ben, json!({"text": "wonder"})).await, [""; 0]);
        app.done(&ana, "archiveEntries", json!({"entries": entries(&[&milestone])}), "entries { id }").await;
        assert_eq!(listed(&ana, json!({"status": ["ARCHIVED"]})).await, all[1..], "the trash");
        let answer = app.query("{ entries { totalCount } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        let answer = app.query_as_editor("{ entries(where: {createdBy: [\"x\"]}) { totalCount } }").await;
        assert_eq!(content::problem(&answer).1, "where.createdBy.0");
    }

    async fn entries_that_are_older_than_the_search_become_part_of_it(app: TestApp) {
        let id = app.created(&editor(), "Value", json!({"title": "Curiosity"})).await;
        let tx = app.app.database.begin().await.expect("a transaction");
        tx.execute_unprepared("DELETE FROM search_text").await.expect("no search");
        tx.commit().await.expect("a commit");
        let query = "{ entries(where: {text: \"curio\"}) { nodes { id } } }";
        assert_eq!(app.query_as_editor(query).await["data"]["entries"]["nodes"], json!([]));
        assert_eq!(search_text::complete(&app.app).await.expect("completed"), 1);
        assert_eq!(app.query_as_editor(query).await["data"]["entries"]["nodes"], json!([{"id": id}]));
        assert_eq!(search_text::complete(&app.app).await.expect("nothing to do"), 0);
    }

    async fn a_page_of_the_list_goes_on_where_the_last_one_ended(app: TestApp) {
        let who = editor();
        let mut created = Vec::new();
        for at in 0..5 {
            created.push(app.created(&who, "Value", json!({"title": at.to_string()})).await);
        }
        let mut listed = Vec::new();
        let mut after = json!(null);
        loop {
            let query = "query($after: String) { entries(first: 2, after: $after, orderBy: {field: CREATED_AT}) { nodes { id } pageInfo { endCursor hasNextPage } } }";
            let answer = app.query_as(who.clone(), query, json!({"after": after})).await;
            let page = &answer["data"]["entries"];
            listed.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(listed, created, "all at one moment, in the order of their ids");
    }

    async fn the_status_is_the_same_in_rust_and_in_sql(app: TestApp) {
        let moments: [Option<Instant>; 2] = [None, Some(start_of_time())];
        let mut combinations = 0;
        for archived_at in moments {
            for published_at in moments {
                for (latest_revision, published_revision) in [(1, None), (1, Some(1)), (2, Some(1)), (1, Some(2)), (2, None)] {
                    if archived_at.is_some() && published_revision.is_some() {
                        continue;
                    }
                    combinations += 1;
                    let life = Life {
                        key: None, position: String::new(), latest_revision, published_revision, published_at,
                        created_at: start_of_time(), created_by: None, archived_at,
                    };
                    let row = entry::ActiveModel {
                        id: Set(kindling::id::new()), r#type: Set(entry::ContentType::Value), key: Set(None), position: Set(String::new()),
                        latest_revision: Set(latest_revision), published_revision: Set(published_revision), published_at: Set(published_at),
                        created_at: Set(start_of_time()), created_by: Set(None), updated_at: Set(start_of_time()), archived_at: Set(archived_at),
                    };
                    let tx = app.app.database.begin().await.expect("a transaction");
                    row.insert(&tx).await.expect("an entry");
                    let mut of_sql = Vec::new();
                    for status in STATUSES {
                        if entry::Entity::find().filter(status.condition()).count(&tx).await.expect("a count") == 1 {
                            of_sql.push(status);
                        }
                    }
                    assert_eq!(of_sql, [EntryStatus::of(&life)], "{life:?}");
                }
            }
        }
        assert_eq!(combinations, 14);
    }
}
