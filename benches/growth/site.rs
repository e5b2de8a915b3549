//! A database of one size, with the demo content beside what makes it large.

use std::path::Path;

use async_graphql::Variables;
use entity::account::Role;
use kindling::{
    app::App,
    auth::{
        Client, Principal,
        account::{self, NewAccount},
        bearer,
        sign_in::{self, SignIn},
    },
    clock::Clock,
    config::{self, Config},
    crypto::Secret,
    delivery::{Answer, Asked, Delivery, Sender},
    demo,
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use super::{Outcome, ready::Start, world};

const PAGE: &str = include_str!("../page_query/page.graphql");
const LIST: &str = "query($after: String, $view: ContentView) { milestones(first: 20, after: $after, view: $view) { nodes { id date title } } }";
const BY_KEY: &str =
    "query($key: String!) { milestone(by: {key: $key}) { id date title bodyHtml } }";
const BY_ID: &str =
    "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Milestone { id date title } } }";
const COUNT: &str = "{ milestones(first: 1) { totalCount } }";
const CURSORS: &str =
    "{ milestones(last: 100, orderBy: [{field: KEY}]) { edges { cursor node { id } } } }";
const SAVE: &str = "mutation($input: UpdateMilestoneInput!) { updateMilestone(input: $input) { milestone { revision } userErrors { message } } }";

/// A site of a certain size.
pub(crate) struct Site {
    app: App,
    delivery: Delivery,
    editor: Principal,
    start: Start,
    middle: Value,
    ids: Value,
    revision: u64,
}

/// An account that is signed in.
async fn editor(app: &App) -> Outcome<Principal> {
    let (email, password) = (
        "editor@growth.example",
        Secret::new("a bench beside the long path"),
    );
    let new = NewAccount {
        email: email.to_owned(),
        name: "Editor".to_owned(),
        role: Role::Editor,
        password: password.clone(),
    };
    account::create(app, new).await?;
    match sign_in::sign_in(app, &Client::default(), email, password).await? {
        SignIn::Session(tokens) => Ok(bearer::authenticate(app, &tokens.access).await?),
        SignIn::Challenge { .. } => Err("the account has a second factor".into()),
    }
}

impl Site {
    pub(crate) async fn of(folder: &Path, server: Option<&str>, entries: u32) -> Outcome<Self> {
        let data_dir = folder.join(entries.to_string()).display().to_string();
        let database_url = match server {
            Some(server) => create_database(server, &format!("kindling_growth_{entries}")).await?,
            None => format!("sqlite://{data_dir}/kindling.db"),
        };
        let start = Start {
            data_dir,
            database_url,
        };
        let arguments = [vec!["growth".to_owned()], start.arguments()].concat();
        let matches = clap::Command::new("growth")
            .args(config::args())
            .get_matches_from(arguments);
        let config = Config::load(&matches, &config::Environment::new())
            .map_err(|mistakes| config::Mistakes(&mistakes).to_string())?;
        let app = App::start(config, Clock::system()).await?;
        demo::import(&app).await?;
        world::fill(&app, entries).await?;
        let editor = editor(&app).await?;
        let mut site = Self {
            delivery: Delivery::new(&app),
            app,
            editor,
            start,
            middle: Value::Null,
            ids: Value::Null,
            revision: 5,
        };
        let answer = site.execute(CURSORS, json!({})).await?;
        let edges = &answer["milestones"]["edges"];
        let ids: Vec<Value> = (0..20).map(|at| edges[at]["node"]["id"].clone()).collect();
        site.ids = json!(ids);
        site.middle = site.cursor(entries / 2).await?;
        Ok(site)
    }

    /// Closes the database, and tells how to start a server with it.
    pub(crate) async fn close(self) -> Outcome<Start> {
        self.app.database.close().await;
        Ok(self.start)
    }

    pub(crate) async fn ask(&mut self, question: &str) -> Outcome<()> {
        let drafts = json!({ "perspective": "DRAFT" });
        let by = json!({ "by": { "slug": "our-story" }, "view": { "locales": ["en"] } });
        match question {
            "whole page" => self.execute(PAGE, by).await?,
            "first of a list" => self.execute(LIST, json!({})).await?,
            "middle of a list" => self.execute(LIST, json!({ "after": self.middle })).await?,
            "drafts of a list" => self.execute(LIST, json!({ "view": drafts })).await?,
            "by key" => {
                self.execute(BY_KEY, json!({ "key": "milestone-77" }))
                    .await?
            }
            "20 by id" => self.execute(BY_ID, json!({ "ids": self.ids })).await?,
            "count of a list" => self.execute(COUNT, json!({})).await?,
            "save" => self.save().await?,
            other => return Err(format!("nobody knows how to ask for {other}").into()),
        };
        Ok(())
    }

    async fn save(&mut self) -> Outcome<Value> {
        let title = format!("Revision {}", self.revision);
        let content = json!({ "title": title });
        let input =
            json!({ "id": self.ids[0], "expectedRevision": self.revision, "content": content });
        let answer = self.execute(SAVE, json!({ "input": input })).await?;
        let saved = answer["updateMilestone"]["milestone"]["revision"].as_u64();
        self.revision = saved.ok_or_else(|| answer.to_string())?;
        Ok(answer)
    }

    /// The cursor of the entry at this depth.
    async fn cursor(&self, depth: u32) -> Outcome<Value> {
        let query = "query($after: String) { milestones(first: 100, after: $after) { pageInfo { endCursor } } }";
        let mut cursor = Value::Null;
        for _ in 0..depth / 100 {
            let answer = self.execute(query, json!({ "after": cursor })).await?;
            cursor = answer["milestones"]["pageInfo"]["endCursor"].clone();
        }
        Ok(cursor)
    }

    /// Editors change and see drafts, everybody else only reads.
    async fn execute(&self, query: &str, variables: Value) -> Outcome<Value> {
        let is_editing = query == SAVE
            || variables
                .get("view")
                .is_some_and(|view| view.get("perspective").is_some());
        let principal = if is_editing {
            self.editor.clone()
        } else {
            Principal::Anonymous
        };
        let prepared = self.delivery.prepare(query);
        let document = prepared.map_err(|refusal| told(&refusal))?;
        let asked = Asked::new(document, None, Variables::from_json(variables));
        let sender = Sender::new(principal);
        let given = self.delivery.execute(asked.into(), sender).await;
        let answer = &given.kept.answer;
        let mut body: Value = serde_json::from_slice(&answer.body)?;
        if body.get("errors").is_some() {
            return Err(told(answer).into());
        }
        Ok(body["data"].take())
    }
}

fn told(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// The URL of a new database on a server. One with this name, of an earlier run, goes.
async fn create_database(server: &str, name: &str) -> Outcome<String> {
    let connection = Database::connect(server).await?;
    for statement in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        connection.execute_unprepared(&statement).await?;
    }
    connection.close().await?;
    let mut url = url::Url::parse(server)?;
    url.set_path(name);
    Ok(url.into())
}
