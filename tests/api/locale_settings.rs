//! Locales in the settings that are others than those that the content was written in: nothing is lost, and nothing goes blank.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    postgres::TestDatabase,
    server::{Server, run},
    servers,
};

/// What the page of the demo shows.
const PAGE: &str = "page(by: {slug: \"our-story\"}, view: {locales: $locales}) {
    title tagline sections { heading body items {
        ... on Milestone { title body } ... on Value { title } ... on ImpactStat { label formattedValue }
        ... on Testimonial { quote } ... on TeamMember { position: role }
    } }
}";

struct Site {
    folder: TempDir,
    database: Option<TestDatabase>,
    token: String,
}

impl Site {
    fn url(&self) -> String {
        self.database.as_ref().map_or_else(
            || format!("sqlite://{}/data/kindling.db", self.folder.path().display()),
            TestDatabase::url,
        )
    }

    /// The server with these locales in the settings.
    fn start(&self, locales: &str) -> Server {
        let arguments = ["--locales", locales, "--database-url", &self.url()];
        Server::start_without_demo(self.folder.path(), &arguments)
    }

    async fn ask(&self, server: &Server, query: &str, variables: Value) -> Value {
        let answer = server.query_as(&self.token, query, variables).await.json();
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }
}

/// The demo, written in English and Spanish, on both engines.
async fn sites() -> Vec<Site> {
    let mut sites = Vec::new();
    for (mut server, folder, database) in servers().await {
        let token = server.sign_in("editor").await;
        server.terminate();
        server.ended();
        sites.push(Site {
            folder,
            database,
            token,
        });
    }
    sites
}

/// Waits until the log says this.
async fn logged(server: &Server, part: &str) {
    let started = std::time::Instant::now();
    let says = |line: &Value| {
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        message.contains(part)
    };
    while !server.log().iter().any(says) {
        assert!(started.elapsed().as_secs() < 30, "{:?}", server.log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn page(site: &Site, server: &Server, locales: Value) -> Value {
    let query = format!("query($locales: [Locale!]) {{ {PAGE} }}");
    site.ask(server, &query, json!({"locales": locales})).await
}

fn stop(mut server: Server) {
    server.terminate();
    server.ended();
}

#[tokio::test]
async fn entries_with_texts_in_a_locale_that_left_are_saved_copied_and_restored() {
    for site in sites().await {
        let server = site.start("en");
        let found = site
            .ask(
                &server,
                "{ milestones(first: 1) { nodes { id revision } } }",
                Value::Null,
            )
            .await;
        let entry = &found["milestones"]["nodes"][0];
        let (id, revision) = (
            &entry["id"],
            entry["revision"].as_i64().expect("a revision"),
        );
        let update = "mutation($i: UpdateMilestoneInput!) { updateMilestone(input: $i) { milestone { revision } userErrors { code path } } }";
        let content = |expected: i64, more: Value| {
            let mut input = json!({"id": id, "expectedRevision": expected});
            input
                .as_object_mut()
                .expect("an input")
                .extend(more.as_object().expect("more").clone());
            json!({"i": input})
        };
        let saved = site
            .ask(
                &server,
                update,
                content(revision, json!({"content": {"date": "2001"}})),
            )
            .await;
        assert_eq!(saved["updateMilestone"]["userErrors"], json!([]));
        let latest = revision + 1;
        for text in [json!("Otro"), Value::Null] {
            let foreign = json!({"translations": [{"locale": "es", "title": text}]});
            let refused = site.ask(&server, update, content(latest, foreign)).await;
            let errors = json!([{"code": "INVALID", "path": "title.es"}]);
            assert_eq!(
                refused["updateMilestone"]["userErrors"], errors,
                "only a change in it is refused"
            );
        }
        let restore = "mutation($i: RestoreRevisionInput!) { restoreRevision(input: $i) { entry { revision } userErrors { path } } }";
        let input = json!({"i": {"id": id, "revision": revision, "expectedRevision": latest}});
        let restored = site.ask(&server, restore, input).await;
        assert_eq!(
            restored["restoreRevision"]["entry"]["revision"],
            latest + 1,
            "{restored}"
        );
        let copy = "mutation($i: DuplicateEntryInput!) { duplicateEntry(input: $i) { entry { id } userErrors { path } } }";
        let copied = site.ask(&server, copy, json!({"i": {"id": id}})).await;
        let copied = &copied["duplicateEntry"]["entry"]["id"];
        assert!(copied.is_string());
        let shown = site.ask(&server, "query($id: ID!) { node(id: $id) { ... on Milestone { locale translations { locale } } } }", json!({"id": id})).await;
        assert_eq!(
            shown["node"],
            json!({"locale": "en", "translations": [{"locale": "en"}]})
        );
        logged(
            &server,
            "entries have texts in es, which is not in the setting locales",
        )
        .await;
        let url = site.url();
        let arguments = [
            "check",
            "--locales",
            "en",
            "--data-dir",
            "data",
            "--database-url",
            &url,
        ];
        let check = run(site.folder.path(), &arguments);
        let told = String::from_utf8_lossy(&check.stdout).into_owned();
        assert!(told.contains("entries have texts in es"), "{told}");
        stop(server);
        // Nothing of it is lost.
        let server = site.start("en,es");
        let query = "query($ids: [ID!]!) { nodes(ids: $ids, view: {perspective: DRAFT, locales: [\"es\"]}) { ... on Milestone { locale title fallbacks } } }";
        let back = site.ask(&server, query, json!({"ids": [id, copied]})).await;
        assert_eq!(back["nodes"][0], back["nodes"][1]);
        assert_eq!(
            (&back["nodes"][0]["locale"], &back["nodes"][0]["fallbacks"]),
            (&json!("es"), &json!([]))
        );
    }
}

#[tokio::test]
async fn another_default_locale_leaves_nothing_blank() {
    for site in sites().await {
        let server = site.start("en,es");
        let english = page(&site, &server, json!([])).await;
        let spanish = page(&site, &server, json!(["es"])).await;
        stop(server);
        for (locales, expected) in [
            ("fr,en,es", &english),
            ("fr,es", &spanish),
            ("fr", &english),
        ] {
            let server = site.start(locales);
            let shown = page(&site, &server, json!([])).await;
            assert_eq!(shown, *expected, "{locales}");
            logged(&server, "public entries have no text in fr").await;
            let query = "{ milestones(first: 1) { nodes { id locale translations { locale status missing } } } }";
            let found = site.ask(&server, query, Value::Null).await;
            let entry = &found["milestones"]["nodes"][0];
            let home = if locales == "fr,es" { "es" } else { "en" };
            assert_eq!(entry["locale"], home, "{locales}");
            let translations = entry["translations"].as_array().expect("translations");
            for translation in translations {
                let is_home = translation["locale"] != "fr";
                assert_eq!(
                    translation["status"] == "COMPLETE",
                    is_home,
                    "{locales}: {translations:?}"
                );
                assert_eq!(
                    translation["missing"] == json!([]),
                    is_home,
                    "{locales}: {translations:?}"
                );
            }
            stop(server);
        }
    }
}
