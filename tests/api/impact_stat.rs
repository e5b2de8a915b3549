//! What is particular to impact stats.

use chrono::TimeDelta;
use kindling::content::types::ImpactStat;
use serde_json::{from_value, json};

use crate::support::{content, on_both_engines};

on_both_engines! {
    async fn every_field_comes_back_as_it_was_written(app: TestApp) {
        let all = from_value(json!({
            "value": "48479.25",
            "prefix": {"en": "about", "es": "unos"},
            "suffix": {"en": "learners", "es": "estudiantes"},
            "label": {"en": "Reached", "es": "Alcanzados"},
            "description": {"en": "Since the start.", "es": "Desde el inicio."},
            "icon": "people",
            "period": {"en": "2008 to 2025", "es": "2008 a 2025"},
            "asOfOn": "2025-12-31",
            "sourceName": "Annual report",
            "sourceUrl": "https://example.org/report",
            "staleAfterOn": "2026-12-31"
        }));
        app.public::<ImpactStat>("reach", all.expect("an impact stat")).await;
        let query = r#"query($locales: [Locale!]) { impactStat(by: {key: "reach"}, view: {locales: $locales}) {
            value formattedValue prefix suffix label description icon period asOfOn source { name url }
            staleAfterOn isStale
        } }"#;
        let answer = app.query_with(query, json!({"locales": ["en"]})).await;
        assert_eq!(answer["data"]["impactStat"], json!({
            "value": "48479.25", "formattedValue": "48,479.25", "prefix": "about", "suffix": "learners",
            "label": "Reached", "description": "Since the start.", "icon": "people", "period": "2008 to 2025",
            "asOfOn": "2025-12-31", "source": {"name": "Annual report", "url": "https://example.org/report"},
            "staleAfterOn": "2026-12-31", "isStale": false
        }), "{answer}");
        let answer = app.query_with(query, json!({"locales": ["es"]})).await;
        let in_spanish = &answer["data"]["impactStat"];
        assert_eq!(in_spanish["formattedValue"], "48.479,25");
        let texts = ["prefix", "suffix", "label", "description", "period"].map(|name| &in_spanish[name]);
        assert_eq!(texts, ["unos", "estudiantes", "Alcanzados", "Desde el inicio.", "2008 a 2025"]);
    }

    async fn a_figure_is_written_as_the_locale_writes_it(app: TestApp) {
        // A stat that has no text in Spanish is shown in English, its figure too.
        for (at, (figure, translated, value, english, spanish)) in [
            ("1234567", true, "1234567", "1,234,567", "1.234.567"),
            ("1234", true, "1234", "1,234", "1234"),
            ("1234567", false, "1234567", "1,234,567", "1,234,567"),
            ("-0.50", true, "-0.5", "-0.5", "-0,5"),
            ("0", true, "0", "0", "0"),
            ("999999999999.999999", true, "999999999999.999999", "999,999,999,999.999999", "999.999.999.999,999999"),
        ].into_iter().enumerate() {
            let mut stat = content::impact_stat(figure);
            if translated {
                stat.label = [("en", "A figure"), ("es", "Una cifra")].into();
            }
            let key = format!("stat-{at}");
            app.public::<ImpactStat>(&key, stat).await;
            let query = "query($key: String!, $locales: [Locale!]) {
                impactStat(by: {key: $key}, view: {locales: $locales}) { value formattedValue }
            }";
            for (locale, formatted) in [("en", english), ("es", spanish)] {
                let answer = app.query_with(query, json!({"key": key, "locales": [locale]})).await;
                assert_eq!(answer["data"]["impactStat"], json!({"value": value, "formattedValue": formatted}));
            }
        }
    }

    async fn it_is_stale_from_the_day_after(app: TestApp) {
        let stat = content::with(content::impact_stat("1"), json!({"staleAfterOn": "2026-05-02"}));
        app.public::<ImpactStat>("ages", stat).await;
        app.public::<ImpactStat>("ageless", content::impact_stat("1")).await;
        // The clock stands at noon of the first of May.
        for (hours, stale) in [(0, false), (35, false), (1, true), (24 * 365, true)] {
            app.app.clock.advance(TimeDelta::hours(hours));
            let answer = app.query("{ impactStats { nodes { key isStale } } }").await;
            assert_eq!(answer["data"]["impactStats"]["nodes"], json!([
                {"key": "ages", "isStale": stale}, {"key": "ageless", "isStale": false}
            ]), "{hours} more hours");
        }
    }

    async fn a_source_needs_a_name_but_no_address(app: TestApp) {
        let stat = content::with(content::impact_stat("1"), json!({"sourceName": "Our books"}));
        app.public::<ImpactStat>("sourced", stat).await;
        app.public::<ImpactStat>("unsourced", content::impact_stat("1")).await;
        let answer = app.query("{ impactStats { nodes { source { name url } } } }").await;
        assert_eq!(answer["data"]["impactStats"]["nodes"], json!([
            {"source": {"name": "Our books", "url": null}}, {"source": null}
        ]));
    }

    async fn what_breaks_a_limit_is_refused_with_its_path(app: TestApp) {
        content::assert_refused::<ImpactStat>(&app, &content::impact_stat("1"), &[
            (json!({"prefix": {"en": "x".repeat(21)}}), "prefix.en: must be at most 20 characters, and is 21"),
            (json!({"suffix": {"es": "x".repeat(21)}}), "suffix.es: must be at most 20 characters, and is 21"),
            (json!({"label": {"en": "x".repeat(201)}}), "label.en: must be at most 200 characters, and is 201"),
            (json!({"description": {"en": "x".repeat(2_001)}}),
                "description.en: must be at most 2000 characters, and is 2001"),
            (json!({"icon": "-"}), "icon: must be lower-case letters and digits, in words joined by hyphens"),
            (json!({"period": {"en": "x".repeat(101)}}), "period.en: must be at most 100 characters, and is 101"),
            (json!({"sourceName": "x".repeat(201)}), "source.name: must be at most 200 characters, and is 201"),
            (json!({"sourceName": "We", "sourceUrl": "ftp://example.org"}),
                "source.url: must be an http, https, mailto or tel address"),
            (json!({"sourceName": "We", "sourceUrl": "/report"}), "source.url: must be an http, https, mailto or tel address"),
            (json!({"sourceUrl": "https://example.org"}), "source.name: must be given with source.url"),
        ]).await;
    }

    async fn it_is_not_public_without_a_label(app: TestApp) {
        content::assert_not_publishable::<ImpactStat>(&app, &content::impact_stat("1"), &[
            (json!({"label": {}}), "label.en: must have a value before this can be public"),
        ]).await;
    }
}
