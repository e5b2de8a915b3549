//! The memory budget of an operation: whatever makes an answer large, it ends where it is too large.

use async_graphql::Variables;
use entity::{localized::Localized, milestone};
use kindling::{
    app::App,
    auth::{Principal, Role},
    content::types::{Milestone, Page, StorySection},
    delivery::{Asked, Delivery, Given, Sender},
};
use serde_json::{Value, json};

use crate::support::{TestApp, account, answer, content, on_both_engines};

const SMALL: usize = 120 * 1024;

/// The same application with other settings for answers, and without caches of rows.
fn with(app: &TestApp, limit: usize, memory: usize) -> App {
    let mut config = (*app.app.config).clone();
    (config.limit_answer_bytes, config.answer_memory_bytes) = (limit, memory);
    (config.answer_cache_bytes, config.max_batch) = (0, 10);
    App {
        config: config.into(),
        database: app.app.database.clone().keeping(0),
        ..app.app.clone()
    }
}

async fn ask(delivery: &Delivery, who: &Principal, query: &str) -> Value {
    let sender = Sender::new(who.clone());
    answer(delivery, query, Variables::default(), sender).await
}

fn story(date: u32, characters: usize) -> milestone::Model {
    let text = "It *began* in a small room. ".repeat(characters / 28 + 1);
    milestone::Model {
        body: Localized::from([("en", &text[..characters]), ("es", "Sí")]),
        ..content::milestone(&date.to_string())
    }
}

/// Milestones with stories of so many characters, and a page that shows some of them; its id, and theirs.
async fn fill(app: &TestApp, count: u32, characters: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let key = format!("story-{n}");
        ids.push(
            app.public::<Milestone>(&key, story(1900 + n, characters))
                .await,
        );
    }
    let mut section = content::story_section("a");
    section.items.0 = ids[..ids.len().min(20)].to_vec();
    let mut page = content::page("home");
    page.sections.0 = vec![app.public::<StorySection>("section", section).await];
    ids.insert(0, app.public::<Page>("page", page).await);
    ids.iter().map(ToString::to_string).collect()
}

/// So many aliases of a field.
fn aliases(count: usize, field: &str) -> String {
    let aliases = (0..count).map(|n| format!("a{n}: {field}"));
    aliases.collect::<Vec<_>>().join(" ")
}

/// The field twenty times at the root of an operation.
fn roots(field: &str) -> String {
    let roots = (0..20).map(|n| format!("r{n}: {field}"));
    format!("{{ {} }} ", roots.collect::<Vec<_>>().join(" "))
}

/// Asserts that the budget has ended the operation, at a field.
fn assert_ended(answer: &Value, allowed: usize, what: &str) {
    let error = &answer["errors"][0];
    assert_eq!(
        (
            &error["extensions"]["code"],
            &error["extensions"]["limit"],
            &error["extensions"]["allowed"]
        ),
        (
            &json!("LIMIT_EXCEEDED"),
            &json!("answerBytes"),
            &json!(allowed)
        ),
        "{what}: {error}"
    );
    assert!(error["path"][0].is_string(), "{what}: {error}");
    assert!(answer["data"].is_null(), "{what}");
}

