//! Every operator of every field of every `where`. How filters go together stands in `filter_logic.rs`.

use kindling::content::{
    Content,
    types::{Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value},
};
use serde_json::json;

use crate::support::{
    TestApp,
    content::{self, keys},
    on_both_engines,
};

/// Checks that the entries `a`, `b` and `c` of a type are found by what all types have, and by fields of their own.
async fn assert_found<C: Content>(
    app: &TestApp,
    list: &str,
    valid: &C::Model,
    fields: [serde_json::Value; 3],
    table: &[(&str, &str)],
) {
    let [a, b, c, d] = content::three::<C>(app, valid, fields).await;
    let (of_two, of_hidden) = (
        format!("id: {{in: [\"{c}\", \"{a}\", \"{a}\"]}}"),
        format!("id: {{in: [\"{d}\"]}}"),
    );
    let of_nothing = format!(
        "id: {{in: [\"{b}x\", \"\", \"entry_{}\"]}}",
        b.uuid.simple()
    );
    let common = [
        (of_two.as_str(), "a c"),
        (of_hidden.as_str(), ""),
        (of_nothing.as_str(), ""),
        ("id: {in: []}", ""),
        (r#"key: {eq: "b"}"#, "b"),
        (r#"key: {eq: "B"}"#, ""),
        (r#"key: {eq: "d"}"#, ""),
        (r#"key: {in: ["c", "a", "d", "z"]}"#, "a c"),
        ("key: {in: []}", ""),
        (r#"key: {startsWith: "b"}"#, "b"),
        (r#"key: {startsWith: ""}"#, "a b c"),
        (r#"key: {startsWith: "%"}"#, ""),
        ("key: {isSet: true}", "a b c"),
        ("key: {isSet: false}", ""),
        (r#"createdAt: {eq: "2026-05-01T13:00:00Z"}"#, "b"),
        (r#"createdAt: {eq: "2026-05-01T15:00:00+02:00"}"#, "b"),
        (
            r#"createdAt: {in: ["2026-05-01T12:00:00Z", "2026-05-01T14:00:00Z"]}"#,
            "a c",
        ),
        (r#"createdAt: {gt: "2026-05-01T13:00:00Z"}"#, "c"),
        (r#"createdAt: {gte: "2026-05-01T13:00:00Z"}"#, "b c"),
        (r#"createdAt: {lt: "2026-05-01T13:00:00Z"}"#, "a"),
        (r#"createdAt: {lte: "2026-05-01T13:00:00Z"}"#, "a b"),
        (r#"createdAt: {lt: "2026-05-01T13:00:00.000001Z"}"#, "a b"),
        ("createdAt: {isSet: true}", "a b c"),
        ("createdAt: {isSet: false}", ""),
        (r#"updatedAt: {eq: "2026-05-01T15:00:00Z"}"#, "b"),
        (
            r#"updatedAt: {in: ["2026-05-01T12:00:00Z", "2026-05-01T13:00:00Z"]}"#,
            "a",
        ),
        (r#"updatedAt: {gt: "2026-05-01T14:00:00Z"}"#, "b"),
        (r#"updatedAt: {gte: "2026-05-01T14:00:00Z"}"#, "b c"),
        (r#"updatedAt: {lt: "2026-05-01T14:00:00Z"}"#, "a"),
        (r#"updatedAt: {lte: "2026-05-01T14:00:00Z"}"#, "a c"),
        ("updatedAt: {isSet: true}", "a b c"),
        ("updatedAt: {isSet: false}", ""),
    ];
    for (filter, expected) in common.iter().chain(table) {
        let answer = app
            .query(&format!(
                "{{ {list}(where: {{{filter}}}) {{ nodes {{ key }} totalCount }} }}"
            ))
            .await;
        assert_eq!(keys(&answer, list), *expected, "{filter}");
        assert_eq!(
            answer["data"][list]["totalCount"],
            expected.split_whitespace().count(),
            "{filter}"
        );
    }
}

on_both_engines! {
    async fn assets_are_found_by_each_field(app: TestApp) {
        assert_found::<Asset>(&app, "assets", &content::asset("x"), [
            json!({"fileName": "a.webp", "mediaType": "image/png", "bytes": 9, "width": 90, "height": 9}),
            json!({"fileName": "b.webp", "mediaType": "image/webp", "bytes": 10, "width": 100, "height": 10}),
            json!({"fileName": "a.svg", "mediaType": "image/webp", "bytes": 11}),
        ], &[
            (r#"fileName: {eq: "a.webp"}"#, "a"), (r#"fileName: {in: ["a.svg", "b.webp"]}"#, "b c"),
            (r#"fileName: {startsWith: "a."}"#, "a c"), ("fileName: {isSet: true}", "a b c"),
            (r#"mediaType: {eq: "image/webp"}"#, "b c"), (r#"mediaType: {in: ["image/png"]}"#, "a"),
            (r#"mediaType: {startsWith: "image/w"}"#, "b c"), ("mediaType: {isSet: false}", ""),
            ("bytes: {eq: 10}", "b"), ("bytes: {in: [9, 11]}", "a c"), ("bytes: {gt: 9}", "b c"),
            ("bytes: {gte: 10}", "b c"), ("bytes: {lt: 10}", "a"), ("bytes: {lte: 10}", "a b"), ("bytes: {isSet: false}", ""),
            ("width: {eq: 100}", "b"), ("width: {in: [90, 100]}", "a b"), ("width: {gt: 90}", "b"),
            ("width: {gte: 90}", "a b"), ("width: {lt: 100}", "a"), ("width: {lte: 100}", "a b"),
            ("width: {isSet: true}", "a b"), ("width: {isSet: false}", "c"),
            ("height: {eq: 9}", "a"), ("height: {in: [10, 11]}", "b"), ("height: {gt: 9}", "b"),
            ("height: {gte: 9}", "a b"), ("height: {lt: 10}", "a"), ("height: {lte: 9}", "a"),
            ("height: {isSet: true}", "a b"), ("height: {isSet: false}", "c"), ("bytes: {gt: 9, lt: 11}", "b"),
        ]).await;
    }

    async fn impact_stats_are_found_by_each_field(app: TestApp) {
        assert_found::<ImpactStat>(&app, "impactStats", &content::impact_stat("1"), [
            json!({"value": "-1.5", "asOfOn": "2024-01-01", "staleAfterOn": "2025-01-01"}),
            json!({"value": "9", "asOfOn": "2025-01-01", "staleAfterOn": "2026-01-01"}),
            json!({"value": "10.000001"}),
        ], &[
            (r#"value: {eq: "9.00"}"#, "b"), (r#"value: {in: ["-1.5", "10.000001"]}"#, "a c"), (r#"value: {gt: "9"}"#, "c"),
            (r#"value: {gte: "9"}"#, "b c"), (r#"value: {lt: "0"}"#, "a"), (r#"value: {lte: "10"}"#, "a b"),
            ("value: {isSet: true}", "a b c"),
            (r#"asOfOn: {eq: "2024-01-01"}"#, "a"), (r#"asOfOn: {in: ["2025-01-01", "2026-01-01"]}"#, "b"),
            (r#"asOfOn: {gt: "2024-01-01"}"#, "b"), (r#"asOfOn: {gte: "2024-01-01"}"#, "a b"),
            (r#"asOfOn: {lt: "2025-01-01"}"#, "a"), (r#"asOfOn: {lte: "2025-01-01"}"#, "a b"),
            ("asOfOn: {isSet: true}", "a b"), ("asOfOn: {isSet: false}", "c"),
            (r#"staleAfterOn: {eq: "2026-01-01"}"#, "b"), (r#"staleAfterOn: {in: ["2025-01-01"]}"#, "a"),
            (r#"staleAfterOn: {gt: "2025-01-01"}"#, "b"), (r#"staleAfterOn: {gte: "2025-01-01"}"#, "a b"),
            (r#"staleAfterOn: {lt: "2026-01-01"}"#, "a"), (r#"staleAfterOn: {lte: "2026-01-01"}"#, "a b"),
            ("staleAfterOn: {isSet: true}", "a b"), ("staleAfterOn: {isSet: false}", "c"),
        ]).await;
    }

    async fn milestones_are_found_by_each_field(app: TestApp) {
        assert_found::<Milestone>(&app, "milestones", &content::milestone("2008"), [
            json!({"date": "2008", "endDate": "2010"}),
            json!({"date": "2009-05", "endDate": "2009-06"}),
            json!({"date": "2010-02-03"}),
        ], &[
            (r#"date: {eq: "2008"}"#, "a"), (r#"date: {eq: "2009"}"#, ""), (r#"date: {gt: "2008"}"#, "b c"),
            (r#"date: {gte: "2009-05"}"#, "b c"), (r#"date: {lt: "2010"}"#, "a b"), (r#"date: {lte: "2009"}"#, "a b"),
            ("date: {isSet: true}", "a b c"), ("date: {isSet: false}", ""),
            (r#"endDate: {eq: "2009-06"}"#, "b"), (r#"endDate: {gt: "2009"}"#, "a"), (r#"endDate: {gte: "2009"}"#, "a b"),
            (r#"endDate: {lt: "2010"}"#, "b"), (r#"endDate: {lte: "2010"}"#, "a b"),
            ("endDate: {isSet: true}", "a b"), ("endDate: {isSet: false}", "c"),
        ]).await;
    }

    async fn pages_are_found_by_each_field(app: TestApp) {
        assert_found::<Page>(&app, "pages", &content::page("x"), [
            json!({"slug": "one"}), json!({"slug": "two"}), json!({"slug": "two-more"}),
        ], &[
            (r#"slug: {eq: "two"}"#, "b"), (r#"slug: {in: ["two-more", "one"]}"#, "a c"),
            (r#"slug: {startsWith: "two"}"#, "b c"), ("slug: {isSet: true}", "a b c"),
        ]).await;
    }

    async fn story_sections_are_found_by_each_field(app: TestApp) {
        assert_found::<StorySection>(&app, "storySections", &content::story_section("x"), [
            json!({"anchor": "one", "layout": "IMPACT"}), json!({"anchor": "two", "layout": "CALL_TO_ACTION"}),
            json!({"anchor": "two-more", "layout": "IMPACT"}),
        ], &[
            (r#"anchor: {eq: "two"}"#, "b"), (r#"anchor: {in: ["two-more", "one"]}"#, "a c"),
            (r#"anchor: {startsWith: "two"}"#, "b c"), ("anchor: {isSet: true}", "a b c"),
            ("layout: {in: [IMPACT]}", "a c"), ("layout: {in: [CALL_TO_ACTION, TEXT]}", "b"), ("layout: {in: []}", ""),
        ]).await;
    }

    async fn team_members_are_found_by_each_field(app: TestApp) {
        assert_found::<TeamMember>(&app, "teamMembers", &content::team_member("x"), [
            json!({"name": "Ana", "group": "Coaching", "joinedOn": "2010-01-01", "leftOn": "2020-01-01"}),
            json!({"name": "Álvaro", "group": "Digital", "joinedOn": "2011-01-01", "leftOn": "2021-01-01"}),
            json!({"name": "Anabel"}),
        ], &[
            (r#"name: {eq: "Álvaro"}"#, "b"), (r#"name: {in: ["Ana", "Anabel"]}"#, "a c"),
            (r#"name: {startsWith: "Ana"}"#, "a c"), (r#"name: {startsWith: "Á"}"#, "b"), ("name: {isSet: true}", "a b c"),
            (r#"group: {eq: "Digital"}"#, "b"), (r#"group: {in: ["Coaching"]}"#, "a"), (r#"group: {startsWith: ""}"#, "a b"),
            ("group: {isSet: true}", "a b"), ("group: {isSet: false}", "c"),
            (r#"joinedOn: {eq: "2010-01-01"}"#, "a"), (r#"joinedOn: {in: ["2011-01-01"]}"#, "b"),
            (r#"joinedOn: {gt: "2010-01-01"}"#, "b"), (r#"joinedOn: {gte: "2010-01-01"}"#, "a b"),
            (r#"joinedOn: {lt: "2011-01-01"}"#, "a"), (r#"joinedOn: {lte: "2011-01-01"}"#, "a b"),
            ("joinedOn: {isSet: true}", "a b"), ("joinedOn: {isSet: false}", "c"),
            (r#"leftOn: {eq: "2021-01-01"}"#, "b"), (r#"leftOn: {in: ["2020-01-01"]}"#, "a"),
            (r#"leftOn: {gt: "2020-01-01"}"#, "b"), (r#"leftOn: {gte: "2020-01-01"}"#, "a b"),
            (r#"leftOn: {lt: "2021-01-01"}"#, "a"), (r#"leftOn: {lte: "2021-01-01"}"#, "a b"),
            ("leftOn: {isSet: true}", "a b"), ("leftOn: {isSet: false}", "c"),
        ]).await;
    }

    async fn testimonials_are_found_by_each_field(app: TestApp) {
        assert_found::<Testimonial>(&app, "testimonials", &content::testimonial("x"), [
            json!({"authorName": "Ana", "organisation": "School"}), json!({"authorName": "Ben", "organisation": "Scouts"}),
            json!({"authorName": "Bea"}),
        ], &[
            (r#"authorName: {eq: "Ana"}"#, "a"), (r#"authorName: {in: ["Ben", "Bea"]}"#, "b c"),
            (r#"authorName: {startsWith: "Be"}"#, "b c"), ("authorName: {isSet: true}", "a b c"),
            (r#"organisation: {eq: "Scouts"}"#, "b"), (r#"organisation: {in: ["School"]}"#, "a"),
            (r#"organisation: {startsWith: "Sc"}"#, "a b"),
            ("organisation: {isSet: true}", "a b"), ("organisation: {isSet: false}", "c"),
        ]).await;
    }

    async fn values_are_found_by_what_all_types_have(app: TestApp) {
        assert_found::<Value>(&app, "values", &content::value("x"), [json!({}), json!({}), json!({})], &[]).await;
    }
}
