//! The migrations: they go down without leaving anything behind, and up again to the same tables.

use chrono::TimeDelta;
use kindling::auth::Role;
use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, Statement};
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use crate::{
    database_state::{audit_events, events},
    editing::entries,
    support::{TestApp, accounts::PASSWORD, on_both_engines},
};

/// The migrations from this one on.
pub(crate) fn since(name: &str) -> u32 {
    let migrations = Migrator::migrations();
    let at = migrations
        .iter()
        .position(|migration| migration.name() == name);
    u32::try_from(migrations.len() - at.expect("the migration")).expect("few")
}

/// One log of everything, in the order of time, as it was before the audit log.
const ONE_LOG: &str = "
    UPDATE event SET sequence = -numbered.number
        FROM (SELECT sequence, row_number() OVER (ORDER BY occurred_at, sequence) AS number FROM event) AS numbered
        WHERE numbered.sequence = event.sequence;
    UPDATE event SET sequence = -sequence;
    UPDATE event_counter SET last_id = (SELECT id FROM event WHERE sequence = event_counter.last_sequence);
";

async fn counter(app: &TestApp) -> entity::event_counter::Model {
    let tx = app.app.database.begin().await.expect("a transaction");
    let counter = entity::event_counter::Entity::find().one(&tx).await;
    counter.expect("a row").expect("a counter")
}

/// Everything that the database is made of, in words.
async fn made_of(connection: &DatabaseConnection) -> Vec<String> {
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS text FROM sqlite_schema",
        _ => {
            "SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable AS text
                 FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
        }
    };
    let rows = connection
        .query_all_raw(Statement::from_string(
            connection.get_database_backend(),
            sql,
        ))
        .await
        .expect("rows");
    let mut parts: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "text").expect("a text"))
        .collect();
    parts.sort();
    parts
}

on_both_engines! {
    async fn they_go_up_down_and_up_again(app: TestApp) {
        let url = app.app.config.database_url.expose().to_owned();
        let connection = Database::connect(url).await.expect("a connection");
        let first = made_of(&connection).await;
        assert!(first.len() > 50, "{first:#?}");

        Migrator::down(&connection, None).await.expect("all of them down");
        let left = made_of(&connection).await;
        assert!(!left.is_empty() && left.iter().all(|part| part.contains("seaql_migrations")), "{left:#?}");

        Migrator::up(&connection, None).await.expect("all of them up");
        assert_eq!(made_of(&connection).await, first);
        connection.close().await.expect("an end");
        assert_eq!(app.query("{ pages { totalCount } }").await["data"]["pages"]["totalCount"], 0);
    }

    async fn an_upgrade_moves_events_of_accounts_to_the_audit_log_and_loses_none(app: TestApp) {
        let later = || app.app.clock.advance(TimeDelta::seconds(1));
        let admin = app.newcomer("admin@example.org", Role::Admin).await;
        later();
        let id = app.created(&admin, "Value", json!({"title": "One"})).await;
        later();
        app.try_sign_in("nobody@example.org", PASSWORD).await;
        later();
        app.done(&admin, "publishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        later();
        app.sign_in("admin@example.org").await;
        let before = (events(&app).await, audit_events(&app).await);
        assert_eq!((before.0.len(), before.1.len()), (2, 4));
        let lineage = counter(&app).await.lineage;

        let connection = Database::connect(app.app.config.database_url.expose()).await.expect("a connection");
        Migrator::down(&connection, Some(since("m20261128_060001_create_audit_event"))).await.expect("down");
        connection.execute_unprepared(ONE_LOG).await.expect("one log");
        let mixed = "SELECT action FROM event ORDER BY sequence";
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), mixed)).await.expect("rows");
        let actions: Vec<String> = rows.iter().map(|row| row.try_get("", "action").expect("a text")).collect();
        assert_eq!(actions, ["account.created", "session.created", "entry.created", "session.refused", "entry.published", "session.created"]);
        Migrator::up(&connection, None).await.expect("up");
        connection.close().await.expect("an end");

        assert_eq!((events(&app).await, audit_events(&app).await), before);
        let counter = counter(&app).await;
        assert_eq!((counter.last_sequence, counter.last_id, counter.previous_id), (2, before.0[1].id, before.0[0].id));
        assert_ne!(counter.lineage, lineage, "whoever remembers a number of before begins anew");
        let app = app.restarted().await;
        app.done(&admin, "unpublishEntries", json!({"entries": entries(&[&id])}), "entries { id }").await;
        app.sign_in("admin@example.org").await;
        assert_eq!((events(&app).await.len(), audit_events(&app).await.len()), (3, 5));
    }

    async fn each_one_alone_goes_down_and_up(app: TestApp) {
        let url = app.app.config.database_url.expose().to_owned();
        let connection = Database::connect(url).await.expect("a connection");
        for number in 0..Migrator::migrations().len() {
            Migrator::down(&connection, Some(u32::try_from(number + 1).expect("few"))).await.expect("down");
            Migrator::up(&connection, None).await.expect("up");
        }
        assert_eq!(Migrator::get_pending_migrations(&connection).await.expect("a state").len(), 0);
        connection.close().await.expect("an end");
    }
}
