//! What the documents show is what happens: their queries run on the demo content.

use std::path::{Path, PathBuf};

use kindling::{auth::Principal, demo};
use serde_json::Value;

use crate::support::{TestApp, on_both_engines};

const README: &str = include_str!("../../README.md");
const FRONTENDS: &str = include_str!("../../docs/frontends.md");

/// The contents of the fenced blocks of a language, in their order.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = document.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// The JSON between the quotes of `--data '…'`.
fn body_of(command: &str) -> Option<Value> {
    let body = command.split("--data '").nth(1)?.split('\'').next()?;
    serde_json::from_str(body).ok()
}

async fn demo_of(app: &TestApp) {
    assert!(demo::import(&app.app).await.expect("an import"));
}

on_both_engines! {
    async fn the_first_query_of_the_readme_gives_the_answer_that_it_shows(app: TestApp) {
        demo_of(&app).await;
        let request = blocks(README, "sh").into_iter().find_map(body_of).expect("a query");
        let shown: Value = serde_json::from_str(blocks(README, "json")[0]).expect("an answer");
        let answer = app.query(request["query"].as_str().expect("a text")).await;
        assert_eq!(answer["data"], shown["data"]);
    }

    async fn the_queries_for_frontends_have_answers(app: TestApp) {
        demo_of(&app).await;
        let variables: Value = serde_json::from_str(blocks(FRONTENDS, "json variables")[0]).expect("variables");
        let queries = blocks(FRONTENDS, "graphql");
        assert!(queries.len() >= 4, "the guide shows queries");
        for query in queries {
            let answer = app.query_as(Principal::Anonymous, query, variables.clone()).await;
            assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
            assert!(!answer["data"].as_object().expect("data").values().any(Value::is_null), "{query}");
        }
    }

    async fn the_demo_is_imported_once(app: TestApp) {
        demo_of(&app).await;
        assert!(!demo::import(&app.app).await.expect("no import"));
        let answer = app.query("{ pages { totalCount } milestones { totalCount } assets { totalCount } }").await;
        assert_eq!(answer["data"]["pages"]["totalCount"], 1);
        assert_eq!(answer["data"]["milestones"]["totalCount"], 7);
        assert_eq!(answer["data"]["assets"]["totalCount"], 12);
    }
}

#[test]
fn the_demo_says_everything_in_both_languages() {
    for text in [
        include_str!("../../demo/content/assets.json"),
        include_str!("../../demo/content/pages.json"),
        include_str!("../../demo/content/story_sections.json"),
        include_str!("../../demo/content/milestones.json"),
    ] {
        let entries: Vec<Value> = serde_json::from_str(text).expect("entries");
        for texts in entries
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|entry| entry.values())
        {
            if let Some(texts) = texts.as_object() {
                assert!(
                    texts.contains_key("en") && texts.contains_key("es"),
                    "{texts:?}"
                );
            }
        }
    }
}

#[test]
fn the_profile_of_the_readme_is_there() {
    let profile = README.split("--profile ").nth(1).expect("a profile");
    let name = profile.split_whitespace().next().expect("a name");
    let manifest = include_str!("../../Cargo.toml");
    assert!(manifest.contains(&format!("[profile.{name}]")), "{name}");
}

/// The documents by their paths.
fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_dir(root.join("docs")).expect("the folder of documents");
    let listed = listed.map(|file| file.expect("a file").path());
    let markdown = listed.filter(|path| path.extension().is_some_and(|it| it == "md"));
    let outside = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name));
    markdown
        .chain(outside)
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a document");
            (path, text)
        })
        .collect()
}

/// The anchors of the headings, as GitHub makes them.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase();
            text.chars()
                .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
                .map(|it| if it == ' ' { '-' } else { it })
                .collect()
        })
        .collect()
}

#[test]
fn the_documents_link_to_what_is_there() {
    let documents = documents();
    assert!(documents.len() > 15, "{}", documents.len());
    for (from, document) in &documents {
        let links = document.split("](").skip(1);
        for link in links.filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = from.parent().expect("a folder");
            let target = match path {
                "" => from.clone(),
                path => folder.join(path),
            };
            let shown = format!("{} links to {link}", from.display());
            let target = target.canonicalize().expect(&shown);
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(target).expect(&shown);
                assert!(anchors(&text).iter().any(|it| it == anchor), "{shown}");
            }
        }
    }
}
