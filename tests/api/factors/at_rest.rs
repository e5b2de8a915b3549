//! What the database keeps of factors: nothing that one could sign in with.

use kindling::auth::Role;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::{ANN, Person, complete, next_step};
use crate::support::{TestApp, on_both_engines};

on_both_engines! {
    async fn no_secret_of_a_factor_lies_in_the_database(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let challenge = ann.challenge(&app).await["token"].clone();
        next_step(&app);
        assert!(complete(&app, &challenge, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
        let open = ann.challenge(&app).await["token"].clone();
        let kept = everything(&app).await.to_lowercase();
        assert!(kept.contains(ANN) && kept.contains("factor.added"), "this looks where it should");
        let hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let tokens = [&challenge, &open].map(|token| token.as_str().expect("a token").to_owned());
        let plain = ann.codes.iter().map(|code| code.replace('-', ""));
        for secret in ann.codes.iter().cloned().chain(plain).chain(tokens).chain([ann.secret.clone()]) {
            let secret = secret.to_lowercase();
            assert!(!kept.contains(&secret) && !kept.contains(&hex(&secret)), "{secret} lies in the database");
        }
    }
}

/// All that the tables of accounts keep, as text.
async fn everything(app: &TestApp) -> String {
    let tx = app.app.database.begin().await.expect("a transaction");
    if tx.get_database_backend() == DbBackend::Sqlite {
        drop(tx);
        let files = std::fs::read_dir(&app.app.config.data_dir).expect("a folder");
        let files = files.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
        let texts = files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        return texts.collect();
    }
    let mut texts = String::new();
    for table in [
        "account",
        "totp",
        "recovery_code",
        "passkey",
        "challenge",
        "attempt",
        "event",
        "session",
    ] {
        let sql = format!("SELECT t::text AS text FROM {table} t");
        let rows = tx
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await;
        for row in rows.expect("rows") {
            texts += &row.try_get::<String>("", "text").expect("a text");
        }
    }
    texts
}
