//! How filters go together: `and`, `or` and `not`, missing values, and the limits of it all.

use kindling::{
    auth::Principal,
    content::{
        types::{Milestone, StorySection, Value},
        write::Change,
    },
};
use serde_json::json;

use crate::support::{
    TestApp,
    content::{self, keys, problem},
    on_both_engines,
};

/// Milestones of 2008, 2009 and 2010, of which the last one has no end.
async fn milestones(app: &TestApp) {
    let fields = [
        json!({"date": "2008", "endDate": "2009"}),
        json!({"date": "2009", "endDate": "2010"}),
        json!({"date": "2010"}),
    ];
    content::three::<Milestone>(app, &content::milestone("2008"), fields).await;
}

/// Filters of this depth around one that holds for everything.
fn nested(how: &str, depth: usize) -> String {
    match (depth, how) {
        (1, _) => "{}".to_owned(),
        (_, "not") => format!("{{not: {}}}", nested(how, depth - 1)),
        _ => format!("{{{how}: [{}]}}", nested(how, depth - 1)),
    }
}

on_both_engines! {
    async fn filters_go_together(app: TestApp) {
        milestones(&app).await;
        for (filter, expected) in [
            ("{}", "a b c"),
            // All that is named must hold, in one object and in several.
            (r#"{date: {gt: "2008"}, endDate: {isSet: true}}"#, "b"),
            (r#"{date: {gt: "2008", lt: "2010"}}"#, "b"),
            (r#"{and: [{date: {gt: "2008"}}, {date: {lt: "2010"}}]}"#, "b"),
            (r#"{or: [{date: {eq: "2008"}}, {date: {eq: "2010"}}]}"#, "a c"),
            (r#"{or: [{key: {eq: "a"}}, {key: {eq: "c"}}], date: {gt: "2008"}}"#, "c"),
            (r#"{or: [{key: {eq: "a"}}, {key: {eq: "b"}}], and: [{key: {in: ["b", "c"]}}]}"#, "b"),
            (r#"{not: {date: {eq: "2009"}}}"#, "a c"),
            (r#"{not: {or: [{key: {eq: "a"}}, {key: {eq: "b"}}]}}"#, "c"),
            (r#"{not: {and: [{key: {eq: "a"}}, {date: {eq: "2009"}}]}}"#, "a b c"),
            (r#"{and: [{not: {key: {eq: "a"}}}, {or: [{key: {eq: "a"}}, {not: {key: {eq: "b"}}}]}]}"#, "c"),
            // Nothing to hold always holds, and nothing to choose from never does.
            ("{and: []}", "a b c"), ("{or: []}", ""), ("{or: [{}]}", "a b c"), ("{and: [{}]}", "a b c"),
            ("{not: {}}", ""), ("{not: {not: {}}}", "a b c"), ("{not: {or: []}}", "a b c"), ("{date: {}}", "a b c"),
            ("{not: {date: {}}}", ""),
            // A filter that is null is not asked for; a value that is null is no value.
            (r#"{or: null, not: null, date: null, endDate: {gte: "2010"}}"#, "b"),
            ("{endDate: {eq: null}}", "c"), ("{not: {endDate: {eq: null}}}", "a b"),
            (r#"{or: [{endDate: {eq: null}}, {endDate: {eq: "2009"}}]}"#, "a c"), ("{key: {in: null}}", ""),
            (r#"{endDate: {eq: null, gte: "2010"}}"#, ""),
            // `d` is a draft, and stays one.
            (r#"{not: {key: {eq: "a"}}, or: [{key: {eq: "d"}}, {}]}"#, "b c"),
        ] {
            let answer = app.query(&format!("{{ milestones(where: {filter}) {{ nodes {{ key }} totalCount }} }}")).await;
            assert_eq!(keys(&answer, "milestones"), expected, "{filter}");
            assert_eq!(answer["data"]["milestones"]["totalCount"], expected.split_whitespace().count(), "{filter}");
        }
    }

    async fn not_turns_round_what_a_missing_value_says(app: TestApp) {
        milestones(&app).await;
        for (filter, expected) in [
            (r#"{endDate: {eq: "2009"}}"#, "a"), (r#"{endDate: {gte: "2010"}}"#, "b"), (r#"{endDate: {lte: "2010"}}"#, "a b"),
            (r#"{endDate: {gt: "2009"}}"#, "b"), (r#"{endDate: {lt: "2010"}}"#, "a"), ("{endDate: {isSet: true}}", "a b"),
            ("{endDate: {isSet: false}}", "c"), (r#"{endDate: {isSet: false, gte: "2009"}}"#, ""),
            (r#"{and: [{endDate: {eq: "2009"}}, {endDate: {isSet: true}}]}"#, "a"),
            (r#"{or: [{endDate: {eq: "2009"}}, {endDate: {eq: "2010"}}]}"#, "a b"),
            (r#"{or: [{endDate: {eq: "2009"}}, {key: {eq: "c"}}]}"#, "a c"),
            (r#"{not: {endDate: {eq: "2009"}}}"#, "b c"),
            (r#"{or: [{not: {endDate: {eq: "2009"}}}, {endDate: {eq: "2009"}}]}"#, "a b c"),
        ] {
            let others: Vec<_> = ["a", "b", "c"].into_iter().filter(|key| !expected.contains(key)).collect();
            for (filter, expected) in [
                (filter.to_owned(), expected), (format!("{{not: {filter}}}"), others.join(" ").as_str()),
                (format!("{{not: {{not: {filter}}}}}"), expected),
            ] {
                let answer = app.query(&format!("{{ milestones(where: {filter}) {{ nodes {{ key }} }} }}")).await;
                assert_eq!(keys(&answer, "milestones"), expected, "{filter}");
            }
        }
    }

    async fn an_entry_without_a_key_is_found_as_such(app: TestApp) {
        app.public::<Value>("keyed", content::value("Keyed")).await;
        let mut change = Change::begin(&app.app, Principal::System, None).await.expect("a change");
        let ids = [change.create::<Value>(None, content::value("Keyless")).await.expect("a draft")];
        change.publish(&ids).await.expect("a publication");
        change.seal().await.expect("a commit");
        for (filter, title) in [
            ("key: {isSet: false}", "Keyless"), ("key: {isSet: true}", "Keyed"), (r#"not: {key: {eq: "keyed"}}"#, "Keyless"),
            (r#"key: {startsWith: ""}"#, "Keyed"),
        ] {
            let answer = app.query(&format!("{{ values(where: {{{filter}}}) {{ nodes {{ title }} totalCount }} }}")).await;
            assert_eq!(answer["data"]["values"], json!({"nodes": [{"title": title}], "totalCount": 1}), "{filter}");
        }
    }

    async fn null_is_a_mistake_where_there_is_always_a_value_and_absent_is_no_condition(app: TestApp) {
        milestones(&app).await;
        for (filter, path) in [
            ("{date: {eq: null}}", "where.date.eq"),
            ("{createdAt: {in: null}}", "where.createdAt.in"),
            ("{endDate: {gt: null}}", "where.endDate.gt"),
            ("{key: {startsWith: null}}", "where.key.startsWith"),
            ("{endDate: {isSet: null}}", "where.endDate.isSet"),
            ("{and: [{}, {or: [{not: {date: {eq: null}}}]}]}", "where.and.1.or.0.not.date.eq"),
        ] {
            let answer = app.query(&format!("{{ milestones(where: {filter}) {{ nodes {{ key }} }} }}")).await;
            assert_eq!((problem(&answer).0, problem(&answer).1), ("BAD_INPUT", path), "{answer}");
        }
        let query = "query($date: PartialDate, $key: String, $keys: [String!]) {
            milestones(where: {endDate: {eq: $date}, key: {eq: $key, in: $keys}, or: [{date: {lt: $date}}]}) { nodes { key } }
        }";
        let absent = app.query_with(query, json!({})).await;
        assert_eq!(keys(&absent, "milestones"), "a b c", "{absent}");
        let query = "query($date: PartialDate) { milestones(where: {endDate: {eq: $date}}) { nodes { key } } }";
        let null = app.query_with(query, json!({"date": null})).await;
        assert_eq!(keys(&null, "milestones"), "c", "{null}");
    }

    async fn a_cursor_of_entries_without_a_value_is_none_of_all(app: TestApp) {
        milestones(&app).await;
        let list = |filter: &str, after: &str| format!("{{ milestones(first: 1{after}, where: {filter}) {{ pageInfo {{ endCursor }} }} }}");
        let answer = app.query(&list("{endDate: {eq: null}}", "")).await;
        let cursor = answer["data"]["milestones"]["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let after = format!(", after: \"{cursor}\"");
        assert!(app.query(&list("{endDate: {eq: null}}", &after)).await["errors"].is_null());
        let answer = app.query(&list("{endDate: {}}", &after)).await;
        assert_eq!(problem(&answer).1, "after", "{answer}");
    }

    async fn filters_are_nested_five_deep_at_most(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        for how in ["and", "or", "not"] {
            let query = |depth| format!("{{ values(where: {}) {{ nodes {{ key }} totalCount }} }}", nested(how, depth));
            let answer = app.query(&query(5)).await;
            assert_eq!(keys(&answer, "values"), "value", "{how}");
            let answer = app.query(&query(6)).await;
            assert_eq!(problem(&answer), ("BAD_INPUT", "where", "must be nested at most 5 deep"), "{how}");
        }
    }

    async fn lists_in_a_filter_have_a_hundred_items_at_most(app: TestApp) {
        app.public::<StorySection>("a", content::story_section("a")).await;
        for (item, filter) in [
            ("{}", "and: $"), ("{}", "or: $"), ("{}", "not: {or: $}"), (r#""story_section_1""#, "not: {id: {in: $}}"),
            (r#""a""#, "key: {in: $}"), (r#""a""#, "anchor: {in: $}"),
            (r#""2026-05-01T12:00:00Z""#, "createdAt: {in: $}"), (r#""2026-05-01T12:00:00Z""#, "updatedAt: {in: $}"),
        ] {
            let query = |length: usize| {
                let filter = filter.replace('$', &format!("[{}]", vec![item; length].join(", ")));
                format!("{{ storySections(where: {{{filter}}}) {{ nodes {{ key }} }} }}")
            };
            let answer = app.query(&query(100)).await;
            let expected = if filter.contains("not: {or") { "" } else { "a" };
            assert_eq!(keys(&answer, "storySections"), expected, "{filter}");
            let answer = app.query(&query(101)).await;
            let (code, _, message) = problem(&answer);
            assert_eq!(code, "BAD_INPUT", "{filter}: {answer}");
            assert!(message.contains("100"), "{filter}: {message}");
        }
    }

    async fn lists_of_figures_days_and_names_have_a_hundred_items_at_most(app: TestApp) {
        for (list, field, item) in [
            ("storySections", "id", r#""story_section_1""#), ("pages", "slug", r#""a""#),
            ("impactStats", "value", r#""1""#), ("impactStats", "asOfOn", r#""2026-05-01""#), ("assets", "bytes", "1"),
        ] {
            for (length, refused) in [(100, false), (101, true)] {
                let items = vec![item; length].join(", ");
                let query = format!("{{ {list}(where: {{{field}: {{in: [{items}]}}}}) {{ totalCount }} }}");
                let answer = app.query(&query).await;
                if refused {
                    assert_eq!(problem(&answer).0, "BAD_INPUT", "{field}");
                } else {
                    assert_eq!(answer["data"][list]["totalCount"], 0, "{field}: {answer}");
                }
            }
        }
    }

    async fn a_list_of_layouts_has_a_hundred_items_at_most(app: TestApp) {
        let layouts = vec!["TEXT"; 101].join(", ");
        let answer = app.query(&format!("{{ storySections(where: {{layout: {{in: [{layouts}]}}}}) {{ totalCount }} }}")).await;
        assert_eq!(problem(&answer).0, "BAD_INPUT");
    }

    async fn a_value_that_is_none_is_refused(app: TestApp) {
        for (list, filter) in [
            ("milestones", r#"date: {eq: "May 2008"}"#), ("milestones", r#"date: {gt: "2008-13"}"#),
            ("impactStats", r#"value: {eq: "1e3"}"#), ("impactStats", r#"value: {eq: "1.0000001"}"#),
            ("impactStats", r#"asOfOn: {eq: "2026-02-30"}"#), ("values", r#"createdAt: {eq: "yesterday"}"#),
        ] {
            let answer = app.query(&format!("{{ {list}(where: {{{filter}}}) {{ totalCount }} }}")).await;
            assert_eq!(problem(&answer).0, "BAD_INPUT", "{filter}: {answer}");
        }
    }

    async fn a_text_that_no_entry_can_have_is_no_fault_of_the_server(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        for filter in [r#"eq: "\u0000""#, r#"in: ["\u0000"]"#, r#"startsWith: "\u0000""#, r#"startsWith: "value\u0000""#] {
            let answer = app.query(&format!("{{ values(where: {{key: {{{filter}}}}}) {{ nodes {{ key }} totalCount }} }}")).await;
            let refused = answer["errors"][0]["extensions"]["code"] == "BAD_INPUT";
            assert!(refused || answer["data"]["values"]["totalCount"] == 0, "{filter}: {answer}");
        }
    }

    async fn a_moment_far_from_ours_is_compared_as_what_it_is(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        let query = "query($where: ValueFilter!) { values(where: $where) { nodes { key } totalCount } }";
        for filter in [
            json!({"createdAt": {"lt": "-9999-01-01T00:00:00Z"}}), json!({"createdAt": {"gt": "+200000-01-01T00:00:00Z"}}),
            json!({"updatedAt": {"lt": "-200000-01-01T00:00:00Z"}}), json!({"updatedAt": {"gt": "+12000-01-01T00:00:00Z"}}),
        ] {
            let answer = app.query_with(query, json!({"where": filter})).await;
            let refused = answer["errors"][0]["extensions"]["code"] == "BAD_INPUT";
            assert!(refused || answer["data"]["values"]["totalCount"] == 0, "{filter}: {answer}");
        }
    }

    async fn the_largest_filter_is_answered_or_refused_in_words(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        let query = "query($where: ValueFilter!) { values(where: $where) { totalCount } }";
        let (texts, moments) = (vec!["value"; 100], vec!["2026-05-01T12:00:00Z"; 100]);
        let widest = json!({"key": {"in": texts}, "createdAt": {"in": moments}, "updatedAt": {"in": moments}});
        let wide = json!({"or": vec![widest; 100]});
        // 30,000, 60,000 and 90,000 values to compare with; SQLite takes 32,766 in a statement, PostgreSQL 65,535.
        for repeated in 1..=3 {
            let filter = json!({"and": vec![&wide; repeated]});
            let answer = app.query_with(query, json!({"where": filter})).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            let refused = code == "BAD_INPUT" || code == "LIMIT_EXCEEDED";
            assert!(refused || answer["data"]["values"]["totalCount"] == 1, "{repeated}: {answer}");
        }
    }
}
