//! Which arguments a list takes, and which cursors.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kindling::content::types::{Milestone, Value};
use serde_json::json;

use crate::support::{
    TestApp,
    content::{self, keys, problem},
    editor, on_both_engines,
};

const FOREIGN: &str = "is no cursor of this list with this order and filter";

/// Five public milestones, `m0` to `m4`.
async fn milestones(app: &TestApp) {
    for number in 0..5 {
        app.public::<Milestone>(
            &format!("m{number}"),
            content::milestone(&format!("200{number}")),
        )
        .await;
    }
}

/// The cursors of a list of milestones with these other arguments, which stand in parentheses if there are any.
async fn cursors(app: &TestApp, arguments: &str) -> Vec<String> {
    let answer = app
        .query(&format!(
            "{{ milestones{arguments} {{ edges {{ cursor }} }} }}"
        ))
        .await;
    let edges = answer["data"]["milestones"]["edges"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"));
    edges
        .iter()
        .map(|edge| edge["cursor"].as_str().expect("a cursor").to_owned())
        .collect()
}

on_both_engines! {
    async fn a_page_has_twenty_entries_unless_told_otherwise(app: TestApp) {
        for number in 0..21 {
            app.draft::<Value>(&format!("v{number}"), content::value("Candour")).await;
        }
        let answer = app.query_as_editor("{ values(view: {perspective: DRAFT}) {
            nodes { key } totalCount pageInfo { hasNextPage hasPreviousPage }
        } }").await;
        let page = &answer["data"]["values"];
        assert_eq!(page["nodes"].as_array().map(Vec::len), Some(20));
        assert_eq!(page["totalCount"], 21);
        assert_eq!(page["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": false}));
    }

    async fn an_empty_page_has_no_cursors(app: TestApp) {
        milestones(&app).await;
        let all = json!({"hasNextPage": true, "hasPreviousPage": false, "startCursor": null, "endCursor": null});
        let before_all = json!({"hasNextPage": false, "hasPreviousPage": true, "startCursor": null, "endCursor": null});
        let none = json!({"hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null});
        for (arguments, total, info) in [
            ("first: 0", 5, &all), ("last: 0", 5, &before_all), ("where: {key: {eq: \"none\"}}", 0, &none),
        ] {
            let answer = app.query(&format!("{{ milestones({arguments}) {{
                nodes {{ key }} totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            }} }}")).await;
            let expected = json!({"nodes": [], "totalCount": total, "pageInfo": info});
            assert_eq!(answer["data"]["milestones"], expected, "{arguments}");
        }
    }

    async fn a_page_lies_between_two_cursors(app: TestApp) {
        milestones(&app).await;
        let cursors = cursors(&app, "").await;
        let between = json!({"after": cursors[0], "before": cursors[4]});
        for (size, expected) in [
            (json!({}), "m1 m2 m3"), (json!({"first": 2}), "m1 m2"), (json!({"last": 2}), "m2 m3"), (json!({"last": 9}), "m1 m2 m3"),
        ] {
            let query = "query($first: Int, $after: String, $last: Int, $before: String) {
                milestones(first: $first, after: $after, last: $last, before: $before) { nodes { key } }
            }";
            let answer = app.query_with(query, content::merged(between.clone(), size.clone())).await;
            assert_eq!(keys(&answer, "milestones"), expected, "{size}");
        }
        let (after, before) = (&cursors[3], &cursors[1]);
        let answer = app.query(&format!("{{ milestones(after: \"{after}\", before: \"{before}\") {{ nodes {{ key }} }} }}")).await;
        assert_eq!(keys(&answer, "milestones"), "", "from the end to the start");
    }

    async fn a_list_goes_on_where_it_was_left_when_entries_come_and_change(app: TestApp) {
        let first = app.public::<Milestone>("m2005", content::milestone("2005")).await;
        app.public::<Milestone>("m2007", content::milestone("2007")).await;
        let order = "orderBy: {field: DATE}";
        let cursor = cursors(&app, &format!("(first: 1, {order})")).await.remove(0);
        // The entry that the page ended with moves away, one comes before it, and one behind it.
        app.update::<Milestone>(first, 1, content::milestone("2009")).await.expect("a revision");
        app.publish(&[first]).await.expect("a publication");
        app.public::<Milestone>("m2004", content::milestone("2004")).await;
        app.public::<Milestone>("m2006", content::milestone("2006")).await;
        let answer = app.query(&format!("{{ milestones(after: \"{cursor}\", {order}) {{ nodes {{ key }} }} }}")).await;
        assert_eq!(keys(&answer, "milestones"), "m2006 m2007 m2005");
    }

    async fn sizes_that_make_no_page_are_refused(app: TestApp) {
        milestones(&app).await;
        let (both, size) = ("goes without first: a page is counted from one end", "must be from 0 to 100");
        for (arguments, path, message) in [
            ("first: 1, last: 1", "last", both), ("first: -1", "first", size), ("last: -1", "last", size),
            ("first: 101", "first", size), ("last: 101", "last", size), ("first: 2147483647", "first", size),
            ("last: -2147483648", "last", size),
        ] {
            let answer = app.query(&format!("{{ milestones({arguments}) {{ totalCount }} }}")).await;
            assert_eq!(problem(&answer), ("BAD_INPUT", path, message), "{arguments}");
        }
        for arguments in ["first: 100", "last: 100", "first: null, last: null, after: null, before: null"] {
            let answer = app.query(&format!("{{ milestones({arguments}) {{ nodes {{ key }} }} }}")).await;
            assert_eq!(keys(&answer, "milestones"), "m0 m1 m2 m3 m4", "{arguments}");
        }
    }

    async fn a_cursor_is_bound_to_its_list_order_and_filter(app: TestApp) {
        milestones(&app).await;
        app.public::<Value>("value", content::value("Candour")).await;
        let cursor = cursors(&app, "(orderBy: {field: DATE}, where: {date: {gte: \"2000\"}})").await.remove(1);
        for (list, arguments) in [
            ("milestones", ""), ("milestones", ", orderBy: {field: DATE}"), ("milestones", ", where: {date: {gte: \"2000\"}}"),
            ("milestones", ", orderBy: {field: DATE, direction: DESC}, where: {date: {gte: \"2000\"}}"),
            ("milestones", ", orderBy: {field: END_DATE}, where: {date: {gte: \"2000\"}}"),
            ("milestones", ", orderBy: [{field: DATE}, {field: DATE}], where: {date: {gte: \"2000\"}}"),
            ("milestones", ", orderBy: {field: DATE}, where: {date: {gte: \"2001\"}}"),
            ("milestones", ", orderBy: {field: DATE}, where: {endDate: {gte: \"2000\"}}"),
            ("values", ""), ("pages", ""),
        ] {
            for side in ["after", "before"] {
                let answer = app.query(&format!("{{ {list}({side}: \"{cursor}\"{arguments}) {{ totalCount }} }}")).await;
                assert_eq!(problem(&answer), ("BAD_INPUT", side, FOREIGN), "{list} {arguments}");
            }
        }
        // The same list in other words.
        let same = "orderBy: [{direction: ASC, field: DATE}], where: {date: {gte: \"2000\"}}, first: 2";
        let answer = app.query(&format!("{{ milestones(after: \"{cursor}\", {same}) {{ nodes {{ key }} }} }}")).await;
        assert_eq!(keys(&answer, "milestones"), "m2 m3");
        // A plain list of one type is not that of another.
        let cursor = cursors(&app, "").await.remove(0);
        let answer = app.query(&format!("{{ values(after: \"{cursor}\") {{ totalCount }} }}")).await;
        assert_eq!(problem(&answer), ("BAD_INPUT", "after", FOREIGN));
    }

    async fn what_is_no_cursor_is_refused(app: TestApp) {
        milestones(&app).await;
        let cursor = cursors(&app, "").await.remove(0);
        let cut = &cursor[..cursor.len() - 4];
        for cursor in ["", "1", "m0", "====", "bm9uZQ", "W10", "e30", "\u{0}", cut, &format!("{cursor}A"), &format!("{cursor}=")] {
            let query = "query($after: String, $before: String) { milestones(after: $after, before: $before) { totalCount } }";
            for side in ["after", "before"] {
                let answer = app.query_with(query, json!({side: cursor})).await;
                assert_eq!(problem(&answer), ("BAD_INPUT", side, FOREIGN), "{cursor:?}");
            }
        }
    }

    async fn a_cursor_that_was_tampered_with_is_no_fault_of_the_server(app: TestApp) {
        milestones(&app).await;
        let order = "orderBy: [{field: CREATED_AT}, {field: DATE}]";
        let cursor = cursors(&app, &format!("({order})")).await.remove(0);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
        let content: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let keys = content[1].as_array().expect("keys");
        for at in 0..keys.len() {
            for key in [json!("n"), json!({"t": "\u{0}"}), json!({"t": "x"}), json!({"i": 1}), json!({"d": "2026-05-01"})] {
                let mut forged = content.clone();
                forged[1][at] = key;
                let forged = BASE64_URL_SAFE_NO_PAD.encode(forged.to_string());
                let answer = app.query(&format!("{{ milestones(after: \"{forged}\", {order}) {{ nodes {{ key }} }} }}")).await;
                let code = &answer["errors"][0]["extensions"]["code"];
                assert!(code.is_null() || code == "BAD_INPUT", "{at} of {content}: {answer}");
            }
        }
    }

    async fn a_cursor_shows_nothing_that_the_view_does_not(app: TestApp) {
        milestones(&app).await;
        app.draft::<Milestone>("draft", content::milestone("2002-06")).await;
        let query = "{ milestones(view: {perspective: DRAFT}, orderBy: {field: DATE}) { edges { cursor node { key } } } }";
        let answer = app.query_as(editor(), query, json!({})).await;
        let edge = &answer["data"]["milestones"]["edges"][3];
        assert_eq!(edge["node"]["key"], "draft");
        let cursor = edge["cursor"].as_str().expect("a cursor");
        let public = format!("{{ milestones(after: \"{cursor}\", orderBy: {{field: DATE}}) {{ nodes {{ key }} totalCount }} }}");
        let answer = app.query(&public).await;
        assert_eq!((keys(&answer, "milestones").as_str(), &answer["data"]["milestones"]["totalCount"]), ("m3 m4", &json!(5)));
    }
}
