//! Every field of every `orderBy`, both ways: always a total order, the same on both engines.

use kindling::content::{
    Content,
    types::{Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value},
};
use serde_json::json;

use crate::support::{
    TestApp,
    content::{self, keys, problem},
    on_both_engines,
};

/// Checks the order of the entries `a`, `b` and `c` by what all types have, and by fields of their own.
async fn assert_ordered<C: Content>(
    app: &TestApp,
    list: &str,
    valid: &C::Model,
    fields: [serde_json::Value; 3],
    table: &[(&str, &str)],
) {
    content::three::<C>(app, valid, fields).await;
    // `b` was created second, and saved last.
    let mut common = vec![
        ("KEY", "a b c"),
        ("CREATED_AT", "a b c"),
        ("UPDATED_AT", "a c b"),
    ];
    if C::POSITIONED {
        common.push(("POSITION", "a b c"));
    }
    for (field, upwards) in common.iter().chain(table) {
        let downwards: Vec<&str> = upwards.split(' ').rev().collect();
        for (step, expected) in [
            (format!("{{field: {field}}}"), *upwards),
            (format!("{{field: {field}, direction: ASC}}"), *upwards),
            (
                format!("{{field: {field}, direction: DESC}}"),
                downwards.join(" ").as_str(),
            ),
        ] {
            let answer = app
                .query(&format!(
                    "{{ {list}(orderBy: {step}) {{ nodes {{ key }} }} }}"
                ))
                .await;
            assert_eq!(keys(&answer, list), expected, "{step}");
        }
    }
    let answer = app
        .query(&format!("{{ {list} {{ nodes {{ key }} }} }}"))
        .await;
    assert_eq!(keys(&answer, list), "a b c", "without orderBy");
}

