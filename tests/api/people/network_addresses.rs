//! Network addresses: events and sessions lose them after a while, and with the account.

use std::net::{IpAddr, Ipv4Addr};

use chrono::TimeDelta;
use entity::{attempt, audit_event, session};
use kindling::{
    app::App,
    auth::{Client, Principal, Role, people::erase, sign_in::sign_in},
    crypto::Secret,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, prelude::Expr};
use serde_json::json;

use super::{ADMIN, ANN};
use crate::{
    database_state::audit_events,
    support::{TestApp, accounts::PASSWORD, on_both_engines, server::Server, servers},
};

fn at(last: u8) -> Client {
    Client::new(Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))), "a test")
}

/// Signs in, or tries to.
async fn come(app: &TestApp, from: u8, email: &str, password: &str) {
    // Whether that succeeds is up to the caller.
    let _ = sign_in(&app.app, &at(from), email, Secret::new(password)).await;
}

/// The addresses that the events have, in their order.
async fn networks(app: &TestApp) -> Vec<String> {
    let networks = audit_events(app)
        .await
        .into_iter()
        .filter_map(|event| event.network);
    networks
        .map(|network| network.trim_end_matches("/32").to_owned())
        .collect()
}

/// The address of each session, the oldest first.
async fn of_sessions(app: &TestApp) -> Vec<String> {
    let sessions = session::Entity::find().order_by_asc(session::Column::CreatedAt);
    let sessions = app.app.database.rows(sessions).await.expect("sessions");
    sessions
        .into_iter()
        .map(|session| session.network)
        .collect()
}

async fn buckets(app: &TestApp) -> Vec<String> {
    let attempts = app
        .app
        .database
        .rows(attempt::Entity::find())
        .await
        .expect("attempts");
    attempts
        .into_iter()
        .map(|attempt| attempt.bucket)
        .filter(|bucket| bucket.starts_with("password:account:"))
        .collect()
}

impl TestApp {
    fn keeping_addresses_for(mut self, days: u32) -> Self {
        let mut config = (*self.app.config).clone();
        config.address_retention_days = days;
        self.app = App {
            config: config.into(),
            ..self.app.clone()
        };
        self
    }
}

on_both_engines! {
    async fn events_and_sessions_lose_them_after_the_time_of_the_settings(app: TestApp) {
        assert_eq!(app.app.config.address_retention_days, 90);
        let app = app.keeping_addresses_for(10);
        app.new_account(ANN, Role::Editor).await;
        come(&app, 1, ANN, PASSWORD).await;
        come(&app, 2, ANN, "wrong, and long enough").await;
        come(&app, 3, "nobody@example.org", "wrong, and long enough").await;
        app.app.clock.advance(TimeDelta::days(9));
        come(&app, 4, ANN, PASSWORD).await;
        app.work().await;
        assert_eq!(networks(&app).await, ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]);
        app.app.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
        app.work().await;
        assert_eq!(networks(&app).await, ["203.0.113.4"]);
        assert_eq!(of_sessions(&app).await, ["", "203.0.113.4/32"]);
        app.app.clock.advance(TimeDelta::days(10));
        app.work().await;
        assert_eq!(networks(&app).await, [] as [&str; 0]);
        assert_eq!(of_sessions(&app).await, ["", ""]);
        let actions = audit_events(&app).await.into_iter().filter(|event| event.action == "session.refused");
        assert_eq!(actions.count(), 2, "the events themselves stay");
    }

    async fn an_erased_account_takes_its_addresses_along(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Editor).await;
        come(&app, 1, ANN, PASSWORD).await;
        come(&app, 2, ANN, "wrong, and long enough").await;
        come(&app, 1, ANN, "wrong, and long enough").await;
        come(&app, 3, ADMIN, "wrong, and long enough").await;
        assert_eq!((networks(&app).await.len(), buckets(&app).await.len()), (4, 3));
        erase(&app.app, &at(4), &admin, ann.id).await.expect("an end");
        assert_eq!(networks(&app).await, ["203.0.113.3", "203.0.113.4"], "those of the admin stay for their time");
        assert_eq!(buckets(&app).await.len(), 1);
        // An attempt that was under way may write its event after that.
        let tx = app.app.database.begin().await.expect("a transaction");
        let late = audit_event::Entity::update_many()
            .col_expr(audit_event::Column::Network, Expr::value("203.0.113.2/32"))
            .filter(audit_event::Column::AccountId.eq(ann.id))
            .filter(audit_event::Column::Action.eq("session.refused"));
        assert_eq!(late.exec(&tx).await.expect("an event").rows_affected, 2);
        tx.commit().await.expect("a commit");
        app.work().await;
        assert_eq!(networks(&app).await, ["203.0.113.3", "203.0.113.4"]);
    }

    async fn whoever_erases_themselves_leaves_no_address(app: TestApp) {
        app.new_account(ADMIN, Role::Admin).await;
        let other = app.newcomer(ANN, Role::Admin).await;
        let Principal::Account { id, .. } = other else { panic!("no account") };
        erase(&app.app, &at(4), &other, id).await.expect("an end");
        assert_eq!(networks(&app).await, [] as [&str; 0]);
        assert!(audit_events(&app).await.iter().any(|event| event.action == "account.erased"));
    }
}

#[tokio::test]
async fn failed_sign_ins_are_lines_of_the_log_without_the_address_or_the_password() {
    const SECRET: &str = "Canary-of-a-password-1";
    for (mut server, _folder, _database) in servers().await {
        let admin = server.sign_in("admin").await;
        let accounts = "{ accounts(first: 10) { nodes { id email } } }";
        let accounts = server.query_as(&admin, accounts, json!(null)).await.json();
        let nodes = accounts["data"]["accounts"]["nodes"]
            .as_array()
            .expect("accounts")
            .clone();
        let editor = nodes
            .iter()
            .find(|node| node["email"] == "editor@demo.example")
            .expect("an editor");
        let sign_in =
            "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
        for (email, password) in [
            ("editor@demo.example", SECRET),
            ("canary@demo.example", SECRET),
            ("canary@demo.example", "short"),
        ] {
            let input = json!({"input": {"email": email, "password": password}});
            server.query_with(&[], sign_in, input).await;
        }
        let failed = |server: &Server| {
            let log = server.log().into_iter();
            log.filter(|line| line["fields"]["message"] == "a sign-in failed")
                .collect::<Vec<_>>()
        };
        let lines = server.wait_for("three lines", |server| {
            Some(failed(server)).filter(|lines| lines.len() >= 3)
        });
        let fields: Vec<_> = lines
            .iter()
            .map(|line| (&line["fields"]["network"], &line["fields"]["account"]))
            .collect();
        let network = json!("127.0.0.1/32");
        assert_eq!(
            fields,
            [
                (&network, &editor["id"]),
                (&network, &json!(null)),
                (&network, &json!(null))
            ]
        );
        let log = format!("{:?}", server.log());
        assert!(
            !log.contains("canary@") && !log.contains("editor@") && !log.contains(SECRET),
            "{log}"
        );
    }
}
