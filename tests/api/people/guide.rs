//! The guide for admins: what it shows works.

use kindling::auth::Role;
use serde_json::{Value, json};

use super::{ADMIN, ANN, NEW_PASSWORD};
use crate::support::{config, mail::token_in, on_both_engines};

const GUIDE: &str = include_str!("../../../docs/accounts.md");

/// The block of the guide with this name.
fn block(name: &str) -> &'static str {
    let rest = GUIDE.split(&format!("```{name}\n")).nth(1);
    let block = rest.and_then(|rest| rest.split("```").next());
    block.unwrap_or_else(|| panic!("no block {name}"))
}

on_both_engines! {
    async fn the_operations_of_the_guide_do_what_it_says(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ask = async |name: &str, variables: Value| {
            let answer = app.query_as(admin.clone(), block(&format!("graphql {name}")), variables).await;
            assert!(answer["errors"].is_null(), "{name}: {answer}");
            let field = answer["data"].as_object().and_then(|data| data.values().next()).cloned();
            let field = field.expect("a field");
            assert!(field["userErrors"].as_array().is_none_or(Vec::is_empty), "{name}: {field}");
            field
        };
        let invited = ask("invite", Value::Null).await;
        let token = token_in(invited["link"].as_str().expect("a link"));
        let input = json!({"token": token, "password": NEW_PASSWORD});
        let nobody = kindling::auth::Principal::Anonymous;
        app.change(&nobody, "acceptInvitation", "account { id }", input).await;
        let listed = ask("list", Value::Null).await;
        assert_eq!((&listed["totalCount"], &listed["nodes"][0]["email"]), (&json!(1), &json!(ANN)));
        let account = json!({"account": listed["nodes"][0]["id"]});
        assert_eq!(ask("change", account.clone()).await["account"]["role"], "AUTHOR");
        assert_eq!(ask("suspend", account.clone()).await["account"]["status"], "SUSPENDED");
        assert_eq!(ask("erase", account.clone()).await["accountId"], account["account"]);
    }
}

#[test]
fn the_settings_of_the_guide_are_settings() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("kindling.toml");
    std::fs::write(&file, block("toml")).expect("a file");
    let config = config(&["--config", &file.display().to_string()]);
    assert_eq!(config.smtp_url.expect("a server").port, 465);
}

#[test]
fn the_guide_names_every_event_and_links_to_what_is_there() {
    for action in [
        "account.invited",
        "account.erased",
        "password.reset",
        "email.changed",
    ] {
        assert!(GUIDE.contains(action), "{action}");
    }
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let links = GUIDE.split("](").skip(1);
    for link in links.filter_map(|rest| rest.split(')').next()) {
        assert!(docs.join(link).exists(), "{link}");
    }
}
