//! An editor, and the milestones that the editor changes.

use std::process::Command;

use entity::entry_id::EntryId;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::Failure;
use crate::support::client::{self, Connection};
use crate::support::kindling::on_data;
use crate::support::scratch::Scratch;

const SIGN_IN: &str = "mutation ($input: SignInInput!) {
    signIn(input: $input) { session { accessToken } userErrors { message } }
}";
const CREATE: &str = "mutation ($input: CreateMilestoneInput!) {
    createMilestone(input: $input) { milestone { id revision title } userErrors { message } }
}";
const UPDATE: &str = "mutation ($input: UpdateMilestoneInput!) {
    updateMilestone(input: $input) { milestone { id revision title } userErrors { message } }
}";
const SHOW: &str = "query ($id: ID!) {
    milestone(by: {id: $id}, view: {perspective: DRAFT}) { id revision title }
    history(id: $id, first: 0) { totalCount }
}";

/// The date of every milestone here.
pub(crate) const DATE: &str = "2014-09";
/// The story of every milestone here: what a change leaves alone, and what is written again with every revision.
pub(crate) const BODY: &str = "We opened the doors on a Monday morning, with two rooms, one kettle and nobody on the \
    list. By the end of the week forty families had come through, most of them because a neighbour had told them.\n\n\
    The second room became the library in spring: **six hundred books**, all of them given. What we learned in those \
    months still holds. People come for the help and stay for each other, and whoever was helped last year opens the \
    doors this year.\n\nRead the [whole story](https://example.org/story).";

pub(crate) struct Editor {
    email: String,
    password: String,
}

/// A milestone, as far as whoever changes it has to know it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) revision: i32,
}

impl Editor {
    /// Makes an editor's account, as an operator would.
    pub(crate) fn create(scratch: &Scratch, database_url: Option<&str>) -> Result<Self, Failure> {
        // The database may have seen other runs.
        let email = format!("{}@bench.example", kindling::id::new().simple());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kindling"));
        command.args(["account", "create", "--role", "editor", "--name", "Bench"]);
        command.args(["--email", &email]);
        on_data(&mut command, scratch, database_url);
        let output = command.output()?;
        let told = String::from_utf8(output.stdout)?;
        let password = told.trim().rsplit(' ').next().unwrap_or_default();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(format!("no account could be made: {why}").into());
        }
        Ok(Self {
            password: password.to_owned(),
            email,
        })
    }

    /// A new access token.
    pub(crate) async fn sign_in(&self, connection: &mut Connection) -> Result<String, Failure> {
        let input = json!({ "email": self.email, "password": self.password });
        let data = ask(connection, SIGN_IN, &json!({ "input": input }), None).await?;
        match &data["signIn"]["session"]["accessToken"] {
            Value::String(token) => Ok(token.clone()),
            _ => Err(format!("the editor cannot sign in: {data}").into()),
        }
    }
}

impl Entry {
    /// Creates a milestone.
    pub(crate) async fn create(connection: &mut Connection, token: &str) -> Result<Self, Failure> {
        let content = json!({ "date": DATE, "title": title(1), "body": BODY });
        let input = json!({ "input": { "content": content } });
        let data = ask(connection, CREATE, &input, Some(token)).await?;
        let shown = &data["createMilestone"]["milestone"];
        let entry = Self {
            id: shown["id"].as_str().unwrap_or_default().to_owned(),
            revision: 1,
        };
        entry.compare(&data, shown)?;
        Ok(entry)
    }

    /// Saves the next revision through the API.
    pub(crate) async fn update(
        &mut self,
        connection: &mut Connection,
        token: &str,
    ) -> Result<(), Failure> {
        let input = json!({
            "id": self.id,
            "expectedRevision": self.revision,
            "content": { "title": title(self.revision + 1) },
        });
        let data = ask(connection, UPDATE, &json!({ "input": input }), Some(token)).await?;
        self.revision += 1;
        self.compare(&data, &data["updateMilestone"]["milestone"])
    }

    /// Makes sure that the API shows the last revision that was written, and all before it.
    pub(crate) async fn check(
        &self,
        connection: &mut Connection,
        token: &str,
    ) -> Result<(), Failure> {
        let data = ask(connection, SHOW, &json!({ "id": self.id }), Some(token)).await?;
        if data["history"]["totalCount"] != self.revision {
            return Err(format!("the history of {} is not whole: {data}", self.id).into());
        }
        self.compare(&data, &data["milestone"])
    }

    /// The id, as the database stores it.
    pub(crate) fn uuid(&self) -> Result<Uuid, Failure> {
        let id: EntryId = self.id.parse().map_err(|_| "an id is no id of an entry")?;
        Ok(id.uuid)
    }

    fn compare(&self, answer: &Value, shown: &Value) -> Result<(), Failure> {
        let wanted =
            json!({ "id": self.id, "revision": self.revision, "title": title(self.revision) });
        if *shown == wanted {
            Ok(())
        } else {
            Err(format!("wanted {wanted}, got {answer}").into())
        }
    }
}

/// What a revision is called: each save changes it.
pub(crate) fn title(revision: i32) -> String {
    format!("The first centre opens, as told in revision {revision}")
}

/// The data of an answer without errors.
pub(crate) async fn ask(
    connection: &mut Connection,
    query: &str,
    variables: &Value,
    token: Option<&str>,
) -> Result<Value, Failure> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = client::post_graphql(&body, token);
    let answer = connection.exchange(&request).await?;
    let text = || String::from_utf8_lossy(answer.body);
    if answer.status != 200 {
        return Err(format!("wanted 200, got {}", answer.shown()).into());
    }
    let mut value: Value = serde_json::from_slice(answer.body)?;
    if value.get("errors").is_some() {
        return Err(format!("the answer has errors: {}", text()).into());
    }
    Ok(value["data"].take())
}
