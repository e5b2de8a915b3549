//! Execution as the specification says: fields of one response key, what is absent, what is empty, and what is null.

use serde_json::{Value, json};

use crate::support::{TestApp, editor, on_both_engines};

const ALL: &str = "{ values(view: {perspective: DRAFT}) { totalCount } }";

/// The id of a new milestone.
async fn milestone(app: &TestApp) -> Value {
    let create = "mutation { createMilestone(input: {content: {
        date: \"1998\", endDate: \"1999\", title: \"Title\", body: \"Body\"
    }}) { milestone { id } } }";
    let created = app.query_as_editor(create).await;
    created["data"]["createMilestone"]["milestone"]["id"].clone()
}

async fn with(app: &TestApp, query: &str, variables: Value) -> Value {
    app.query_as(editor(), query, variables).await
}

on_both_engines! {
    async fn a_mutation_of_one_key_is_done_once(app: TestApp) {
        let answer = app.query_as_editor("
            mutation {
                createValue(input: {content: {title: \"Once\"}}) { value { id } }
                ... on Mutation { createValue(input: {content: {title: \"Once\"}}) { value { title } } }
                ...Errors
            }
            fragment Errors on Mutation {
                createValue(input: {content: {title: \"Once\"}}) { userErrors { code } value { revision } }
            }").await;
        let created = &answer["data"]["createValue"];
        assert_eq!(created["value"]["title"], "Once", "{answer}");
        assert_eq!(created["value"]["revision"], 1, "{answer}");
        assert_eq!(created["userErrors"], json!([]), "{answer}");
        assert_eq!(app.query_as_editor(ALL).await["data"]["values"]["totalCount"], 1);
    }

    async fn what_is_skipped_of_a_mutation_is_not_done(app: TestApp) {
        let document = "mutation($do: Boolean! = false) {
            createValue(input: {content: {title: \"Never\"}}) @include(if: $do) { value { id } }
        }";
        assert_eq!(with(&app, document, json!({})).await["data"], json!({}));
        assert_eq!(app.query_as_editor(ALL).await["data"]["values"]["totalCount"], 0);
    }

    async fn what_was_not_sent_is_left_alone_at_every_depth(app: TestApp) {
        let id = milestone(&app).await;
        let update = "mutation($id: ID!, $revision: Int!, $content: UpdateMilestoneContentInput, $title: String, $body: String, $end: PartialDate) {
            updateMilestone(input: {id: $id, expectedRevision: $revision, content: {title: $title, body: $body, endDate: $end}}) {
                milestone { title body endDate } userErrors { message }
            }
        }".replace("$content: UpdateMilestoneContentInput, ", "");
        let sent = with(&app, &update, json!({"id": id, "revision": 1, "title": "Other"})).await;
        let left = json!({"milestone": {"title": "Other", "body": "Body", "endDate": "1999"}, "userErrors": []});
        assert_eq!(sent["data"]["updateMilestone"], left, "{sent}");
        let sent = with(&app, &update, json!({"id": id, "revision": 2, "end": null})).await;
        let cleared = json!({"milestone": {"title": "Other", "body": "Body", "endDate": null}, "userErrors": []});
        assert_eq!(sent["data"]["updateMilestone"], cleared, "{sent}");
    }

    async fn an_argument_that_was_not_sent_has_its_default(app: TestApp) {
        let query = "query($p: Perspective, $locales: [Locale!], $n: Int, $where: ValueFilter) {
            values(first: $n, where: $where, view: {perspective: $p, locales: $locales}) { totalCount }
        }";
        let answer = with(&app, query, json!({})).await;
        assert_eq!(answer["data"]["values"]["totalCount"], 0, "{answer}");
        let answer = with(&app, query, json!({"p": null})).await;
        assert!(answer["errors"].is_array(), "null is no perspective: {answer}");
    }

    async fn an_object_of_which_nothing_is_selected_is_empty(app: TestApp) {
        let query = "query($yes: Boolean!) { values { pageInfo @include(if: $yes) { hasNextPage } } pages @skip(if: true) { totalCount } }";
        assert_eq!(with(&app, query, json!({"yes": false})).await["data"], json!({"values": {}}));
        let query = "{ values { pageInfo { hasNextPage @skip(if: true) } } }";
        assert_eq!(with(&app, query, json!({})).await["data"], json!({"values": {"pageInfo": {}}}));
    }

    async fn what_failed_is_null_or_its_parent_is(app: TestApp) {
        let answer = app.query("{ milestone(by: {id: \"nonsense\"}) { id } values { totalCount } }").await;
        assert_eq!(answer["data"], json!({"milestone": null, "values": {"totalCount": 0}}), "{answer}");
        let answer = app.query("{ values(first: 101) { totalCount } pages { totalCount } }").await;
        assert_eq!(answer.get("data"), Some(&Value::Null), "{answer}");
        assert_eq!(answer["errors"][0]["path"], json!(["values"]), "{answer}");
    }

    async fn variables_are_of_their_types(app: TestApp) {
        let query = "query($n: Int, $by: ValueBy!, $ids: [ID!]!, $p: Perspective) {
            values(first: $n, view: {perspective: $p}) { totalCount } value(by: $by) { id } nodes(ids: $ids) { id }
        }";
        let right = json!({"by": {"id": kindling::id::entry(entity::entry::ContentType::Value).to_string()}, "ids": [], "n": 1.0});
        let answer = with(&app, query, right.clone()).await;
        assert!(answer["errors"].is_null(), "{answer}");
        for (name, value, path, code) in [
            ("n", json!("1"), "n", "INVALID"),
            ("n", json!(1.5), "n", "INVALID"),
            ("n", json!(3_000_000_000_u64), "n", "INVALID"),
            ("by", json!({}), "by", "INVALID"),
            ("by", json!(null), "by", "REQUIRED"),
            ("by", json!({"id": null}), "by", "INVALID"),
            ("by", json!({"id": "a", "key": "b"}), "by", "INVALID"),
            ("by", json!({"id": true}), "by.id", "INVALID"),
            ("by", json!({"nothing": 1}), "by", "INVALID"),
            ("ids", json!(["a", null]), "ids.1", "REQUIRED"),
            ("p", json!("DRAFTS"), "p", "INVALID"),
        ] {
            let mut variables = right.clone();
            variables[name] = value;
            let answer = with(&app, query, variables.clone()).await;
            let problem = &answer["errors"][0]["extensions"]["problems"][0];
            assert_eq!((&problem["path"], &problem["code"]), (&json!(path), &json!(code)), "{variables}: {answer}");
            assert!(answer.get("data").is_none(), "{answer}");
        }
    }

    async fn documents_are_validated_in_full(app: TestApp) {
        for document in [
            "{ __typename @nobody }",
            "{ __typename(a: 1) }",
            "{ __typename { id } }",
            "{ __typename @skip(if: $nobody) }",
            "query($s: String!) { __typename @skip(if: $s) }",
            "query($s: Boolean) { __typename @include(if: $s) }",
            "query($s: Int @nobody) { values(first: $s) { totalCount } }",
            "{ values(view: {perspective: \"DRAFT\"}) { totalCount } }",
            "{ value(by: {}) { id } }",
            "{ value(by: {id: \"a\", key: \"b\"}) { id } }",
            "{ value(by: {id: null}) { id } }",
            "query($id: ID) { value(by: {id: $id}) { id } }",
            "query($id: ID) { ...F } fragment F on Query { value(by: {id: $id}) { id } }",
            "query A($id: ID!) { ...F } query B($id: ID) { ...F } fragment F on Query { value(by: {id: $id}) { id } }",
            "{ page(by: {slug: \"a\"}) { sections { items { ... on Value { same: title } ... on TeamMember { same: id } ... on Milestone { same: fallbacks } } } } }",
        ] {
            let answer = app.query(document).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{document}: {answer}");
            assert_eq!(answer.get("data"), None::<&Value>, "{document}: {answer}");
        }
    }
}
