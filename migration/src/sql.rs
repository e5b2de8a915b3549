//! SQL for both engines: one text, in which a column's type stands in braces.

use sea_orm_migration::{
    SchemaManager,
    prelude::{ConnectionTrait, DbErr},
    sea_orm::DbBackend,
};

/// Placeholder, PostgreSQL, SQLite. Text compares byte by byte on both, so that both sort alike;
/// a missing value sorts before all others on both.
const DIALECT: [(&str, &str, &str); 13] = [
    ("{uuid}", "uuid", "BLOB"),
    ("{text}", "text COLLATE \"C\"", "TEXT"),
    ("{int}", "integer", "INTEGER"),
    ("{bigint}", "bigint", "INTEGER"),
    ("{real}", "double precision", "REAL"),
    ("{bool}", "boolean", "INTEGER"),
    ("{instant}", "timestamp with time zone", "TEXT"),
    ("{date}", "date", "TEXT"),
    ("{json}", "jsonb", "TEXT"),
    ("{strict}", "", " STRICT"),
    ("{nulls first}", "NULLS FIRST", ""),
    (
        "{nil uuid}",
        "'00000000-0000-0000-0000-000000000000'",
        "x'00000000000000000000000000000000'",
    ),
    ("{random uuid}", "gen_random_uuid()", "randomblob(16)"),
];

/// What a statement begins with that is for one engine alone.
const ONLY_POSTGRES: &str = "{only postgres}";
const ONLY_SQLITE: &str = "{only sqlite}";

/// Runs each statement of `text`; a statement ends with a semicolon at the end of its line.
pub(crate) async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == DbBackend::Postgres;
    let text = DIALECT.iter().fold(
        text.to_owned(),
        |text, (placeholder, on_postgres, on_sqlite)| {
            text.replace(placeholder, if postgres { on_postgres } else { on_sqlite })
        },
    );
    for statement in text
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
    {
        let (own, other) = if postgres {
            (ONLY_POSTGRES, ONLY_SQLITE)
        } else {
            (ONLY_SQLITE, ONLY_POSTGRES)
        };
        if statement.starts_with(other) {
            continue;
        }
        let statement = statement.strip_prefix(own).unwrap_or(statement);
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}

/// Writes a migration's `up` and `down`, each a text of statements.
macro_rules! migration {
    (up: $up:expr, down: $down:expr $(,)?) => {
        /// This change.
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub(crate) struct Migration;

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                crate::sql::run(manager, &($up)).await
            }

            async fn down(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                crate::sql::run(manager, &($down)).await
            }
        }
    };
}

pub(crate) use migration;
