//! The audit log: what happens to accounts, for admins alone, and apart from the log of content.

use chrono::TimeDelta;
use entity::event_counter;
use kindling::auth::{Principal, Role};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{ADMIN, ANN, id_of};
use crate::{
    database_state::events,
    support::{TestApp, account, accounts::PASSWORD, on_both_engines},
};

const LIST: &str = "query($where: AuditEventFilter, $first: Int, $after: String) {
    auditEvents(where: $where, first: $first, after: $after) {
        totalCount nodes { id action actor { id name } accountId targetId network occurredAt } pageInfo { endCursor hasNextPage }
    }
}";

async fn list(app: &TestApp, who: &Principal, variables: Value) -> Value {
    let answer = app.query_as(who.clone(), LIST, variables).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["auditEvents"].clone()
}

async fn actions(app: &TestApp, who: &Principal, filter: Value) -> Vec<String> {
    let found = list(app, who, json!({ "where": filter })).await;
    let nodes = found["nodes"].as_array().expect("nodes").iter();
    nodes
        .map(|node| node["action"].as_str().expect("an action").to_owned())
        .collect()
}

async fn counter(app: &TestApp) -> event_counter::Model {
    let tx = app.app.database.begin().await.expect("a transaction");
    let counter = event_counter::Entity::find().one(&tx).await;
    counter.expect("a row").expect("a counter")
}

on_both_engines! {
    async fn admins_find_who_did_what_to_whom_and_when(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        app.app.clock.advance(TimeDelta::minutes(1));
        let ann = app.new_account(ANN, Role::Author).await;
        app.try_sign_in(ANN, "wrong, and long enough").await;
        app.try_sign_in("nobody@example.org", PASSWORD).await;
        app.app.clock.advance(TimeDelta::minutes(1));
        app.change(&admin, "suspendAccount", "account { id }", json!({"account": id_of(&ann)})).await;

        let all = list(&app, &admin, json!({})).await;
        assert_eq!(all["totalCount"], 6);
        let newest = &all["nodes"][0];
        assert_eq!(newest["id"].as_str().map(|id| id.starts_with("audit_event_")), Some(true));
        let by = format!("account_{}", admin.account_id().expect("an account").simple());
        assert_eq!(newest, &json!({
            "id": newest["id"], "action": "account.suspended", "actor": {"id": by, "name": newest["actor"]["name"]},
            "accountId": id_of(&ann), "targetId": null, "network": null, "occurredAt": "2026-05-01T12:02:00Z",
        }));
        assert_eq!(all["nodes"][1]["accountId"], Value::Null, "nobody knows whose account that is");

        let of_ann = ["account.suspended", "session.refused", "account.created"];
        assert_eq!(actions(&app, &admin, json!({"account": [id_of(&ann)]})).await, of_ann);
        assert_eq!(actions(&app, &admin, json!({"actor": [by]})).await, ["account.suspended", "session.created"]);
        assert_eq!(actions(&app, &admin, json!({"action": ["session.refused"], "account": [id_of(&ann)]})).await, ["session.refused"]);
        assert_eq!(actions(&app, &admin, json!({"occurredAt": {"lt": "2026-05-01T12:01:00Z"}})).await, ["session.created", "account.created"]);
        let wrong = app.query_as(admin.clone(), LIST, json!({"where": {"account": ["x"]}})).await;
        assert_eq!(wrong["errors"][0]["extensions"]["problems"][0]["path"], "where.account.0");

        let first = list(&app, &admin, json!({"first": 4})).await;
        let rest = list(&app, &admin, json!({"first": 4, "after": first["pageInfo"]["endCursor"]})).await;
        let pages = [&first, &rest].map(|page| page["nodes"].as_array().expect("nodes").clone());
        assert_eq!(json!(pages.concat()), all["nodes"]);
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
        for role in [Role::Editor, Role::Author, Role::Contributor] {
            assert_eq!(app.code(&account(role), "{ auditEvents { totalCount } }", json!({})).await, "FORBIDDEN", "{role:?}");
        }
    }

    async fn signing_in_never_moves_the_log_of_content(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        app.created(&admin, "Value", json!({"title": "One"})).await;
        let (before, version) = (counter(&app).await, app.app.database.changes.newest());
        app.sign_in(ADMIN).await;
        app.try_sign_in(ADMIN, "wrong, and long enough").await;
        app.change(&admin, "updateAccount", "account { id }", json!({"name": "Another"})).await;
        app.change(&admin, "signOutEverywhere", "endedCount", json!({})).await;
        assert_eq!((counter(&app).await, app.app.database.changes.newest()), (before, version));
        assert_eq!(events(&app).await.len(), 1);
    }
}