// In each field, `b` has the least value or none, and `a` and `c` have the same: then they stand by age.
on_both_engines! {
    async fn assets_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"fileName": "Zebra.png", "mediaType": "image/webp", "bytes": 10, "width": 10, "height": 1});
        let least = json!({"fileName": "äpfel.png", "mediaType": "image/png", "bytes": 9});
        assert_ordered::<Asset>(&app, "assets", &content::asset("x"), [most.clone(), least, most], &[
            ("FILE_NAME", "b a c"), ("MEDIA_TYPE", "b a c"), ("BYTES", "b a c"), ("WIDTH", "b a c"), ("HEIGHT", "b a c"),
        ]).await;
    }

    async fn impact_stats_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"value": "10", "asOfOn": "2025-01-01", "staleAfterOn": "2026-01-01"});
        let least = json!({"value": "9.5"});
        assert_ordered::<ImpactStat>(&app, "impactStats", &content::impact_stat("1"), [most.clone(), least, most], &[
            ("VALUE", "b a c"), ("AS_OF_ON", "b a c"), ("STALE_AFTER_ON", "b a c"),
        ]).await;
    }

    async fn milestones_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"date": "2008-01", "endDate": "2009"});
        assert_ordered::<Milestone>(&app, "milestones", &content::milestone("2008"), [most.clone(), json!({}), most], &[
            ("DATE", "b a c"), ("END_DATE", "b a c"),
        ]).await;
    }

    async fn pages_have_a_total_order_by_each_field(app: TestApp) {
        let slugs = [json!({"slug": "a-b"}), json!({"slug": "a"}), json!({"slug": "a0"})];
        assert_ordered::<Page>(&app, "pages", &content::page("x"), slugs, &[("SLUG", "b a c")]).await;
    }

    async fn story_sections_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"anchor": "b", "layout": "TEXT"});
        let least = json!({"anchor": "a", "layout": "IMPACT"});
        assert_ordered::<StorySection>(&app, "storySections", &content::story_section("x"), [most.clone(), least, most], &[
            ("ANCHOR", "b a c"), ("LAYOUT", "b a c"),
        ]).await;
    }

    async fn team_members_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"name": "Zoe", "group": "a", "joinedOn": "2010-01-01", "leftOn": "2020-01-01"});
        let least = json!({"name": "Álvaro"});
        assert_ordered::<TeamMember>(&app, "teamMembers", &content::team_member("x"), [most.clone(), least, most], &[
            ("NAME", "b a c"), ("GROUP", "b a c"), ("JOINED_ON", "b a c"), ("LEFT_ON", "b a c"),
        ]).await;
    }

    async fn testimonials_have_a_total_order_by_each_field(app: TestApp) {
        let most = json!({"authorName": "B", "organisation": "A"});
        let least = json!({"authorName": "a"});
        assert_ordered::<Testimonial>(&app, "testimonials", &content::testimonial("x"), [most.clone(), least, most], &[
            ("AUTHOR_NAME", "b a c"), ("ORGANISATION", "b a c"),
        ]).await;
    }

    async fn values_have_a_total_order_by_what_all_types_have(app: TestApp) {
        assert_ordered::<Value>(&app, "values", &content::value("x"), [json!({}), json!({}), json!({})], &[]).await;
    }

    async fn names_of_the_world_sort_as_people_expect_page_by_page_both_ways(app: TestApp) {
        let names = ["adam", "Émile", "Emma", "Nora", "Özil", "zimmer", "Zoe"];
        let mut made = names;
        made.reverse();
        for (at, name) in made.into_iter().enumerate() {
            app.public::<TeamMember>(&format!("key-{at}"), content::team_member(name)).await;
        }
        for (direction, backwards) in [("ASC", false), ("DESC", true)] {
            let (mut shown, mut after) = (Vec::new(), json!(null));
            loop {
                let query = format!("query($after: String) {{ teamMembers(first: 2, after: $after, orderBy: [{{field: NAME, direction: {direction}}}]) {{
                    nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}");
                let answer = app.query_with(&query, json!({"after": after})).await;
                let list = &answer["data"]["teamMembers"];
                shown.extend(list["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()));
                if list["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
                after = list["pageInfo"]["endCursor"].clone();
            }
            if backwards {
                shown.reverse();
            }
            assert_eq!(shown, names, "{direction}");
        }
    }

    async fn names_from_before_get_sort_keys_when_a_server_starts(app: TestApp) {
        for name in ["Zoe", "adam", "Émile"] {
            app.public::<TeamMember>(name, content::team_member(name)).await;
        }
        let tx = app.app.database.begin().await.expect("a transaction");
        for change in ["UPDATE team_member SET name_sort = ''", "UPDATE sort_key SET probe = 'of other data'"] {
            sea_orm::ConnectionTrait::execute_unprepared(&*tx, change).await.expect("a change");
        }
        tx.commit().await.expect("a commit");
        kindling::content::sort_key::establish(&app.app.database).await.expect("sort keys");
        let answer = app.query("{ teamMembers(orderBy: [{field: NAME}]) { nodes { name } } }").await;
        assert_eq!(answer["data"]["teamMembers"]["nodes"], json!([{"name": "adam"}, {"name": "Émile"}, {"name": "Zoe"}]));
    }

    async fn a_step_decides_where_those_before_it_do_not(app: TestApp) {
        let fields = [json!({"date": "2009", "endDate": "2010"}), json!({"date": "2008"}), json!({"date": "2009"})];
        content::three::<Milestone>(&app, &content::milestone("2008"), fields).await;
        for (steps, expected) in [
            ("{field: DATE}, {field: END_DATE}", "b c a"),
            ("{field: DATE}, {field: END_DATE, direction: DESC}", "b a c"),
            ("{field: DATE, direction: DESC}, {field: END_DATE}", "c a b"),
            ("{field: DATE, direction: DESC}, {field: UPDATED_AT, direction: DESC}", "c a b"),
            ("{field: END_DATE}, {field: DATE, direction: DESC}, {field: CREATED_AT}", "c b a"),
            ("{field: DATE}, {field: DATE, direction: DESC}", "b c a"),
        ] {
            let answer = app.query(&format!("{{ milestones(orderBy: [{steps}]) {{ nodes {{ key }} }} }}")).await;
            assert_eq!(keys(&answer, "milestones"), expected, "{steps}");
        }
    }

    async fn an_order_has_three_steps_at_most(app: TestApp) {
        app.public::<Value>("value", content::value("Candour")).await;
        for (steps, refused) in [(0, false), (3, false), (4, true)] {
            let steps = vec!["{field: POSITION}"; steps].join(", ");
            let answer = app.query(&format!("{{ values(orderBy: [{steps}]) {{ nodes {{ key }} }} }}")).await;
            if refused {
                assert_eq!(problem(&answer), ("BAD_INPUT", "orderBy", "must have at most 3 steps"));
            } else {
                assert_eq!(keys(&answer, "values"), "value", "{steps}");
            }
        }
    }
}
