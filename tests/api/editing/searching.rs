//! What editors and admins look for is found, however it is written.

use entity::team_member;
use kindling::{
    auth::Role,
    content::{search_text, types::TeamMember},
};
use proptest::{collection, prelude::*, sample};
use serde_json::{Value, json};

use crate::{
    property::holds,
    support::{TestApp, account, content, editor, on_both_engines},
};

/// Ways of writing the same, the folded one first.
const SAME: &[&[&str]] = &[
    &["a", "A", "á", "a\u{301}", "Ａ"],
    &["s", "S", "š"],
    &["ss", "ß", "ẞ"],
    &["fi", "ﬁ", "FI"],
    &["ae", "æ", "Ǽ"],
    &["σ", "ς", "Σ"],
    &["'", "’", "‘", "\u{2032}"],
    &["\"", "“", "»"],
    &["-", "–", "—", "\u{2212}"],
    &[" ", "\u{a0}", "\u{3000}"],
    &["%"],
    &["_"],
    &["\\"],
    &["が", "か\u{3099}"],
    &["か"],
];

/// A text as somebody writes it, and its folded form.
type Written = (String, String);

fn written(lengths: std::ops::Range<usize>) -> impl Strategy<Value = Written> {
    let letter = sample::select(SAME).prop_flat_map(|ways| (Just(ways[0]), sample::select(ways)));
    collection::vec(letter, lengths).prop_map(|letters| {
        let written = letters.iter().map(|(_, way)| *way).collect();
        let folded: String = letters.iter().map(|(folded, _)| *folded).collect();
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        (written, words.join(" "))
    })
}

async fn found(app: &TestApp, text: &str) -> Vec<String> {
    let query =
        "query ($text: String!) { entries(first: 100, where: {text: $text}) { nodes { key } } }";
    let answer = app.query_as(editor(), query, json!({ "text": text })).await;
    let nodes = answer["data"]["entries"]["nodes"].as_array();
    let keys = nodes.unwrap_or_else(|| panic!("{answer}")).iter();
    let mut keys: Vec<String> = keys
        .map(|node| node["key"].as_str().expect("a key").to_owned())
        .collect();
    keys.sort_unstable();
    keys
}

async fn people(app: &TestApp, text: &str) -> Value {
    let query = "query ($text: String!) { accounts(where: {search: $text}) { nodes { name } } }";
    let answer = app
        .query_as(account(Role::Admin), query, json!({ "text": text }))
        .await;
    answer["data"]["accounts"]["nodes"].clone()
}

on_both_engines! {
    async fn a_text_is_found_by_its_folded_form(app: TestApp) {
        let app = std::sync::Arc::new(app);
        let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let texts = (collection::vec(written(1..8), 1..5), collection::vec(written(1..4), 1..8));
        holds(12, texts, async move |(texts, queries): (Vec<Written>, Vec<Written>)| {
            let mut stored = Vec::new();
            for (text, folded) in texts {
                let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let key = format!("of-case-{number:04}");
                // One line begins and ends with something to see.
                let row = content::with(content::team_member("Nobody"), json!({"pronouns": format!("x{text}x")}));
                app.draft::<TeamMember>(&key, row).await;
                stored.push((key, format!("x{folded}x")));
            }
            for (query, folded) in queries {
                let own: Vec<String> = found(&app, &query).await.into_iter()
                    .filter(|key| stored.iter().any(|(own, _)| own == key)).collect();
                let expected: Vec<String> = stored.iter().filter(|(_, text)| text.contains(&folded))
                    .map(|(key, _)| key.clone()).collect();
                if own != expected {
                    return Err(format!("{query:?} finds {own:?} and not {expected:?} of {stored:?}"));
                }
            }
            Ok(())
        }).await;
    }

    async fn people_are_found_however_their_names_are_written(app: TestApp) {
        let admin = account(Role::Admin);
        for (name, email) in [("Émile O’Brien–Weiß", "emile@example.org"), ("Łukasz Σίσυφος", "lukasz@spät.org")] {
            let input = json!({"name": name, "email": email, "role": "EDITOR"});
            app.done(&admin, "inviteAccount", input, "account { id }").await;
        }
        for (text, expected) in [
            ("emile o'brien-weiss", json!([{"name": "Émile O’Brien–Weiß"}])),
            ("E\u{301}MILE", json!([{"name": "Émile O’Brien–Weiß"}])),
            (" ＥＭＩＬＥ@example ", json!([{"name": "Émile O’Brien–Weiß"}])),
            ("ΣΙΣΥΦΟΣ", json!([{"name": "Łukasz Σίσυφος"}])),
            ("lukasz", json!([{"name": "Łukasz Σίσυφος"}])),
            ("SPÄT", json!([{"name": "Łukasz Σίσυφος"}])),
            ("e_mile", json!([])),
        ] {
            assert_eq!(people(&app, text).await, expected, "{text}");
        }
    }

    async fn what_was_folded_otherwise_is_folded_anew_when_a_server_starts(app: TestApp) {
        let member = team_member::Model { pronouns: Some("Straße".to_owned()), ..content::team_member("Nora") };
        app.draft::<TeamMember>("nora", member).await;
        let input = json!({"name": "Zoë", "email": "zoe@example.org", "role": "EDITOR"});
        app.done(&account(Role::Admin), "inviteAccount", input, "account { id }").await;
        search_text::establish(&app.app).await.expect("a folding");
        let tx = app.app.database.begin().await.expect("a transaction");
        for change in [
            "UPDATE search_text SET text = 'otherwise'", "UPDATE account SET name_folded = ''",
            "UPDATE search_fold SET probe = 'of another folding'",
        ] {
            sea_orm::ConnectionTrait::execute_unprepared(&*tx, change).await.expect("a change");
        }
        tx.commit().await.expect("a commit");
        assert_eq!(found(&app, "STRASSE").await, [""; 0]);
        search_text::establish(&app.app).await.expect("a folding");
        assert_eq!(found(&app, "STRASSE").await, ["nora"]);
        assert_eq!(people(&app, "zoe").await, json!([{"name": "Zoë"}]));
        // It is done once.
        let tx = app.app.database.begin().await.expect("a transaction");
        let change = "UPDATE search_text SET text = 'otherwise'";
        sea_orm::ConnectionTrait::execute_unprepared(&*tx, change).await.expect("a change");
        tx.commit().await.expect("a commit");
        search_text::establish(&app.app).await.expect("nothing to do");
        assert_eq!(found(&app, "STRASSE").await, [""; 0]);
    }
}
