//! What requests with a preview link cost: what the link shows is found once, and only for who is within the limit.

use serde_json::json;

use crate::support::{server::Server, servers_with};

const LIMIT: [&str; 4] = [
    "--rate-limit-public-per-minute",
    "5",
    "--management-listen",
    "127.0.0.1:0",
];

/// How often a preview link's entries were found in the cache, and how often they were not.
async fn lookups(server: &mut Server) -> [f64; 2] {
    let metrics = server.managed("/metrics").await.text().to_owned();
    ["hit", "miss"].map(|event| {
        let name = format!("kindling_cache_events_total{{cache=\"previews\",event=\"{event}\"}} ");
        let mut lines = metrics.lines();
        let value = lines.find_map(|line| line.strip_prefix(&name)?.parse().ok());
        value.unwrap_or_else(|| panic!("no {name}: {metrics}"))
    })
}

#[tokio::test]
async fn what_a_link_shows_is_found_once_and_after_the_request_is_counted() {
    for (mut server, _folder, _database) in servers_with(&LIMIT).await {
        let token = server.sign_in("editor").await;
        let page = server.query("{ pages { nodes { id } } }").await.json();
        let page = &page["data"]["pages"]["nodes"][0]["id"];
        let create = "mutation($input: CreatePreviewLinkInput!) { createPreviewLink(input: $input) { token } }";
        let input = json!({"input": {"entry": page}});
        let link = server.query_as(&token, create, input).await.json();
        let link = link["data"]["createPreviewLink"]["token"]
            .as_str()
            .expect("a link")
            .to_owned();
        let before = lookups(&mut server).await;
        let mut statuses = Vec::new();
        for n in 0..9 {
            let query =
                format!("{{ pages(view: {{perspective: DRAFT}}) {{ nodes {{ a{n}: title }} }} }}");
            statuses.push(server.query_as(&link, &query, json!({})).await.status);
        }
        let within = statuses.iter().filter(|status| **status == 200).count();
        assert!((5..9).contains(&within), "{statuses:?}");
        assert_eq!(statuses[8], 429, "{statuses:?}");
        let [hits, misses] = lookups(&mut server).await;
        let looked = (hits - before[0], misses - before[1]);
        assert_eq!(
            looked,
            (f64::from(u32::try_from(within - 1).expect("a number")), 1.0)
        );
    }
}
