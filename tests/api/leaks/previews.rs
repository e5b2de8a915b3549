//! A preview link of any entry of a random world shows drafts of that entry and of what it shows, and of nothing else.

use std::collections::BTreeSet;

use entity::{entry, reference};
use kindling::auth::Role;
use sea_orm::{EntityTrait, prelude::Uuid};
use serde_json::{Value, json};

use super::{PARTS, corpus::questions};
use crate::{
    introspection::Introspection,
    property,
    support::{
        TestApp,
        world::{FORMER, INTERNAL, LOW, Planned, State, World, plans},
    },
};

const CASES: u32 = 6;

#[tokio::test]
async fn a_preview_link_shows_nothing_else_on_sqlite() {
    let test = async |plan: Vec<Planned>| Box::pin(hold(&plan, TestApp::on_sqlite().await)).await;
    property::holds(CASES, plans(), test).await;
}

#[tokio::test]
async fn a_preview_link_shows_nothing_else_on_postgres() {
    let test = async |plan: Vec<Planned>| match TestApp::on_postgres().await {
        Some(app) => Box::pin(hold(&plan, app)).await,
        None => Ok(()),
    };
    property::holds(CASES, plans(), test).await;
}

/// The entry and all that the latest revisions lead to from there.
async fn reached(world: &World, root: Uuid) -> BTreeSet<Uuid> {
    let database = &world.app.app.database;
    let entries = database.rows(entry::Entity::find()).await.expect("entries");
    let references = database.rows(reference::Entity::find()).await;
    let references = references.expect("references");
    let is_latest = |row: &&reference::Model| {
        let mut owners = entries.iter().filter(|entry| entry.id == row.owner_id);
        owners.any(|owner| owner.latest_revision == row.revision)
    };
    let latest: Vec<_> = references.iter().filter(is_latest).collect();
    let mut found = BTreeSet::from([root]);
    loop {
        let targets = latest.iter().filter(|row| found.contains(&row.owner_id));
        let next: BTreeSet<Uuid> = targets.map(|row| row.target_id).collect();
        if next.is_subset(&found) {
            return found;
        }
        found.extend(next);
    }
}

async fn hold(plan: &[Planned], app: TestApp) -> Result<(), String> {
    let world = World::build(app, plan, Some(LOW)).await;
    let api = Introspection::of(&world.app).await;
    let chosen = plan[0].public_choice as usize;
    let root = world.ids[chosen % world.ids.len()];
    let maker = world.app.new_account("ann@example.org", Role::Editor).await;
    let session = world.app.sign_in(&maker.email).await;
    let maker = world.app.bearer(&session["accessToken"]).await;
    let create =
        "mutation($input: CreatePreviewLinkInput!) { createPreviewLink(input: $input) { token } }";
    let input = json!({"input": {"entry": root.to_string()}});
    let made = world
        .app
        .query_as(maker.expect("an editor"), create, input)
        .await;
    let link = world
        .app
        .bearer(&made["data"]["createPreviewLink"]["token"])
        .await;
    let link = link.map_err(|error| format!("{error}: {made}"))?;
    let reached = reached(&world, root.uuid).await;
    let is_hidden = |(_, id): &(usize, &entity::entry_id::EntryId)| !reached.contains(&id.uuid);
    let hidden = world.ids.iter().enumerate().filter(is_hidden);
    let mut words: Vec<String> = hidden.map(|(number, _)| LOW.text(number)).collect();
    words.extend([FORMER.word, INTERNAL[0], INTERNAL[1]].map(str::to_owned));
    for question in questions(&api, &world)
        .iter()
        .skip(chosen % PARTS)
        .step_by(PARTS)
    {
        let answer = world
            .app
            .query_as(link.clone(), question, Value::Null)
            .await
            .to_string();
        // "…-1" begins "…-12", too.
        let is_said = |word: &&String| {
            let mut found = answer.split(word.as_str()).skip(1);
            found.any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        if let Some(word) = words.iter().find(is_said) {
            return Err(format!(
                "{word} stands in the answer to {question}: {answer}"
            ));
        }
    }
    let whole = api.whole("Node");
    let node = format!("{{ node(id: \"{root}~draft\") {whole} }}");
    let shown = world.app.query_as(link, &node, Value::Null).await;
    let number = chosen % plan.len();
    let expected = match plan[number].state {
        State::Draft | State::Changed | State::RepublishedAndChanged => LOW.text(number),
        State::Published | State::Republished => root.to_string(),
    };
    if shown.to_string().contains(&expected) {
        Ok(())
    } else {
        Err(format!("{expected} is not shown: {shown}"))
    }
}
