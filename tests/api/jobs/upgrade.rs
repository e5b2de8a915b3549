//! Mail and requests for new passwords of before the queue become jobs.

use entity::job;
use kindling::auth::{Principal, Role};
use migration::Migrator;
use sea_orm::{Database, EntityTrait};
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use super::left;
use crate::{
    migrations::since,
    support::{mail::Sink, on_both_engines},
};

on_both_engines! {
    async fn mail_and_requests_that_waited_are_carried_out_after_the_upgrade(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        let admin = app.newcomer("admin@example.org", Role::Admin).await;
        let invitation = json!({"email": "new@example.org", "name": "New", "role": "AUTHOR"});
        app.change(&admin, "inviteAccount", "account { id }", invitation).await;
        let request = json!({"email": "admin@example.org"});
        app.change(&Principal::Anonymous, "requestPasswordReset", "requestedAt", request).await;
        let sorted = async || {
            let mut jobs = left(&app).await;
            jobs.sort_by_key(|job| job.id);
            jobs
        };
        let before: Vec<job::Model> = sorted().await;
        assert_eq!(before.len(), 2);

        let connection = Database::connect(app.app.config.database_url.expose()).await.expect("a connection");
        Migrator::down(&connection, Some(since("m20261128_060002_create_job"))).await.expect("down");
        Migrator::up(&connection, None).await.expect("up");
        connection.close().await.expect("an end");
        assert_eq!(sorted().await, before);
        app.work().await;
        let mut to: Vec<_> = (1..=2).map(|number| sink.mail(number)["to"][0].clone()).collect();
        to.sort_by_key(ToString::to_string);
        assert_eq!(to, ["admin@example.org", "new@example.org"]);
        assert!(app.app.database.rows(job::Entity::find()).await.expect("jobs").iter().all(|job| job.key.is_some()));
    }
}
