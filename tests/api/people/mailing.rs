//! Mail: nothing that was acknowledged is lost, nothing is sent twice, and nothing waits for ever.

use chrono::TimeDelta;
use entity::job;
use kindling::{auth::Role, worker::Worker};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{ADMIN, ANN};
use crate::support::{
    TestApp,
    mail::{Sink, token_in},
    on_both_engines,
};

impl TestApp {
    async fn waiting(&self) -> Vec<job::Model> {
        let mails = job::Entity::find().filter(job::Column::Name.eq("mail"));
        let tx = self.app.database.begin().await.expect("a transaction");
        mails.all(&tx).await.expect("mails")
    }

    async fn invite(&self, email: &str) {
        // The first time there is no such account yet.
        let _ = self.try_account(ADMIN, Role::Admin).await;
        let admin = self.sign_in(ADMIN).await;
        let admin = self.bearer(&admin["accessToken"]).await.expect("an admin");
        let input = json!({"email": email, "name": "Invited", "role": "AUTHOR"});
        let invited = self
            .change(&admin, "inviteAccount", "account { id } link", input)
            .await;
        assert!(
            !invited["account"].is_null() && invited["link"].is_null(),
            "{invited}"
        );
    }
}

on_both_engines! {
    async fn mail_waits_until_the_server_is_back(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let port = sink.port;
        drop(sink);
        let app = app.sending_to(port);
        app.invite(ANN).await;
        app.work().await;
        assert_eq!(app.waiting().await[0].attempts, 1);
        app.work().await;
        assert_eq!(app.waiting().await[0].attempts, 1, "it waits a while");
        let sink = Sink::on(port).expect("a mail server");
        app.app.clock.advance(TimeDelta::seconds(15));
        app.work().await;
        let mail = sink.mail(1);
        assert_eq!((&mail["to"], app.waiting().await.len()), (&json!([ANN]), 0));
        assert!(mail["id"].as_str().is_some_and(|id| id.ends_with("@example.org>")), "{mail}");
        app.app.clock.advance(TimeDelta::hours(1));
        app.work().await;
        assert_eq!(sink.mails().len(), 1);
    }

    async fn several_instances_send_each_mail_once(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        for number in 0..5 {
            app.invite(&format!("{number}@example.org")).await;
        }
        let instances: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { Worker::new(&app).step().await })
        }).collect();
        for instance in instances {
            instance.await.expect("an end");
        }
        sink.mail(5);
        let mut to: Vec<_> = sink.mails().iter().map(|mail| mail["to"][0].to_string()).collect();
        to.sort();
        assert_eq!(to, ["\"0@example.org\"", "\"1@example.org\"", "\"2@example.org\"", "\"3@example.org\"", "\"4@example.org\""]);
        assert!(app.waiting().await.is_empty());
    }

    async fn what_cannot_be_sent_for_three_days_is_given_up(app: TestApp) {
        let app = app.sending_to(1);
        app.invite(ANN).await;
        let invited = app.app.clock.now();
        loop {
            app.work().await;
            let mail = app.waiting().await.remove(0);
            if let Some(failed_at) = mail.failed_at {
                let days = (failed_at - invited).as_seconds_f64() / 86_400.0;
                assert!((2.5..3.5).contains(&days), "{days} days");
                break;
            }
            app.app.clock.advance(mail.due_at - app.app.clock.now());
        }
        app.app.clock.advance(TimeDelta::days(7) + TimeDelta::hours(1));
        app.work().await;
        assert!(app.waiting().await.is_empty(), "it is not kept for ever");
    }

    async fn a_mail_that_waits_is_sealed(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        app.invite(ANN).await;
        let waiting = format!("{:?}", app.waiting().await);
        app.work().await;
        let mail = sink.mail(1);
        let token = token_in(mail["html"].as_str().expect("a text"));
        assert!(!waiting.contains(ANN) && !waiting.contains(&token[4..]), "{waiting}");
        assert_eq!(token, token_in(mail["text"].as_str().expect("a text")));
    }
}
