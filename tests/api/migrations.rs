//! The migrations: they go down without leaving anything behind, and up again to the same tables.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;

use crate::support::on_both_engines;

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
