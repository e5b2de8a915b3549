//! Entries of any type by their ids: `node`, `nodes` and `by: {id}`.

use entity::entry_id::EntryId;
use kindling::{
    auth::Principal,
    content::{
        lifecycle::{Step, Target},
        types::{Asset, Milestone, Page, StorySection, Value},
    },
};
use serde_json::json;

use crate::support::{
    TestApp,
    content::{self, problem},
    editor, on_both_engines,
};

const NODES: &str =
    "query($ids: [ID!]!, $view: ContentView) { nodes(ids: $ids, view: $view) { id __typename } }";

/// Takes a public entry back, and puts it in the trash if asked to.
async fn unpublished(app: &TestApp, id: EntryId, in_trash: bool) {
    let step = if in_trash {
        Step::Archive
    } else {
        Step::Unpublish
    };
    let target = Target { id, expected: None };
    let mut change = app.change_by(&Principal::System).await;
    change.apply(&[target], step).await.expect("a step");
    change.seal().await.expect("a commit");
}

on_both_engines! {
    async fn a_node_is_an_entry_of_any_type(app: TestApp) {
        let value = app.public::<Value>("value", content::value("Candour")).await;
        let step = app.public::<Milestone>("step", content::milestone("2008")).await;
        let query = "query($id: ID!) { node(id: $id) {
            __typename id ... on Entry { key revision status locale } ... on Value { title } ... on Milestone { date }
        } }";
        for (id, expected) in [
            (value, json!({"__typename": "Value", "id": value, "key": "value", "title": "Candour"})),
            (step, json!({"__typename": "Milestone", "id": step, "key": "step", "date": "2008"})),
        ] {
            let answer = app.query_with(query, json!({"id": id})).await;
            let expected = content::merged(expected, json!({"revision": 1, "status": "PUBLISHED", "locale": "en"}));
            assert_eq!(answer["data"]["node"], expected, "{answer}");
        }
    }

    async fn nodes_keep_the_order_of_their_ids(app: TestApp) {
        let first = app.public::<Value>("first", content::value("First")).await;
        let second = app.public::<Value>("second", content::value("Second")).await;
        let step = app.public::<Milestone>("step", content::milestone("2008")).await;
        let answer = app.query_with(NODES, json!({"ids": [second, step, first, second]})).await;
        assert_eq!(answer["data"]["nodes"], json!([
            {"id": second, "__typename": "Value"}, {"id": step, "__typename": "Milestone"},
            {"id": first, "__typename": "Value"}, {"id": second, "__typename": "Value"},
        ]));
        let answer = app.query_with(NODES, json!({"ids": []})).await;
        assert_eq!(answer["data"]["nodes"], json!([]));
    }

    async fn nodes_carry_what_they_refer_to(app: TestApp) {
        let image = app.public::<Asset>("image", content::asset("a.webp")).await;
        let step = app.public::<Milestone>("step", content::with(content::milestone("2008"), json!({"image": image}))).await;
        let section = content::with(content::story_section("a"), json!({"items": [step], "image": image}));
        let section = app.public::<StorySection>("section", section).await;
        let page = content::with(content::page("page"), json!({"sections": [section], "seoImage": image}));
        let page = app.public::<Page>("page", page).await;
        let answer = app.query_with("query($ids: [ID!]!) { nodes(ids: $ids) {
            ... on Page { seo { image { key } } sections { key items { ... on Milestone { image { key } } } } }
            ... on Milestone { image { key } }
        } }", json!({"ids": [page, step]})).await;
        let image = json!({"key": "image"});
        assert_eq!(answer["data"]["nodes"], json!([
            {"seo": {"image": image}, "sections": [{"key": "section", "items": [{"image": image}]}]}, {"image": image}
        ]), "{answer}");
    }

    async fn what_the_view_does_not_show_is_null_and_tells_nothing(app: TestApp) {
        let public = app.public::<Value>("public", content::value("Public")).await;
        let changed = app.public::<Value>("changed", content::value("Public")).await;
        app.update::<Value>(changed, 1, content::value("Draft")).await.expect("a revision");
        let draft = app.draft::<Value>("draft", content::value("Draft")).await;
        let [taken_back, in_trash] = [
            app.public::<Value>("taken-back", content::value("Former")).await,
            app.public::<Value>("in-trash", content::value("Former")).await,
        ];
        unpublished(&app, taken_back, false).await;
        unpublished(&app, in_trash, true).await;
        let unknown = "value_00000000000000000000000000000001";
        let of_another_type = format!("milestone_{}", public.uuid.simple());
        let ids = json!([unknown, public, draft, changed, taken_back, in_trash, of_another_type]);

        let shown = |id: EntryId| json!({"id": id, "__typename": "Value"});
        let answer = app.query_with(NODES, json!({"ids": ids})).await;
        assert_eq!(answer["data"]["nodes"], json!([null, shown(public), null, shown(changed), null, null, null]));
        let drafts = json!({"ids": ids, "view": {"perspective": "DRAFT"}});
        let answer = app.query_as(editor(), NODES, drafts).await;
        assert_eq!(answer["data"]["nodes"], json!([
            null, shown(public), shown(draft), shown(changed), shown(taken_back), null, null
        ]));
        for hidden in [json!(unknown), json!(draft), json!(taken_back), json!(in_trash), json!(of_another_type)] {
            let answer = app.query_with("query($id: ID!) { node(id: $id) { id } }", json!({"id": hidden})).await;
            assert_eq!((&answer["data"], answer.get("errors")), (&json!({"node": null}), None), "{hidden}");
            let answer = app.query_with("query($id: ID!) { value(by: {id: $id}) { id } }", json!({"id": hidden})).await;
            assert_eq!((&answer["data"], answer.get("errors")), (&json!({"value": null}), None), "{hidden}");
        }
        let answer = app.query("{ values { nodes { key } totalCount } }").await;
        assert_eq!((content::keys(&answer, "values").as_str(), &answer["data"]["values"]["totalCount"]), ("public changed", &json!(2)));
    }

    async fn an_id_of_another_type_names_nothing(app: TestApp) {
        let value = app.public::<Value>("value", content::value("Candour")).await;
        for field in ["asset", "impactStat", "milestone", "page", "storySection", "teamMember", "testimonial"] {
            let answer = app.query(&format!("{{ {field}(by: {{id: \"{value}\"}}) {{ id }} }}")).await;
            assert_eq!(answer["data"], json!({field: null}), "{answer}");
        }
        let answer = app.query(&format!("{{ value(by: {{id: \"{value}\"}}) {{ id }} }}")).await;
        assert_eq!(answer["data"], json!({"value": {"id": value}}));
    }

    async fn what_is_no_id_is_refused_with_its_path(app: TestApp) {
        let value = app.public::<Value>("value", content::value("Candour")).await;
        let digits = value.uuid.simple();
        let wrong = [
            String::new(), "value".to_owned(), "value_".to_owned(), digits.to_string(), format!("story_{digits}"),
            format!("VALUE_{digits}"), format!("value_{}", value.uuid.hyphenated()), format!("{value} "), format!("{value}0"),
            value.to_string().to_uppercase(), "1".to_owned(), "value_\u{0}".to_owned(),
        ];
        for id in wrong {
            let answer = app.query_with("query($id: ID!) { node(id: $id) { id } }", json!({"id": id})).await;
            assert_eq!(problem(&answer), ("BAD_INPUT", "id", "is not an id of an entry"), "{id:?}");
            let answer = app.query_with("query($id: ID!) { page(by: {id: $id}) { id } }", json!({"id": id})).await;
            assert_eq!(problem(&answer), ("BAD_INPUT", "by.id", "is not an id of an entry"), "{id:?}");
            let answer = app.query_with(NODES, json!({"ids": [value, id]})).await;
            assert_eq!(problem(&answer), ("BAD_INPUT", "ids.1", "is not an id of an entry"), "{id:?}");
        }
    }

    async fn a_hundred_nodes_at_most_come_at_once(app: TestApp) {
        let value = app.public::<Value>("value", content::value("Candour")).await;
        let answer = app.query_with(NODES, json!({"ids": vec![value; 100]})).await;
        assert_eq!(answer["data"]["nodes"], json!(vec![json!({"id": value, "__typename": "Value"}); 100]));
        let answer = app.query_with(NODES, json!({"ids": vec![value; 101]})).await;
        assert_eq!(problem(&answer), ("BAD_INPUT", "ids", "must be at most 100"));
    }

    async fn exactly_one_thing_names_an_entry(app: TestApp) {
        app.public::<Page>("page", content::page("story")).await;
        for (by, found) in [
            (r#"{key: "page"}"#, true), (r#"{slug: "story"}"#, true), (r#"{key: "story"}"#, false), (r#"{slug: "page"}"#, false),
        ] {
            let answer = app.query(&format!("{{ page(by: {by}) {{ key }} }}")).await;
            let expected = if found { json!({"key": "page"}) } else { json!(null) };
            assert_eq!(answer["data"]["page"], expected, "{by}: {answer}");
            assert!(answer["errors"].is_null(), "{by}: {answer}");
        }
        for by in ["{}", r#"{key: "page", slug: "story"}"#, "{key: null}"] {
            let answer = app.query(&format!("{{ page(by: {by}) {{ key }} }}")).await;
            assert!(answer["data"].is_null() && answer["errors"][0]["extensions"]["code"].is_string(), "{by}: {answer}");
        }
    }

    async fn a_name_that_no_entry_can_have_is_no_fault_of_the_server(app: TestApp) {
        app.public::<Page>("page", content::page("story")).await;
        for by in [r#"{key: "\u0000"}"#, r#"{slug: "\u0000"}"#] {
            let answer = app.query(&format!("{{ page(by: {by}) {{ key }} }}")).await;
            let refused = answer["errors"][0]["extensions"]["code"] == "BAD_INPUT";
            assert!(refused || answer["errors"].is_null() && answer["data"]["page"].is_null(), "{by}: {answer}");
        }
    }
}
