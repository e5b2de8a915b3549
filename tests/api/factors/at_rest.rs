//! What the database keeps of factors: nothing that one could sign in with.

use kindling::auth::Role;
use serde_json::json;

use super::{ANN, Person, complete, next_step};
use crate::support::on_both_engines;

on_both_engines! {
    async fn no_secret_of_a_factor_lies_in_the_database(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        let challenge = ann.challenge(&app).await["token"].clone();
        next_step(&app);
        assert!(complete(&app, &challenge, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
        let open = ann.challenge(&app).await["token"].clone();
        let kept = app.everything().await.to_lowercase();
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
