//! What is particular to milestones.

use entity::milestone::Model;
use kindling::content::types::Milestone;
use serde_json::json;

use crate::support::on_both_engines;

fn milestone(date: &str) -> Model {
    Model {
        date: date.parse().expect("a date"),
        title: [("en", "A first step")].into(),
        ..Model::default()
    }
}

on_both_engines! {
    async fn a_date_keeps_its_precision(app: TestApp) {
        for (key, date) in [("year", "2008"), ("month", "2008-05"), ("day", "2008-05-17")] {
            app.public::<Milestone>(key, milestone(date)).await;
        }
        let answer = app.query("{ milestones(orderBy: {field: DATE}) { nodes { date } } }").await;
        assert_eq!(answer["data"]["milestones"]["nodes"], json!([
            {"date": "2008"}, {"date": "2008-05"}, {"date": "2008-05-17"}
        ]));
    }

    async fn a_year_in_a_comparison_stands_for_all_of_it(app: TestApp) {
        for (key, date) in [("before", "2007-12-31"), ("within", "2008-05"), ("after", "2009")] {
            app.public::<Milestone>(key, milestone(date)).await;
        }
        for (comparison, keys) in [("lte", "before within"), ("lt", "before"), ("gte", "within after"), ("gt", "after")] {
            let query = format!("{{ milestones(where: {{date: {{{comparison}: \"2008\"}}}}) {{ nodes {{ key }} }} }}");
            let answer = app.query(&query).await;
            let found: Vec<_> = answer["data"]["milestones"]["nodes"].as_array().expect("nodes").iter()
                .map(|node| node["key"].as_str().expect("a key").to_owned()).collect();
            assert_eq!(found.join(" "), keys, "{comparison}");
        }
    }

    async fn it_does_not_end_before_it_begins(app: TestApp) {
        let content = Model { end_date: Some("2007".parse().expect("a date")), ..milestone("2008") };
        let error = app.try_draft::<Milestone>("backwards", content).await.expect_err("a problem");
        assert_eq!(error.to_string(), "endDate: must not lie before date");
    }
}
