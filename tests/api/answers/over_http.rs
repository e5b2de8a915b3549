//! What clients and caches get to see of answers that are kept.

use serde_json::json;

use crate::support::{
    server::{Answer, Server},
    servers, servers_with,
};

const QUERY: &str =
    "{ milestones(first: 100) { nodes { id title image { url alternativeText } } } }";
const PATH: &str = "/graphql?query=%7Bmilestones%28first%3A100%29%7Bnodes%7Bid%20title%20image%7Burl%20alternativeText%7D%7D%7D%7D";

async fn get(server: &Server, headers: &[(&str, &str)]) -> Answer {
    server.get(PATH, headers).await
}

/// Changes the first milestone in public; gives the version of the content afterwards.
async fn change(server: &mut Server, title: &str) -> String {
    let token = server.sign_in("editor").await;
    let shown = server
        .query("{ milestones(first: 1) { nodes { id revision } } }")
        .await
        .json();
    let shown = &shown["data"]["milestones"]["nodes"][0];
    let input = json!({"input": {"id": shown["id"], "expectedRevision": shown["revision"], "content": {"title": title}}});
    let update = "mutation($input: UpdateMilestoneInput!) { updateMilestone(input: $input) { milestone { revision } userErrors { message } } }";
    let updated = server.query_as(&token, update, input).await;
    assert_eq!(
        updated.json()["data"]["updateMilestone"]["userErrors"],
        json!([]),
        "{updated:?}"
    );
    let publish = "mutation($input: PublishEntriesInput!) { publishEntries(input: $input) { userErrors { message } } }";
    let input = json!({"input": {"entries": [{"id": shown["id"]}]}});
    let published = server.query_as(&token, publish, input).await;
    assert_eq!(
        published.json()["data"]["publishEntries"]["userErrors"],
        json!([]),
        "{published:?}"
    );
    published.header("content-version").to_owned()
}

#[tokio::test]
async fn an_answer_is_kept_until_it_changes_and_unchanged_ones_are_not_sent_again() {
    for (mut server, _folder, _database) in servers().await {
        let first = get(&server, &[]).await;
        assert_eq!(first.header("cache-status"), "Kindling; fwd=miss");
        assert_eq!(first.header("cache-control"), "public, no-cache");
        let again = get(&server, &[]).await;
        assert_eq!(again.header("cache-status"), "Kindling; hit");
        assert_eq!(again.body, first.body);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        for known in [
            tag.as_str(),
            tag.trim_start_matches("W/"),
            "\"other\", *",
            &format!("\"a\", {tag}"),
        ] {
            let unchanged = get(&server, &[("If-None-Match", known)]).await;
            assert_eq!(
                (unchanged.status, unchanged.body.len()),
                (304, 0),
                "{known}"
            );
            assert_eq!(unchanged.header("etag"), tag);
            for told_before in ["content-type", "x-content-type-options"] {
                assert_eq!(unchanged.header(told_before), "", "{unchanged:?}");
            }
        }
        change(&mut server, "Something new").await;
        let changed = get(&server, &[("If-None-Match", &tag)]).await;
        assert_eq!(changed.status, 200, "at once");
        assert!(changed.text().contains("Something new"));
        assert_ne!(changed.header("etag"), tag);
        let posted = server.query(QUERY).await;
        assert_eq!(posted.header("etag"), changed.header("etag"));
    }
}

#[tokio::test]
async fn answers_come_in_the_encoding_that_is_liked_best() {
    for (server, _folder, _database) in servers().await {
        let plain = get(&server, &[]).await;
        for (accept, encoding) in [
            ("gzip", "gzip"),
            ("br, gzip;q=0.5", "br"),
            ("zstd", "zstd"),
            ("identity", ""),
        ] {
            let encoded = get(&server, &[("Accept-Encoding", accept)]).await;
            assert_eq!(encoded.header("content-encoding"), encoding, "{accept}");
            assert_eq!(encoded.header("etag"), plain.header("etag"));
            assert!(
                encoding.is_empty() || encoded.body.len() < plain.body.len() * 3 / 4,
                "{accept}"
            );
            assert!(encoded.header("vary").contains("Accept-Encoding"));
        }
    }
}

#[tokio::test]
async fn shared_caches_are_told_for_how_long_and_what_is_in_an_answer() {
    let settings = [
        "--shared-max-age-seconds",
        "60",
        "--stale-while-revalidate-seconds",
        "30",
    ];
    for (mut server, _folder, _database) in servers_with(&settings).await {
        let answer = get(&server, &[]).await;
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=3600"
        );
        let shown = answer.json()["data"]["milestones"]["nodes"][0]["id"].clone();
        let tags: Vec<&str> = answer.header("cache-tag").split(',').collect();
        for tag in ["content", "milestone", shown.as_str().expect("an id")] {
            assert!(tags.contains(&tag), "{tag}: {tags:?}");
        }
        assert_eq!(answer.header("surrogate-key"), tags.join(" "));
        let token = server.sign_in("editor").await;
        let bearer = format!("Bearer {token}");
        let private = get(&server, &[("Authorization", &bearer)]).await;
        assert_eq!(private.header("cache-control"), "private, no-store");
        assert_eq!(
            (private.header("cache-tag"), private.header("etag")),
            ("", "")
        );
        let wrong = server
            .get(
                "/graphql?query=%7Bmilestones%28first%3A1000%29%7BtotalCount%7D%7D",
                &[],
            )
            .await;
        assert_eq!(
            (wrong.code().as_str(), wrong.header("cache-control")),
            ("BAD_INPUT", "no-store")
        );
    }
}

#[tokio::test]
async fn another_instance_shows_a_change_within_a_second_and_at_once_to_who_knows_of_it() {
    for (mut one, folder, database) in servers().await {
        let url = database.as_ref().map(|database| database.url().clone());
        let more: Vec<&str> = url
            .iter()
            .flat_map(|url| ["--database-url", url.as_str()])
            .collect();
        let two = Server::start(folder.path(), &more);
        for round in 0..5 {
            let before = get(&two, &[]).await;
            assert!(get(&two, &[]).await.header("cache-status") == "Kindling; hit");
            let title = format!("Change number {round}");
            let version = change(&mut one, &title).await;
            let known = get(&two, &[("Content-Version", &version)]).await;
            assert!(known.text().contains(&title), "at once: {before:?}");
        }
        change(&mut one, "The last one").await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert!(
            get(&two, &[]).await.text().contains("The last one"),
            "within a second"
        );
        let nonsense = get(&two, &[("Content-Version", "nonsense")]).await;
        assert_eq!(nonsense.status, 200);
    }
}
