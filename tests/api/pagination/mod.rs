//! Pages of a list, whatever it holds: walked through from either end, they show each entry once, in one order.
//!
//! What a list should hold is worked out here, without a database; so the engines also agree with each other.

mod arguments;
mod expected;

use kindling::{
    auth::Principal,
    content::{types::Milestone, write::Change},
};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{TestApp, content};
use expected::{Case, cases, until};

const QUERY: &str = "query($first: Int, $after: String, $last: Int, $before: String, $where: MilestoneFilter, \
    $orderBy: [MilestoneOrder!]) {
    milestones(first: $first, after: $after, last: $last, before: $before, where: $where, orderBy: $orderBy) {
        edges { cursor node { key } } nodes { key } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

#[test]
fn pages_show_each_entry_once_in_both_directions_on_sqlite() {
    hold(async || Some(TestApp::on_sqlite().await));
}

#[test]
fn pages_show_each_entry_once_in_both_directions_on_postgres() {
    hold(TestApp::on_postgres);
}

/// Checks two dozen random lists.
fn hold(app: impl AsyncFn() -> Option<TestApp>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(&cases(), |case| {
        runtime.block_on(async {
            if let Some(app) = app().await {
                check(&app, &case).await;
                app.app.database.close().await;
            }
        });
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

async fn check(app: &TestApp, case: &Case) {
    create(app, case).await;
    let expected = case.expected();
    assert_eq!(walk(app, case, End::Start).await, expected, "forwards");
    let backwards: Vec<_> = expected.iter().rev().cloned().collect();
    assert_eq!(walk(app, case, End::End).await, backwards, "backwards");
    check_window(app, case, &expected).await;
}

/// Checks the pages at either end of what lies between two entries, which may be in any order or the same.
async fn check_window(app: &TestApp, case: &Case, expected: &[String]) {
    if expected.is_empty() {
        return;
    }
    let (after, before) = (
        case.window.0 % expected.len(),
        case.window.1 % expected.len(),
    );
    let within = expected.get(after + 1..before).unwrap_or_default();
    let size = case.size.min(within.len());
    let all = app
        .query_with(QUERY, content::merged(case.list(), json!({"first": 100})))
        .await;
    let cursor = |at: usize| &all["data"]["milestones"]["edges"][at]["cursor"];
    let between = json!({"after": cursor(after), "before": cursor(before)});
    let window = content::merged(case.list(), between);
    for (from, page) in [
        ("first", &within[..size]),
        ("last", &within[within.len() - size..]),
    ] {
        let variables = content::merged(window.clone(), json!({from: case.size}));
        let answer = app.query_with(QUERY, variables).await;
        assert!(answer["errors"].is_null(), "{answer}");
        let shown = keys(&answer["data"]["milestones"]);
        assert_eq!(
            shown, page,
            "the {from} between {after} and {before} of {expected:?}"
        );
    }
}

/// The milestones of the case, created in as many changes as they have different times of creation.
async fn create(app: &TestApp, case: &Case) {
    for batch in case.milestones.chunk_by(|one, next| one.hour == next.hour) {
        app.app
            .clock
            .advance(until(batch[0].hour, app.app.clock.now()));
        let mut change = Change::begin(&app.app, Principal::System, None)
            .await
            .expect("a change");
        let mut public = Vec::new();
        for milestone in batch {
            let fields = json!({"date": milestone.date, "endDate": milestone.end_date});
            let content = content::with(content::milestone("2000"), fields);
            let id = change
                .create::<Milestone>(Some(&milestone.key), content)
                .await
                .expect("a draft");
            if milestone.public {
                public.push(id);
            }
        }
        change.publish(&public).await.expect("a publication");
        change.seal().await.expect("a commit");
    }
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Start,
    End,
}

/// The keys of all entries, page by page from one end of the list to the other.
async fn walk(app: &TestApp, case: &Case, from: End) -> Vec<String> {
    let total = case.expected().len();
    let (size, cursor, next, next_cursor, previous) = match from {
        End::Start => (
            "first",
            "after",
            "hasNextPage",
            "endCursor",
            "hasPreviousPage",
        ),
        End::End => (
            "last",
            "before",
            "hasPreviousPage",
            "startCursor",
            "hasNextPage",
        ),
    };
    let mut variables = case.list();
    variables[size] = json!(case.size);
    let mut seen: Vec<String> = Vec::new();
    loop {
        let answer = app.query_with(QUERY, variables.clone()).await;
        assert!(answer["errors"].is_null(), "{variables}: {answer}");
        let page = &answer["data"]["milestones"];
        let mut keys = keys(page);
        assert_eq!(
            keys.len(),
            case.size.min(total - seen.len()),
            "the size of a page of {page}"
        );
        if from == End::End {
            keys.reverse();
        }
        let info = &page["pageInfo"];
        assert_eq!(page["totalCount"], total);
        assert_eq!(
            info[previous],
            !seen.is_empty(),
            "{previous} after {seen:?}"
        );
        seen.extend(keys);
        assert_eq!(info[next], seen.len() < total, "{next} after {seen:?}");
        if info[next] == false {
            return seen;
        }
        variables[cursor] = info[next_cursor].clone();
    }
}

/// The keys on a page, which must be the same in all its parts.
fn keys(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().expect("edges");
    let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
    assert_eq!(page["nodes"], Value::from(nodes.clone()));
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(page["pageInfo"]["startCursor"], cursor(edges.first()));
    assert_eq!(page["pageInfo"]["endCursor"], cursor(edges.last()));
    nodes
        .iter()
        .map(|node| node["key"].as_str().expect("a key").to_owned())
        .collect()
}