on_both_engines! {
    async fn whatever_makes_an_answer_large_is_charged(app: TestApp) {
        let ids = fill(&app, 30, 900).await;
        let (usual, small) = (Delivery::new(&with(&app, 16 << 20, 64 << 20)), Delivery::new(&with(&app, SMALL, 64 << 20)));
        let html = aliases(20, "bodyHtml");
        let named = |count, field| aliases(count, field).replace('a', &"n".repeat(190));
        let nodes: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let nodes = nodes.join(",");
        let (page, entry) = (&ids[0], &ids[1]);
        let editor = account(Role::Admin);
        app.admit(&editor).await;
        for (what, who, query) in [
            ("texts", &Principal::Anonymous, format!("{{ milestones(first: 100) {{ nodes {{ {html} }} }} }}")),
            ("texts of edges", &Principal::Anonymous, format!("{{ milestones(first: 100) {{ edges {{ node {{ {html} }} }} }} }}")),
            ("texts below others", &Principal::Anonymous,
                format!("{{ page(by: {{slug: \"home\"}}) {{ a: sections {{ items {{ ...F }} }} b: sections {{ items {{ ...F }} }} }} }} fragment F on Milestone {{ {html} }}")),
            ("texts of an interface", &Principal::Anonymous,
                format!("{{ nodes(ids: [{nodes}]) {{ ... on Milestone {{ {html} }} }} }}")),
            ("long names", &Principal::Anonymous, format!("{{ milestones(first: 100) {{ nodes {{ {} }} }} }}", named(45, "id"))),
            ("long names of an interface", &Principal::Anonymous, format!("{{ nodes(ids: [{nodes}]) {{ {} }} }}", named(45, "id"))),
            ("small values", &Principal::Anonymous, roots("milestones(first: 100) { nodes { ...F } }")
                + &format!("fragment F on Milestone {{ {} }}", aliases(20, "revision"))),
            ("cursors", &Principal::Anonymous, format!("{{ milestones(first: 100) {{ edges {{ {} }} }} }}", aliases(50, "cursor"))),
            ("objects", &Principal::Anonymous, format!("{{ milestones(first: 100) {{ nodes {{ {} }} }} }}", aliases(20, "translations { locale status missing }"))),
            ("places of pages", &Principal::Anonymous, roots("milestones { pageInfo { ...F } }")
                + &format!("fragment F on PageInfo {{ {} }}", named(25, "endCursor"))),
            ("the schema", &editor, "{ a: __schema { types { name fields { name description } } } b: __schema { types { name fields { name description } } } }".to_owned()),
            ("differences", &editor, roots(&format!("diff(id: \"{entry}\", from: 1, to: 1) {{ ...F }}"))
                + &format!("fragment F on RevisionDiff {{ {} }}", named(25, "to"))),
            ("histories", &editor, roots(&format!("history(id: \"{page}\") {{ nodes {{ ...F }} }}"))
                + &format!("fragment F on Revision {{ {} }}", named(25, "number"))),
            ("work lists", &editor, format!("{{ entries(first: 100) {{ nodes {{ {} }} }} }}", aliases(45, "createdAt"))),
            ("events", &editor, format!("{{ events(first: 100) {{ nodes {{ {} }} }} }}", aliases(45, "cacheTags"))),
        ] {
            let answer = ask(&usual, who, &query).await;
            assert!(answer["errors"].is_null(), "{what}: {}", answer["errors"]);
            assert_ended(&ask(&small, who, &query).await, SMALL, what);
        }
    }

    async fn rows_are_charged_as_they_are_loaded(app: TestApp) {
        fill(&app, 30, 19_000).await;
        let delivery = Delivery::new(&with(&app, SMALL, 64 << 20));
        for query in ["{ milestones(first: 100) { nodes { id } } }", "{ page(by: {slug: \"home\"}) { sections { items { __typename } } } }"] {
            let answer = ask(&delivery, &Principal::Anonymous, query).await;
            assert_ended(&answer, SMALL, query);
        }
        let one = ask(&delivery, &Principal::Anonymous, "{ milestones(first: 2) { nodes { title } } }").await;
        assert!(one["errors"].is_null(), "{one}");
    }

    async fn what_was_changed_stays_changed_where_its_answer_is_too_large(app: TestApp) {
        let ids = fill(&app, 10, 15_000).await;
        let delivery = Delivery::new(&with(&app, SMALL, 64 << 20));
        let editor = account(Role::Editor);
        app.admit(&editor).await;
        let query = format!(
            "mutation {{ updateMilestone(input: {{id: \"{}\", expectedRevision: 1, content: {{title: \"New\"}}}}) {{ milestone {{ {} }} }} }}",
            ids[1], aliases(20, "body")
        );
        let ended = ask(&delivery, &editor, &query).await;
        assert_ended(&ended, SMALL, "a mutation");
        let saved = format!("{{ milestone(by: {{id: \"{}\"}}, view: {{perspective: DRAFT}}) {{ title revision }} }}", ids[1]);
        let saved = ask(&delivery, &editor, &saved).await;
        assert_eq!(saved["data"]["milestone"], json!({"title": "New", "revision": 2}));
    }

    async fn a_batch_has_one_budget(app: TestApp) {
        fill(&app, 10, 15_000).await;
        let delivery = Delivery::new(&with(&app, 1 << 20, 64 << 20));
        let query = "{ milestones(first: 10) { nodes { body } } }";
        let asked = || Asked::new(delivery.prepare(query).ok().expect("a document"), None, Variables::default());
        let sender = Sender::new(Principal::Anonymous);
        let answers = delivery.execute_all((0..5).map(|_| asked()).collect(), sender).await;
        let answers = answers.ok().expect("answers");
        let answers = answers.iter().map(|answer| serde_json::from_slice(&answer.body).expect("JSON"));
        let answers: Vec<Value> = answers.collect();
        let whole = answers.iter().take_while(|answer| answer["errors"].is_null()).count();
        assert!((2..5).contains(&whole), "{whole}");
        for answer in &answers[whole..] {
            assert_ended(answer, 1 << 20, "an operation of a batch");
        }
    }

    async fn all_answers_together_have_a_bound_until_they_are_sent(app: TestApp) {
        fill(&app, 30, 19_000).await;
        let delivery = Delivery::new(&with(&app, 2 << 20, 4 << 20));
        let large = "{ milestones(first: 100) { nodes { body } } }";
        let given = async |query: String| -> Given {
            let asked = Asked::new(delivery.prepare(&query).ok().expect("a document"), None, Variables::default());
            delivery.execute(asked.into(), Sender::new(Principal::Anonymous)).await
        };
        // Each has another name, so that none is given what another one found.
        let mut sending = Vec::new();
        let refused = loop {
            let given = given(large.replace("body", &format!("a{}: body", sending.len()))).await;
            if given.kept.answer.has_errors {
                break given;
            }
            sending.push(given);
            assert!(sending.len() < 20, "answers without a bound");
        };
        assert!((2..8).contains(&sending.len()), "{}", sending.len());
        let answer: Value = serde_json::from_slice(&refused.kept.answer.body).expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        let small = given("{ milestones(first: 1) { nodes { title } } }".to_owned()).await;
        assert!(!small.kept.answer.has_errors, "small answers go on");
        drop((sending, refused));
        assert!(!given(large.to_owned()).await.kept.answer.has_errors);
    }
}
