//! What an answer costs: one statement per level, and on SQLite one per content type of each level, however much there is.

use async_graphql::Variables;
use entity::{entry::ContentType, entry_id::EntryId};
use kindling::{
    app::App,
    auth::{Principal, Role},
    content::{
        Content,
        types::{Asset, ImpactStat, Milestone, Page, StorySection, TeamMember, Testimonial, Value},
        write::Change,
    },
    delivery::{Delivery, Sender},
};
use sea_orm::DbBackend;
use serde_json::json;

use crate::support::{TestApp, account, answer, editor, on_both_engines};

const WHOLE_PAGE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/page_query/page.graphql"
));
/// Page; which state of the database this is; sections and the page's two pictures; sections' pictures and five types of
/// items; the items' pictures. On PostgreSQL all types of a level are one statement.
fn statements_of_a_page(app: &TestApp) -> u64 {
    if is_postgres(app) {
        1 + 1 + 1 + 1 + 1
    } else {
        1 + 1 + 2 + 6 + 1
    }
}

fn is_postgres(app: &TestApp) -> bool {
    app.app.database.snapshot().backend() == DbBackend::Postgres
}

async fn create<C: Content>(change: &mut Change, key: &str, content: serde_json::Value) -> EntryId {
    let content = serde_json::from_value(content).expect("content of the type");
    change
        .create::<C>(Some(key), content)
        .await
        .expect("an entry")
}

async fn picture(change: &mut Change, key: &str) -> EntryId {
    create::<Asset>(
        change,
        key,
        json!({
            "fileName": "a.webp", "mediaType": "image/webp", "sha256": "0", "storageKey": "0.webp", "decorative": true
        }),
    )
    .await
}

/// A public page with this slug: so many sections, each with so many items of every type, all with their own pictures.
async fn build(app: &TestApp, slug: &str, sections: usize, items: usize) {
    let mut change = Change::begin(&app.app, Principal::System, None)
        .await
        .expect("a change");
    let mut ids = Vec::new();
    let mut of_page = Vec::new();
    for section in 0..sections {
        let mut of_section = Vec::new();
        for item in 0..items {
            let key = format!("{slug}-{section}-{item}");
            let photo = picture(&mut change, &key).await;
            let texts = json!({"en": key});
            ids.push(photo);
            of_section.extend([
                create::<Value>(&mut change, &key, json!({"title": texts})).await,
                create::<ImpactStat>(&mut change, &key, json!({"label": texts})).await,
                create::<Testimonial>(
                    &mut change,
                    &key,
                    json!({"quote": texts, "authorName": key, "photo": photo}),
                )
                .await,
                create::<Milestone>(&mut change, &key, json!({"title": texts, "image": photo}))
                    .await,
                create::<TeamMember>(&mut change, &key, json!({"name": key, "photo": photo})).await,
            ]);
        }
        let anchor = format!("{slug}-{section}");
        let image = picture(&mut change, &anchor).await;
        let content = json!({"anchor": anchor, "image": image, "items": of_section});
        of_page.push(create::<StorySection>(&mut change, &anchor, content).await);
        ids.push(image);
        ids.extend(of_section);
    }
    let pictures = [
        picture(&mut change, &format!("{slug}-hero")).await,
        picture(&mut change, &format!("{slug}-seo")).await,
    ];
    let content = json!({
        "slug": slug, "title": {"en": slug}, "heroImage": pictures[0], "seoImage": pictures[1], "sections": of_page
    });
    ids.push(create::<Page>(&mut change, slug, content).await);
    ids.extend(of_page);
    ids.extend(pictures);
    change.publish(&ids).await.expect("a publication");
    change.seal().await.expect("a commit");
}

