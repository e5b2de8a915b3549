//! Changes of the same entries at the same time: asking waits for nobody, whole sets are locked in one order, and what the
//! database rolls back in favour of others is run again before anyone is told.

use std::time::Duration;

use async_graphql::Variables;
use entity::entry_id::EntryId;
use kindling::{
    auth::{Principal, Role},
    content::{types::Milestone, write::Change},
    database::Transaction,
    delivery::{Delivery, Sender},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    editing::entries,
    support::{TestApp, answer, content, editor, on_both_engines},
};

/// Far longer than any of it takes, even on a busy machine.
const FOREVER: Duration = Duration::from_secs(20);
const WRITERS: usize = 8;
const ROUNDS: usize = 4;

const CHECK: &str =
    "query($input: PublishEntriesInput!) { checkEntries(input: $input) { code path } }";
const MANY: &str = "mutation($publish: PublishEntriesInput!, $unpublish: RemoveEntriesInput!, $move: MoveEntryInput!) {
    publishEntries(input: $publish) { userErrors { code message } }
    moveEntry(input: $move) { userErrors { code message } }
    unpublishEntries(input: $unpublish) { userErrors { code message } }
}";

/// A section and the drafts that it shows.
async fn section_of(app: &TestApp, count: usize) -> (String, Vec<String>) {
    let who = editor();
    let mut items = Vec::new();
    for number in 0..count {
        let content = json!({"date": "2008", "title": number.to_string()});
        items.push(app.created(&who, "Milestone", content).await);
    }
    let section = json!({"anchor": "s", "items": {"set": items}});
    (app.created(&who, "StorySection", section).await, items)
}

fn targets(ids: &[String]) -> Value {
    entries(&ids.iter().map(String::as_str).collect::<Vec<_>>())
}

on_both_engines! {
    async fn asking_waits_for_nobody_who_changes_the_same(app: TestApp) {
        let (section, items) = section_of(&app, 3).await;
        let (who, delivery) = (editor(), Delivery::new(&app.app));
        app.done(&who, "publishEntries", json!({"entries": targets(&items[..1])}), "entries { id }").await;
        let changed: EntryId = items[0].parse().expect("an id");
        let mut change = Change::begin(&app.app, Principal::System, None).await.expect("a change");
        change.update::<Milestone>(changed, 1, content::milestone("1999")).await.expect("a revision");
        let all: Vec<String> = items.iter().chain([&section]).cloned().collect();
        for input in [
            json!({"entries": targets(&[section]), "withDependencies": true}),
            json!({"entries": targets(&all)}),
            json!({"entries": targets(&items[..1]), "locale": "es"}),
        ] {
            let variables = Variables::from_json(json!({ "input": input }));
            let asked = answer(&delivery, CHECK, variables, Sender::new(who.clone()));
            let answer = timeout(FOREVER, asked).await.expect("an answer while the change is open");
            assert_eq!(answer["data"], json!({"checkEntries": []}), "{answer}");
        }
        change.seal().await.expect("a commit");
    }

    async fn asking_tells_what_publishing_tells_and_leaves_no_trace(app: TestApp) {
        let who = editor();
        let page = |slug: &str, sections: &[&str]| json!({"slug": slug, "title": "P", "sections": {"set": sections}});
        let one = app.created(&who, "StorySection", json!({"anchor": "same"})).await;
        let two = app.created(&who, "StorySection", json!({"anchor": "other"})).await;
        let shown = app.created(&who, "Page", page("a", &[&one, &two])).await;
        app.done(&who, "publishEntries", json!({"entries": entries(&[&one, &two, &shown])}), "entries { id }").await;
        let change = json!({"id": two, "expectedRevision": 1, "content": {"anchor": "same"}});
        app.done(&who, "updateStorySection", change, "storySection { id }").await;
        let twins = [app.created(&who, "Page", page("twin", &[])).await, app.created(&who, "Page", page("twin", &[])).await];
        let before = crate::database_state::all_rows(&app).await;
        for (ids, expected) in [
            (vec![two.as_str()], vec!["TAKEN ID.anchor"]),
            (vec![twins[0].as_str(), &twins[1]], vec!["TAKEN ID.slug"]),
            (vec![twins[0].as_str()], vec![]),
        ] {
            let input = json!({"entries": entries(&ids)});
            let answer = app.query_as(who.clone(), CHECK, json!({ "input": input.clone() })).await;
            let told = json!({"userErrors": answer["data"]["checkEntries"].as_array().expect("errors").iter().map(|error| {
                json!({"code": error["code"], "path": error["path"], "message": "words"})
            }).collect::<Vec<_>>()});
            assert_eq!(crate::editing::told(&told), expected, "{answer}");
            if !expected.is_empty() {
                assert_eq!(app.refused(&who, "publishEntries", input).await, expected);
            }
        }
        assert_eq!(crate::database_state::all_rows(&app).await, before);
    }

    async fn many_who_change_overlapping_sets_in_any_order_are_never_told_to_come_again(app: TestApp) {
        let (section, items) = section_of(&app, 6).await;
        let app = std::sync::Arc::new(app);
        let writer = |number: usize| {
            let (app, section, mut items) = (app.clone(), section.clone(), items.clone());
            async move {
                for round in 0..ROUNDS {
                    let turn = (number + round) % items.len();
                    items.rotate_left(turn);
                    if number.is_multiple_of(2) {
                        items.reverse();
                    }
                    let publish = if (number + round).is_multiple_of(2) {
                        json!({"entries": targets(std::slice::from_ref(&section)), "withDependencies": true})
                    } else {
                        json!({"entries": targets(&[items.clone(), vec![section.clone()]].concat())})
                    };
                    let variables = json!({
                        "publish": publish,
                        "move": {"id": items[0], "after": items[1]},
                        "unpublish": {"entries": targets(&items[..2])},
                    });
                    let answer = app.query_as(editor(), MANY, variables).await;
                    assert!(answer["errors"].is_null(), "{answer}");
                }
            }
        };
        let writers: Vec<JoinHandle<()>> = (0..WRITERS).map(|number| tokio::spawn(writer(number))).collect();
        for writer in writers {
            writer.await.expect("a writer");
        }
    }
}

