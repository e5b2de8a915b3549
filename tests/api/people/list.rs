//! Accounts as admins see them.

use chrono::TimeDelta;
use kindling::auth::{Principal, Role};
use serde_json::{Value, json};

use super::{ADMIN, ANN, id_of};
use crate::support::{TestApp, on_both_engines};

impl TestApp {
    /// The addresses on a page of the list.
    async fn listed(&self, who: &Principal, arguments: &str) -> String {
        let query = format!(
            "{{ accounts{arguments} {{ nodes {{ email }} totalCount pageInfo {{ endCursor }} }} }}"
        );
        let answer = self.query_as(who.clone(), &query, Value::Null).await;
        let nodes = answer["data"]["accounts"]["nodes"].as_array();
        let nodes = nodes.unwrap_or_else(|| panic!("{answer}")).iter();
        let names = nodes.map(|node| {
            node["email"]
                .as_str()
                .expect("an address")
                .split('@')
                .next()
        });
        names
            .map(Option::unwrap_or_default)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

on_both_engines! {
    async fn admins_find_people(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        app.new_account(ANN, Role::Editor).await;
        let bob = app.new_account("bob@example.org", Role::Author).await;
        app.change(&admin, "suspendAccount", "account { id }", json!({"account": id_of(&bob)})).await;
        app.change(&admin, "inviteAccount", "link", json!({"email": "c_d@elsewhere.example", "name": "Carla 100%", "role": "EDITOR"})).await;
        for (arguments, expected) in [
            ("", "admin ann bob c_d"),
            ("(where: {role: [EDITOR]})", "ann c_d"),
            ("(where: {status: [INVITED, SUSPENDED]})", "bob c_d"),
            ("(where: {status: [ACTIVE], role: [EDITOR]})", "ann"),
            ("(where: {status: []})", ""),
            ("(where: {search: \"ELSEWHERE\"})", "c_d"),
            ("(where: {search: \"carla\"})", "c_d"),
            ("(where: {search: \"0%\"})", "c_d"),
            ("(where: {search: \"_\"})", "c_d"),
            ("(where: {search: \" \"})", "admin ann bob c_d"),
            ("(first: 2)", "admin ann"),
            ("(last: 1)", "c_d"),
        ] {
            assert_eq!(app.listed(&admin, arguments).await, expected, "{arguments}");
        }
        let page = app.query_as(admin.clone(), "{ accounts(first: 1) { totalCount pageInfo { endCursor } } }", Value::Null).await;
        let page = &page["data"]["accounts"];
        assert_eq!(page["totalCount"], 4);
        let next = format!("(first: 2, after: {})", page["pageInfo"]["endCursor"]);
        assert_eq!(app.listed(&admin, &next).await, "ann bob");
        let long = format!("{{ accounts(where: {{search: \"{}\"}}) {{ totalCount }} }}", "x".repeat(201));
        let refused = app.query_as(admin, &long, Value::Null).await;
        assert_eq!(refused["errors"][0]["extensions"]["problems"][0]["path"], "where.search");
    }

    async fn an_account_tells_when_it_was_last_seen(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Editor).await;
        let ask = async |id: &str| {
            let query = format!("{{ account(id: \"{id}\") {{ email status createdAt lastSeenAt }} }}");
            app.query_as(admin.clone(), &query, Value::Null).await["data"]["account"].clone()
        };
        assert_eq!(ask(&id_of(&ann)).await, json!({"email": ANN, "status": "ACTIVE", "createdAt": "2026-05-01T12:00:00Z", "lastSeenAt": null}));
        app.app.clock.advance(TimeDelta::hours(1));
        app.sign_in(ANN).await;
        assert_eq!(ask(&id_of(&ann)).await["lastSeenAt"], "2026-05-01T13:00:00Z");
        let all = app.query_as(admin.clone(), "{ accounts { nodes { email lastSeenAt } } }", Value::Null).await;
        assert_eq!(all["data"]["accounts"]["nodes"][1], json!({"email": ANN, "lastSeenAt": "2026-05-01T13:00:00Z"}));
        for nobodys in [format!("account_{}", kindling::id::new().simple()), "nonsense".to_owned(), String::new()] {
            assert_eq!(ask(&nobodys).await, Value::Null);
        }
    }
}
