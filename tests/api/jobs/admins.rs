//! Jobs as admins see them, and retrying by hand.

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use kindling::job::Job;

use super::{Probe, left, put, worker};
use crate::{
    database_state::audit_events,
    support::{TestApp, account, on_both_engines},
};

const LIST: &str = "query($where: JobFilter) {
    jobs(where: $where) { totalCount nodes { id name state attempts createdAt dueAt failedAt lastError } }
}";

async fn jobs(app: &TestApp, filter: Value) -> Value {
    let answer = app
        .query_as(account(Role::Admin), LIST, json!({"where": filter}))
        .await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["jobs"].clone()
}

async fn retry(app: &TestApp, who: &Principal, id: &Value) -> Value {
    let input = json!({ "id": id });
    app.change(who, "retryJob", "job { state attempts dueAt }", input)
        .await
}

on_both_engines! {
    async fn what_is_given_up_is_listed_and_retried_by_hand(app: TestApp) {
        let admin = app.newcomer("admin@example.org", Role::Admin).await;
        let mut worker = worker(&app.app);
        let probe = Probe::new(3);
        put(&app, &probe).await;
        for _ in 0..3 {
            worker.step().await;
            app.app.clock.advance(TimeDelta::minutes(1));
        }
        assert_eq!(probe.runs(), 3);
        let failed = jobs(&app, json!({"state": ["FAILED"]})).await;
        let job = &failed["nodes"][0];
        assert_eq!((&failed["totalCount"], &job["name"], &job["attempts"]), (&json!(1), &json!("probe"), &json!(3)));
        assert_eq!((&job["failedAt"], &job["lastError"]), (&json!("2026-05-01T12:02:00Z"), &json!("something went wrong on the server")));
        assert_eq!(jobs(&app, json!({"name": ["probe"], "state": ["WAITING", "RUNNING"]})).await["totalCount"], 0);
        let scheduled = jobs(&app, json!({"name": ["cleanup"]})).await;
        assert_eq!(scheduled["nodes"][0]["state"], "WAITING", "{scheduled}");
        worker.step().await;
        assert_eq!(probe.runs(), 3, "it stays given up");

        let retried = retry(&app, &admin, &job["id"]).await;
        assert_eq!(retried["job"], json!({"state": "WAITING", "attempts": 0, "dueAt": "2026-05-01T12:03:00Z"}));
        let told = audit_events(&app).await.pop().expect("an event");
        assert_eq!((told.action.as_str(), told.target.as_deref(), told.actor_id), ("job.retried", job["id"].as_str(), admin.account_id()));
        worker.step().await;
        assert_eq!((probe.runs(), left(&app).await.len()), (4, 0));
        let gone = retry(&app, &admin, &job["id"]).await;
        assert_eq!(gone["userErrors"][0]["code"], "NOT_FOUND");
    }

    async fn what_was_given_up_goes_after_a_week(app: TestApp) {
        let mut worker = worker(&app.app);
        put(&app, &Probe::new(9)).await;
        for _ in 0..Probe::RETRY.max_attempts.expect("an end") {
            worker.step().await;
            app.app.clock.advance(TimeDelta::minutes(1));
        }
        app.app.clock.advance(TimeDelta::days(6));
        worker.step().await;
        assert_eq!(left(&app).await.len(), 1);
        app.app.clock.advance(TimeDelta::days(1) + TimeDelta::hours(1));
        worker.step().await;
        assert!(left(&app).await.is_empty());
    }

    async fn nobody_else_sees_jobs(app: TestApp) {
        for role in [Role::Editor, Role::Author, Role::Contributor] {
            assert_eq!(app.code(&account(role), "{ jobs { totalCount } }", json!({})).await, "FORBIDDEN", "{role:?}");
        }
    }
}
