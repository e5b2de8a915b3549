//! What a publication would come to, asked before it is made.

use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use super::entries;
use crate::{
    database_state::all_rows,
    support::{TestApp, account, editor, on_both_engines},
};

const PLAN: &str = "query($input: PublishEntriesInput!) { publishPlan(input: $input) {
    publications { entry { entryId status } from to changedFields becauseOf }
    drafts { entry { entryId } shownBy field }
    problems { code path }
} }";

async fn plan(app: &TestApp, who: &Principal, input: Value) -> Value {
    let answer = app
        .query_as(who.clone(), PLAN, json!({ "input": input }))
        .await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["publishPlan"].clone()
}

/// What becomes public, by entry.
fn publications(plan: &Value) -> Vec<(String, Value, Value, Value, Value)> {
    let list = plan["publications"]
        .as_array()
        .expect("publications")
        .iter();
    let mut list: Vec<_> = list
        .map(|one| {
            let id = one["entry"]["entryId"].as_str().expect("an id").to_owned();
            (
                id,
                one["from"].clone(),
                one["to"].clone(),
                one["changedFields"].clone(),
                one["becauseOf"].clone(),
            )
        })
        .collect();
    list.sort_by(|one, other| one.0.cmp(&other.0));
    list
}

on_both_engines! {
    async fn a_plan_tells_what_becomes_public_why_and_what_stays_a_draft(app: TestApp) {
        let who = editor();
        let public = app.created(&who, "Milestone", json!({"date": "2008", "title": "Public"})).await;
        let draft = app.created(&who, "Milestone", json!({"date": "2009", "title": "Draft"})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&public])}), "entries { id }").await;
        let change = json!({"id": public, "expectedRevision": 1, "content": {"title": "Newer"}});
        app.done(&who, "updateMilestone", change, "milestone { id }").await;
        let section = json!({"anchor": "a", "items": {"set": [public, draft]}});
        let section = app.created(&who, "StorySection", section).await;
        let before = all_rows(&app).await;

        let alone = plan(&app, &who, json!({"entries": entries(&[&section])})).await;
        assert_eq!(publications(&alone), [(section.clone(), Value::Null, json!(1), json!(["anchor", "items"]), Value::Null)]);
        let mut drafts = alone["drafts"].as_array().expect("drafts").clone();
        drafts.sort_by_key(Value::to_string);
        let mut expected = vec![
            json!({"entry": {"entryId": public}, "shownBy": section, "field": "items"}),
            json!({"entry": {"entryId": draft}, "shownBy": section, "field": "items"}),
        ];
        expected.sort_by_key(Value::to_string);
        assert_eq!(drafts, expected);
        assert_eq!(alone["problems"], json!([]));

        let with = plan(&app, &who, json!({"entries": entries(&[&section]), "withDependencies": true})).await;
        let mut expected = vec![
            (section.clone(), Value::Null, json!(1), json!(["anchor", "items"]), Value::Null),
            (draft.clone(), Value::Null, json!(1), json!(["date", "title.en"]), json!(section)),
        ];
        expected.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(publications(&with), expected);
        assert_eq!(with["drafts"], json!([{"entry": {"entryId": public}, "shownBy": section, "field": "items"}]));

        let newer = plan(&app, &who, json!({"entries": entries(&[&public])})).await;
        assert_eq!(publications(&newer), [(public.clone(), json!(1), json!(2), json!(["title.en"]), Value::Null)]);
        assert_eq!(newer["publications"][0]["entry"]["status"], "CHANGED");
        assert_eq!(all_rows(&app).await, before, "a plan changes nothing");
    }

    async fn a_plan_of_one_locale_names_no_revision_that_does_not_exist(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Value", json!({"title": "One"})).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        let change = json!({
            "id": id, "expectedRevision": 1, "content": {"title": "Two"},
            "translations": [{"locale": "es", "title": "Dos"}]
        });
        app.done(&who, "updateValue", change, "value { id }").await;
        let spanish = plan(&app, &who, json!({"entries": entries(&[&id]), "locale": "es"})).await;
        assert_eq!(publications(&spanish), [(id.clone(), json!(1), Value::Null, json!(["title.es"]), Value::Null)]);
    }

    async fn a_plan_tells_what_keeps_entries_from_becoming_public(app: TestApp) {
        let who = editor();
        let id = app.created(&who, "Value", json!({})).await;
        let told = plan(&app, &who, json!({"entries": entries(&[&id])})).await;
        assert_eq!(told["problems"], json!([{"code": "REQUIRED", "path": format!("{id}.title.en")}]));
        assert_eq!(publications(&told).len(), 1);
    }

    async fn a_plan_tells_authors_nothing_of_the_drafts_of_others(app: TestApp) {
        let author = account(Role::Author);
        let hidden = app.created(&editor(), "Milestone", json!({"date": "2008", "title": "Hidden"})).await;
        app.done(&editor(), "publishEntries", json!({"entries": entries(&[&hidden])}), "entries { id }").await;
        let section = app.created(&author, "StorySection", json!({"anchor": "a", "items": {"set": [hidden]}})).await;
        let change = json!({"id": hidden, "expectedRevision": 1, "content": {"title": "Secret"}});
        app.done(&editor(), "updateMilestone", change, "milestone { id }").await;
        let told = plan(&app, &author, json!({"entries": entries(&[&section])})).await;
        assert_eq!(told["drafts"], json!([]));
        let contributor = account(Role::Contributor);
        let answer = app.query_as(contributor, PLAN, json!({"input": {"entries": entries(&[&section])}})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
}