on_both_engines! {
    async fn a_whole_page_costs_the_same_however_large_it_is(app: TestApp) {
        build(&app, "small", 1, 1).await;
        build(&app, "large", 10, 10).await;
        for (slug, sections, items) in [("small", 1, 5), ("large", 10, 50)] {
            let answer = app.query_as(Principal::Anonymous, WHOLE_PAGE, json!({"by": {"slug": slug}})).await;
            let page = &answer["data"]["page"];
            assert_eq!(page["sections"].as_array().map(Vec::len), Some(sections), "{answer}");
            let last = &page["sections"][sections - 1]["items"];
            assert_eq!(last.as_array().map(Vec::len), Some(items));
            assert!(last[items - 1]["photo"]["url"].is_string() && page["seo"]["image"]["url"].is_string(), "{last}");
            assert_eq!(answer["extensions"]["kindling"]["sqlStatements"], statements_of_a_page(&app), "{slug}");
        }
    }

    async fn a_list_of_a_hundred_with_their_pictures_costs_three_statements(app: TestApp) {
        build(&app, "hundred", 10, 10).await;
        let query = "{ milestones(first: 100) { nodes { title image { url } } } }";
        let answer = app.query(query).await;
        let nodes = answer["data"]["milestones"]["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.len(), 100);
        assert!(nodes.iter().all(|node| node["image"]["url"].is_string()));
        assert_eq!(answer["extensions"]["kindling"]["sqlStatements"], 3);
    }

    async fn what_was_read_is_read_again_only_when_it_has_changed(app: TestApp) {
        build(&app, "page", 2, 2).await;
        let mut config = (*app.app.config).clone();
        config.answer_cache_bytes = 0;
        let delivery = Delivery::new(&App { config: config.into(), ..app.app.clone() });
        let statements = async |expected: u64| {
            let variables = Variables::from_json(json!({"by": {"slug": "page"}}));
            let answer = answer(&delivery, WHOLE_PAGE, variables, Sender::new(Principal::Anonymous)).await;
            assert_eq!(answer["extensions"]["kindling"]["sqlStatements"], expected, "{answer}");
            answer["data"]["page"].to_string()
        };
        let first = statements(statements_of_a_page(&app)).await;
        assert_eq!(statements(2).await, first, "the page, and which state this is");
        let answer = app.query("{ milestones(first: 1) { nodes { id } } }").await;
        let id: EntryId = answer["data"]["milestones"]["nodes"][0]["id"].as_str().expect("an id").parse().expect("an id");
        let mut change = Change::begin(&app.app, Principal::System, None).await.expect("a change");
        change.unpublish(&[id]).await.expect("a step");
        change.seal().await.expect("a commit");
        let without = statements(3).await;
        assert_ne!(without, first, "it alone is read again, and is not there");
        app.publish(&[id]).await.expect("public again");
        assert!(statements(3).await.contains(&id.to_string()), "it is in its place again");
    }

    async fn a_draft_is_read_again_only_when_it_has_changed(app: TestApp) {
        build(&app, "page", 2, 2).await;
        let mut config = (*app.app.config).clone();
        config.answer_cache_bytes = 0;
        let delivery = Delivery::new(&App { config: config.into(), ..app.app.clone() });
        app.admit(&editor()).await;
        let ask = async || {
            let by = json!({"by": {"slug": "page"}, "view": {"perspective": "DRAFT"}});
            let sender = Sender::new(editor());
            answer(&delivery, WHOLE_PAGE, Variables::from_json(by), sender).await
        };
        let statements = |answer: &serde_json::Value| answer["extensions"]["kindling"]["sqlStatements"].clone();
        let first = ask().await;
        assert_eq!(statements(&first), statements_of_a_page(&app), "{first}");
        let again = ask().await;
        assert_eq!((statements(&again), &again["data"]), (json!(2), &first["data"]), "the page, and which state this is");
        let milestones = app.query("{ milestones(first: 1) { nodes { id } } }").await;
        let id = &milestones["data"]["milestones"]["nodes"][0]["id"];
        let change = json!({"id": id, "expectedRevision": 1, "content": {"title": "Saved, not public"}});
        app.done(&editor(), "updateMilestone", change, "milestone { id }").await;
        let saved = ask().await;
        assert_eq!(statements(&saved), 3, "{saved}");
        assert!(saved.to_string().contains("Saved, not public"), "{saved}");
        let archive = json!({"entries": [{"id": id}]});
        app.done(&editor(), "archiveEntries", archive, "entries { id }").await;
        let archived = ask().await;
        assert!(!archived.to_string().contains("Saved, not public"), "{archived}");
        assert!(archived["data"]["page"]["sections"].is_array(), "{archived}");
    }

    async fn nodes_of_every_type_cost_a_level_and_one_statement_for_the_state(app: TestApp) {
        build(&app, "nodes", 2, 3).await;
        let lists = ["pages", "storySections", "values", "impactStats", "testimonials", "milestones", "teamMembers", "assets"];
        assert_eq!(lists.len(), <ContentType as sea_orm::Iterable>::iter().count());
        let mut ids = Vec::new();
        for list in lists {
            let answer = app.query(&format!("{{ {list} {{ nodes {{ id }} }} }}")).await;
            let nodes = answer["data"][list]["nodes"].as_array().expect("nodes").clone();
            ids.extend(nodes.into_iter().map(|node| node["id"].clone()));
        }
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let answer = app.query_as(Principal::Anonymous, query, json!({"ids": ids})).await;
        assert_eq!(answer["data"]["nodes"].as_array().map(Vec::len), Some(ids.len()), "{answer}");
        let statements = if is_postgres(&app) { 2 } else { 9 };
        assert_eq!(answer["extensions"]["kindling"]["sqlStatements"], statements);
    }

    async fn what_is_not_selected_is_not_loaded(app: TestApp) {
        build(&app, "page", 2, 2).await;
        for (selection, statements) in [("title", 1), ("sections { anchor }", 3), ("heroImage { url } seo { image { url } }", 3)] {
            let answer = app.query(&format!("{{ page(by: {{slug: \"page\"}}) {{ {selection} }} }}")).await;
            assert_eq!(answer["extensions"]["kindling"]["sqlStatements"], statements, "{selection}");
        }
    }

    async fn the_second_factors_of_all_accounts_cost_what_those_of_one_do(app: TestApp) {
        let query = "{ accounts(first: 50) { totalCount nodes { email factors { totpSince passkeys { id } recoveryCodesLeft } } } }";
        let mut costs = Vec::new();
        for (number, total) in [(0, 1), (1, 2), (2, 3)] {
            app.new_account(&format!("account-{number}@example.org"), Role::Editor).await;
            let answer = app.query_as(account(Role::Admin), query, json!(null)).await;
            let nodes = answer["data"]["accounts"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
            assert!(nodes.len() >= total && nodes.iter().all(|node| node["factors"]["recoveryCodesLeft"] == 0), "{answer}");
            costs.push(answer["extensions"]["kindling"]["sqlStatements"].clone());
        }
        assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{costs:?}");
    }

    async fn the_cost_is_told_in_development_only(app: TestApp) {
        let production = Delivery::new(&app.in_production());
        let sender = Sender::new(Principal::Anonymous);
        let answer = answer(&production, "{ pages { totalCount } }", Variables::default(), sender).await;
        assert_eq!(answer["data"]["pages"]["totalCount"], 0);
        assert!(answer.get("extensions").is_none(), "{answer}");
    }
}
