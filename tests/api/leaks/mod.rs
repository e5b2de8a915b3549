//! Nothing that is not public ever reaches somebody who is not signed in, whatever they ask; nor an API token without scopes,
//! nor a preview link of something else.
//!
//! The same random world is built three times: with drafts whose values lie before all that is public, with drafts
//! that lie after it, and without any drafts. Nothing of a draft stands in any answer, and all three answer alike.

mod corpus;
mod entries;
mod previews;
mod readers;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use kindling::auth::Principal;

use self::{
    corpus::{Cursors, is_content_list, orders, questions, replays},
    readers::readers,
};
use crate::{
    introspection::{Introspection, text},
    property,
    support::{
        TestApp,
        world::{FORMER, HIGH, INTERNAL, LOW, Planned, World, plans},
    },
};

const CASES: u32 = 16;
/// Each world is asked one part of the questions, so that there is time for many worlds; all of them are asked of some.
const PARTS: usize = 8;

#[tokio::test]
async fn nobody_learns_anything_about_drafts_on_sqlite() {
    hold_for_random_worlds(async || Some(TestApp::on_sqlite().await)).await;
}

#[tokio::test]
async fn nobody_learns_anything_about_drafts_on_postgres() {
    hold_for_random_worlds(TestApp::on_postgres).await;
}

async fn hold_for_random_worlds(app: impl AsyncFn() -> Option<TestApp> + Send + 'static) {
    property::holds(CASES, plans(), async move |plan| {
        match (app().await, app().await, app().await) {
            (Some(low), Some(high), Some(without)) => {
                Box::pin(hold(&plan, low, high, without)).await
            }
            _ => Ok(()),
        }
    })
    .await;
}

async fn hold(
    plan: &[Planned],
    low: TestApp,
    high: TestApp,
    without: TestApp,
) -> Result<(), String> {
    let low = World::build(low, plan, Some(LOW)).await;
    let high = World::build(high, plan, Some(HIGH)).await;
    let without = World::build(without, plan, None).await;
    let api = Introspection::of(&low.app).await;

    let asked = [&low, &high, &without].map(|world| questions(&api, world));
    let chosen = plan[0].public_choice as usize % PARTS;
    let reader = plan[0].public_choice as usize / PARTS % 4;
    let mut of_worlds = Vec::new();
    for world in [&low, &high, &without] {
        of_worlds.push(readers(&world.app).await[reader].clone());
    }
    let [of_low, of_high, of_without] = &of_worlds[..] else {
        unreachable!("three worlds");
    };
    for ((question, in_high), in_without) in asked[0]
        .iter()
        .zip(&asked[1])
        .zip(&asked[2])
        .skip(chosen)
        .step_by(PARTS)
    {
        let answer = ask(&low, of_low, question).await?;
        same(question, &answer, &ask(&high, of_high, in_high).await?)?;
        same(
            question,
            &without_cost(answer),
            &without_cost(ask(&without, of_without, in_without).await?),
        )?;
    }
    // Positions are handed out to drafts as well, so that the same cursor means another place where there are none.
    let mut cursors = cursors(&api, &low, chosen).await;
    cursors.extend(self::cursors(&api, &high, chosen).await);
    let replayed = [&low, &high].map(|world| replays(&translated(&cursors, world)));
    for (question, in_high) in replayed[0].iter().zip(&replayed[1]) {
        same(
            question,
            &ask(&low, of_low, question).await?,
            &ask(&high, of_high, in_high).await?,
        )?;
    }
    Ok(())
}

/// The answer to a reader, with the names that ids have in the plan, and open cursors.
async fn ask(world: &World, reader: &Principal, question: &str) -> Result<Value, String> {
    let asked = world.app.query_as(reader.clone(), question, Value::Null);
    let answer = tokio::time::timeout(Duration::from_mins(1), asked);
    let answer = answer.await.expect("an answer");
    let raw = answer.to_string();
    for word in ["canary", FORMER.word, INTERNAL[0], INTERNAL[1]] {
        if raw.contains(word) {
            return Err(format!("{word} stands in the answer to {question}: {raw}"));
        }
    }
    let answer = named_by_plan(world, &opened(answer));
    for sign in signs() {
        if answer.contains(&sign) {
            return Err(format!(
                "{sign} stands in the answer to {question}: {answer}"
            ));
        }
    }
    Ok(serde_json::from_str(&answer).expect("JSON"))
}

