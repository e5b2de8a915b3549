//! Errors: each has a code of the documented list, and none gives away what is behind it.

use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    auth::{Principal, Role},
    content::types::Milestone,
    content::view::Perspective,
    error::{
        Conflict, Error,
        ProblemCode::{self, Credentials, Invalid, NotFound, NotPublic, Required, Taken},
    },
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    database_state::all_rows,
    pipeline::{milestone, of},
    support::{TestApp, account, on_both_engines, server::Server},
};

const DOCUMENTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md"));

/// The codes of the table below this heading.
fn documented(heading: &str) -> Vec<&'static str> {
    let section = DOCUMENTED
        .split("\n## ")
        .find_map(|section| section.strip_prefix(heading))
        .expect("the section");
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}

fn error(answer: &Value) -> &Value {
    assert_eq!(
        answer["errors"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    &answer["errors"][0]
}

fn code(answer: &Value) -> &str {
    error(answer)["extensions"]["code"]
        .as_str()
        .unwrap_or("NONE")
}

#[test]
fn every_code_of_an_error_is_documented() {
    let cause = || "a cause".into();
    let errors = [
        Error::Invalid(Vec::new()),
        Error::Conflict(Box::new(Conflict {
            entry: EntryId {
                content_type: ContentType::Value,
                uuid: kindling::id::new(),
            },
            expected: 1,
            latest: 2,
            clashes: Vec::new(),
        })),
        Error::Referenced(Vec::new()),
        Error::Unauthenticated,
        Error::Csrf,
        Error::PasswordRequired,
        Error::TooManyAttempts(chrono::TimeDelta::seconds(3)),
        Error::Forbidden("do this"),
        Error::Unavailable(cause()),
        Error::Internal(cause()),
    ];
    for error in errors {
        assert!(
            documented("Codes").contains(&error.code()),
            "{}",
            error.code()
        );
        assert!(!error.to_string().contains("a cause"), "{error}");
    }
    let problems =
        [Invalid, Required, Taken, NotFound, NotPublic, Credentials].map(ProblemCode::name);
    assert_eq!(documented("Problems"), problems);
}

on_both_engines! {
    async fn what_is_no_graphql_and_what_does_not_fit_the_schema_have_codes_of_their_own(app: TestApp) {
        for (query, expected) in [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("", "GRAPHQL_PARSE_FAILED"),
            ("query { pages { totalCount } } }", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ pages }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ pages(first: \"one\") { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ page(by: {nothing: 1}) { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($a: Nothing) { pages { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ milestones(orderBy: {field: NOTHING}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
            ("mutation { publish }", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let answer = app.query(query).await;
            let codes: Vec<_> = answer["errors"].as_array().expect("errors").iter().map(|error| &error["extensions"]["code"]).collect();
            assert!(!codes.is_empty() && codes.iter().all(|code| *code == expected), "{query}: {answer}");
            assert!(answer["data"].is_null(), "{query}: {answer}");
            assert!(documented("Codes").contains(&expected));
        }
    }

    async fn variables_that_do_not_fit_are_refused(app: TestApp) {
        let query = "query($n: Int!, $d: PartialDate) { milestones(first: $n, where: {date: {eq: $d}}) { totalCount } }";
        for (variables, expected) in [
            (json!({}), "BAD_INPUT"),
            (json!({"n": "one"}), "BAD_INPUT"),
            (json!({"n": 1, "d": "May"}), "BAD_INPUT"),
            (json!({"n": 1, "d": 5}), "BAD_INPUT"),
        ] {
            let answer = app.query_as(Principal::Anonymous, query, variables.clone()).await;
            assert_eq!(code(&answer), expected, "{variables}: {answer}");
            assert!(answer["data"].is_null(), "{answer}");
        }
    }

    async fn a_document_that_is_nested_without_end_is_refused(app: TestApp) {
        for (open, close) in [("{not:", "}"), ("[", "]")] {
            let nested = [open.repeat(50_000), close.repeat(50_000)].join("");
            let answer = app.query(&format!("{{ milestones(where: {nested}) {{ totalCount }} }}")).await;
            assert_eq!(code(&answer), "LIMIT_EXCEEDED");
        }
        let answer = app.query(&"{ a ".repeat(65)).await;
        assert_eq!(code(&answer), "GRAPHQL_PARSE_FAILED");
    }

    async fn a_required_variable_is_never_null(app: TestApp) {
        let query = "query($n: Int!) { milestones(first: $n) { totalCount } }";
        let answer = app.query_as(Principal::Anonymous, query, json!({"n": null})).await;
        assert!(documented("Codes").contains(&code(&answer)), "{answer}");
        assert!(answer["data"].is_null(), "{answer}");
    }

    async fn of_several_operations_one_must_be_named(app: TestApp) {
        let answer = app.query("query A { pages { totalCount } } query B { pages { totalCount } }").await;
        assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED", "{answer}");
    }

    async fn what_is_wrong_with_arguments_comes_with_problems(app: TestApp) {
        for (query, path) in [
            ("{ pages(first: 101) { totalCount } }", "first"),
            ("{ pages(last: -1) { totalCount } }", "last"),
            ("{ pages(after: \"nonsense\") { totalCount } }", "after"),
            ("{ node(id: \"nonsense\") { id } }", "id"),
            ("{ nodes(ids: [\"nonsense\"]) { id } }", "ids.0"),
            ("{ page(by: {id: \"nonsense\"}) { id } }", "by.id"),
            ("{ pages(where: {slug: {eq: null}}) { totalCount } }", "where.slug.eq"),
        ] {
            let answer = app.query(query).await;
            let extensions = &error(&answer)["extensions"];
            assert_eq!((code(&answer), &extensions["problems"][0]["path"]), ("BAD_INPUT", &json!(path)), "{answer}");
            assert_eq!(extensions["problems"][0]["code"], "INVALID", "{answer}");
            assert!(extensions["problems"][0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
            assert!(!answer.to_string().contains("nonsense"), "what was sent is not repeated: {answer}");
        }
    }

    async fn whoever_may_not_look_at_something_is_told_so(app: TestApp) {
        assert_eq!(Perspective::default(), Perspective::Published);
        for view in ["{perspective: DRAFT}", "{asOf: \"2026-01-01T00:00:00Z\"}"] {
            let answer = app.query(&format!("{{ pages(view: {view}) {{ totalCount }} }}")).await;
            assert_eq!(code(&answer), "UNAUTHENTICATED", "{answer}");
            let query = format!("{{ pages(view: {view}) {{ totalCount }} }}");
            let answer = app.query_as(account(Role::Contributor), &query, Value::Null).await;
            assert!(answer["errors"].is_null(), "{answer}");
        }
    }

    async fn a_fault_of_the_database_is_masked(app: TestApp) {
        app.public::<Milestone>("one", milestone("One")).await;
        let tx = app.app.database.begin().await.expect("a transaction");
        tx.execute_unprepared("DROP TABLE milestone").await.expect("no table any more");
        tx.commit().await.expect("a commit");
        for query in ["{ milestones(where: {date: {gte: \"1900\"}}) { totalCount } }", "{ milestones { nodes { id } } }", "{ milestone(by: {key: \"one\"}) { title } }"] {
            let answer = app.query(query).await;
            assert_eq!(code(&answer), "INTERNAL", "{answer}");
            assert_eq!(error(&answer)["message"], "something went wrong on the server");
            let told = answer.to_string().to_lowercase();
            for word in ["table", "relation", "sql error", "sqlx", "no such", "select"] {
                assert!(!told.contains(word), "{word:?} in {answer}");
            }
        }
        assert_eq!(app.query("{ pages { totalCount } }").await["data"]["pages"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn a_full_sqlite_file_is_told_and_passes() {
    let app = TestApp::on_sqlite().await;
    let tx = app.app.database.begin().await.expect("a transaction");
    // It takes no more pages than it has, for as long as the connection lives.
    tx.execute_unprepared("PRAGMA max_page_count = 1")
        .await
        .expect("a limit");
    tx.commit().await.expect("a commit");
    let before = all_rows(&app).await;
    let long = of::<Milestone>(json!({"title": {"en": "One"}, "body": {"en": "a".repeat(20_000)}}));
    let mut refused = 0;
    while let Err(error) = app.try_draft::<Milestone>("one", long.clone()).await {
        assert_eq!(error.code(), "UNAVAILABLE", "{error:?}");
        assert_eq!(all_rows(&app).await, before);
        refused += 1;
        assert!(refused < 10, "the limit has gone with the connection");
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn a_full_postgres_is_told() {
    let Some(app) = TestApp::on_postgres().await else {
        return;
    };
    for condition in ["disk_full", "out_of_memory", "io_error"] {
        let tx = app.app.database.begin().await.expect("a transaction");
        let raise = format!("DO $$ BEGIN RAISE {condition}; END $$");
        let cause = tx.execute_unprepared(&raise).await.expect_err("an error");
        assert_eq!(Error::from(cause).code(), "UNAVAILABLE", "{condition}");
    }
}

#[tokio::test]
async fn a_masked_fault_is_logged_once_with_the_id_of_its_request() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let url = format!("sqlite://{}/data/kindling.db", folder.path().display());
    let database = kindling::database::Database::connect(&url, 1)
        .await
        .expect("the database");
    let tx = database.begin().await.expect("a transaction");
    tx.execute_unprepared("DROP TABLE milestone")
        .await
        .expect("no table any more");
    tx.commit().await.expect("a commit");
    database.close().await;

    let answer = server.query("{ milestones { nodes { id } } }").await;
    assert_eq!((answer.status, answer.code().as_str()), (200, "INTERNAL"));
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    let of_request = |server: &Server| -> Vec<Value> {
        server
            .log()
            .into_iter()
            .filter(|line| line["level"] == "ERROR" && line["span"]["id"] == id.as_str())
            .collect()
    };
    let first = server.wait_for("line of the fault", |server| of_request(server).pop());
    assert!(
        first.to_string().contains("no such table"),
        "the log tells the cause: {first}"
    );
    // Whatever else belongs to the first request is in the log before anything of the second.
    let second = server
        .query("{ milestones { nodes { id } } }")
        .await
        .header("x-request-id")
        .to_owned();
    server.wait_for("second line", |server| {
        server
            .log()
            .into_iter()
            .find(|line| line["span"]["id"] == second.as_str())
    });
    let faults: Vec<_> = server
        .log()
        .into_iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    assert_eq!(of_request(&server).len(), 1, "{faults:#?}");
    assert_eq!(faults.len(), 2, "{faults:#?}");
}