/// Locks the row that a statement selects.
async fn lock(tx: &Transaction, select: &str) {
    let locked = tx.execute_unprepared(&format!("{select} FOR UPDATE")).await;
    // Whoever the database chose to roll back: what matters is what the mutation is told.
    drop(locked);
}

/// Waits until somebody waits for this transaction.
async fn somebody_waits(tx: &Transaction) {
    let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    loop {
        let statement = Statement::from_string(DbBackend::Postgres, waiting);
        if tx
            .query_one_raw(statement)
            .await
            .expect("an answer")
            .is_some()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs a mutation into a deadlock: holds what it needs second, and asks for what it holds once it waits.
async fn answer_of_a_victim(
    app: &TestApp,
    [first, second]: [&str; 2],
    mutation: impl Future<Output = Value>,
) -> Value {
    let tx = app.app.database.begin().await.expect("a transaction");
    lock(&tx, second).await;
    let other = async {
        somebody_waits(&tx).await;
        lock(&tx, first).await;
        drop(tx);
    };
    let (answer, ()) = tokio::join!(mutation, other);
    answer
}

#[tokio::test]
async fn a_publication_that_the_database_chose_to_roll_back_is_made_again() {
    let Some(app) = TestApp::on_postgres().await else {
        return;
    };
    let (_, mut items) = section_of(&app, 2).await;
    items.sort_unstable();
    let select = |id: &str| {
        format!(
            "SELECT 1 FROM entry WHERE id = '{}'",
            id.replace("milestone_", "")
        )
    };
    let publish = "mutation($input: PublishEntriesInput!) { publishEntries(input: $input) { entries { status } userErrors { code } } }";
    let mutation = app.query_as(
        editor(),
        publish,
        json!({"input": {"entries": targets(&items)}}),
    );
    let rows = [select(&items[0]), select(&items[1])];
    let answer = Box::pin(answer_of_a_victim(&app, [&rows[0], &rows[1]], mutation)).await;
    let public =
        json!({"entries": [{"status": "PUBLISHED"}, {"status": "PUBLISHED"}], "userErrors": []});
    assert_eq!(
        answer["data"],
        json!({"publishEntries": public}),
        "{answer}"
    );
}

#[tokio::test]
async fn a_suspension_that_the_database_chose_to_roll_back_is_made_again() {
    let Some(app) = TestApp::on_postgres().await else {
        return;
    };
    let (admin, ann) = ("admin@example.org", "ann@example.org");
    app.new_account(admin, Role::Admin).await;
    let account = app.new_account(ann, Role::Editor).await;
    let session = app.sign_in(ann).await;
    let token = app.sign_in(admin).await["accessToken"].clone();
    let principal = app.bearer(&token).await.expect("an admin");
    let suspend = "mutation($input: SuspendAccountInput!) { suspendAccount(input: $input) { userErrors { code } } }";
    let id = format!("account_{}", account.id.simple());
    let mutation = app.query_as(principal, suspend, json!({"input": {"account": id}}));
    let first = format!("SELECT 1 FROM account WHERE id = '{}'", account.id);
    let second = format!("SELECT 1 FROM session WHERE account_id = '{}'", account.id);
    let answer = Box::pin(answer_of_a_victim(&app, [&first, &second], mutation)).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    assert!(
        app.bearer(&session["accessToken"]).await.is_err(),
        "{answer}"
    );
}