/// What gives away numbers, days and moments of what is not public, as they are written in any locale.
fn signs() -> BTreeSet<String> {
    let mut signs = BTreeSet::from([
        "canary".to_owned(),
        FORMER.word.to_owned(),
        "1222-03".to_owned(),
    ]);
    for mark in [LOW, HIGH, FORMER] {
        let thousands = mark.number / 1_000;
        signs.extend(
            ["", ",", "."]
                .map(|point| format!("{}{point}{:03}", thousands / 1_000, thousands % 1_000)),
        );
        signs.extend([
            format!("\"{}\"", mark.year),
            format!("{}-", mark.year),
            format!("0.{}", thousands / 1_000),
        ]);
    }
    for mark in [LOW, HIGH] {
        signs.extend(mark.days().map(|moment| moment[..10].to_owned()));
    }
    signs
}

fn same(question: &str, one: &Value, other: &Value) -> Result<(), String> {
    if one == other {
        return Ok(());
    }
    let fields = one["data"].as_object().into_iter().flatten();
    let differing: Vec<_> = fields
        .filter(|(name, value)| **value != other["data"][name.as_str()])
        .map(|(name, _)| name)
        .collect();
    let of_aliases = |name: &&String| {
        question.lines().find(|line| {
            line.trim_start_matches("{ ")
                .starts_with(&format!("{name}:"))
        })
    };
    let lines: Vec<_> = differing.iter().filter_map(of_aliases).collect();
    Err(format!(
        "drafts change the answer to {question}\nin {lines:#?}:\n{one}\n{other}"
    ))
}

/// The number of statements, which is told in development only, may follow what is referred to and not shown.
fn without_cost(mut answer: Value) -> Value {
    answer["extensions"] = Value::Null;
    answer
}

fn named_by_plan(world: &World, answer: &Value) -> String {
    let numbered = world.ids.iter().enumerate();
    let names: HashMap<String, usize> = numbered
        .map(|(number, id)| (id.uuid.simple().to_string(), number))
        .collect();
    let is_of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
    let answer = answer.to_string();
    let mut text = String::with_capacity(answer.len());
    let mut rest = answer.as_str();
    while let Some(start) = rest.find(is_of_id) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_of_id(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        text.push_str(before);
        match names.get(&run.replace('-', "")) {
            Some(number) => text.extend(["E", &number.to_string()]),
            None => text.push_str(run),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Every cursor as what it holds. A position is only a place between two others, at random distances.
fn opened(value: Value) -> Value {
    match value {
        Value::String(text) => opened_cursor(&text).unwrap_or(Value::String(text)),
        Value::Array(values) => values.into_iter().map(opened).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, opened(value)))
            .collect(),
        value => value,
    }
}

fn opened_cursor(text: &str) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    // The identity of the list follows from the question, and from the ids in it.
    let (_, mut keys): (String, Vec<Value>) = serde_json::from_slice(&bytes).ok()?;
    for key in &mut keys {
        if key["t"].as_str().is_some_and(|text| {
            text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        }) {
            *key = json!("a position");
        }
    }
    Some(json!({ "keys": keys }))
}

/// The cursors that an editor who looks at drafts is given for the first and the last entry of each list in each order.
async fn cursors(api: &Introspection, world: &World, chosen: usize) -> Cursors {
    let mut cursors = Vec::new();
    for field in api
        .members("Query", "fields")
        .iter()
        .filter(|field| is_content_list(field))
    {
        let name = text(&field["name"]);
        for order in orders(api, field).into_iter().skip(chosen).step_by(PARTS) {
            let query = format!(
                "{{ {name}(orderBy: {order}, view: {{perspective: DRAFT}}) {{ pageInfo {{ startCursor endCursor }} }} }}"
            );
            let answer = world.app.query_as_editor(&query).await;
            for end in ["startCursor", "endCursor"] {
                let cursor = text(&answer["data"][name]["pageInfo"][end]);
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).expect("a cursor");
                let opened: Value = serde_json::from_slice(&bytes).expect("JSON");
                cursors.push((
                    name.to_owned(),
                    order.clone(),
                    named_by_plan(world, &opened),
                ));
            }
        }
    }
    cursors
}

/// The cursors, as they would name the entries of this world.
fn translated(cursors: &Cursors, world: &World) -> Cursors {
    let of_world = |cursor: &str| {
        // The greatest number first: "E1" begins "E12" as well.
        let numbered = world.ids.iter().enumerate().rev();
        let text = numbered.fold(cursor.to_owned(), |text, (number, id)| {
            text.replace(&format!("\"E{number}\""), &format!("\"{}\"", id.uuid))
        });
        BASE64_URL_SAFE_NO_PAD.encode(text)
    };
    cursors
        .iter()
        .map(|(field, order, cursor)| (field.clone(), order.clone(), of_world(cursor)))
        .collect()
}
