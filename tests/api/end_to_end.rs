//! The life of a story over real HTTP, on both engines: signed in twice, changed by two, published, looked back at,
//! taken back, and erased.

use serde_json::{Value, json};

use crate::support::{server::Server, servers};

const ERRORS: &str = "userErrors { __typename code path ... on ConflictError { latestRevision fields { path base theirs yours } } }";

/// Somebody at work: a server, and a token for it.
struct Editor<'a> {
    server: &'a Server,
    token: String,
}

impl Editor<'_> {
    async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.server.query_as(&self.token, query, variables).await;
        assert_eq!(answer.header("cache-control"), "private, no-store");
        let answer = answer.json();
        assert!(answer["errors"].is_null(), "{query}: {answer:#}");
        answer["data"].clone()
    }

    /// What a mutation gives back.
    async fn change(&self, mutation: &str, input_type: &str, input: Value, fields: &str) -> Value {
        let query = format!(
            "mutation($input: {input_type}!) {{ payload: {mutation}(input: $input) {{ {fields} {ERRORS} }} }}"
        );
        self.ask(&query, json!({ "input": input })).await["payload"].clone()
    }

    async fn done(&self, mutation: &str, input_type: &str, input: Value, fields: &str) -> Value {
        let payload = self.change(mutation, input_type, input, fields).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation}");
        payload
    }
}

#[tokio::test]
async fn a_story_is_edited_by_two_published_looked_back_at_taken_back_and_erased() {
    for (mut server, _folder, _database) in servers().await {
        let tokens = [
            server.sign_in("editor").await,
            server.sign_in("admin").await,
        ];
        let [ana, ben] = tokens.map(|token| Editor {
            server: &server,
            token,
        });
        let (page, revision) = edited_by_two(&ana, &ben).await;
        let then = published(&ana, &page, revision).await;
        taken_back(&ana, &page, &then).await;
        erased(&ben, &page).await;
    }
}

/// A page of which two change different things, and then the same; its id and its revision.
async fn edited_by_two(ana: &Editor<'_>, ben: &Editor<'_>) -> (String, i64) {
    let section =
        json!({"content": {"anchor": "start", "layout": "STATEMENT", "heading": "Here we start"}});
    let section = ana
        .done(
            "createStorySection",
            "CreateStorySectionInput",
            section,
            "storySection { id }",
        )
        .await;
    let page = json!({
        "content": {"slug": "a-new-page", "title": "New", "sections": {"set": [section["storySection"]["id"]]}},
        "translations": [{"locale": "es", "title": "Nueva"}],
    });
    let page = ana
        .done(
            "createPage",
            "CreatePageInput",
            page,
            "page { id revision status }",
        )
        .await;
    assert_eq!(
        (&page["page"]["revision"], &page["page"]["status"]),
        (&json!(1), &json!("DRAFT"))
    );
    let id = page["page"]["id"].as_str().expect("an id").to_owned();
    let change = |revision: i64, content: Value| json!({"id": id, "expectedRevision": revision, "content": content});
    let update = "UpdatePageInput";
    ana.done(
        "updatePage",
        update,
        change(1, json!({"title": "Brand new"})),
        "page { id }",
    )
    .await;
    let merged = ben
        .done(
            "updatePage",
            update,
            change(1, json!({"tagline": "And merged"})),
            "page { revision title tagline }",
        )
        .await;
    assert_eq!(
        merged["page"],
        json!({"revision": 3, "title": "Brand new", "tagline": "And merged"})
    );
    let clash = ben
        .change(
            "updatePage",
            update,
            change(1, json!({"title": "Newest"})),
            "page { id }",
        )
        .await;
    let error = &clash["userErrors"][0];
    assert_eq!(
        (&error["__typename"], &error["latestRevision"]),
        (&json!("ConflictError"), &json!(3))
    );
    assert_eq!(
        error["fields"],
        json!([{"path": "title.en", "base": "New", "theirs": "Brand new", "yours": "Newest"}])
    );
    (id, 3)
}

/// Published with what it shows; returns the moment.
async fn published(ana: &Editor<'_>, page: &str, revision: i64) -> String {
    let input =
        json!({"entries": [{"id": page, "expectedRevision": revision}], "withDependencies": true});
    let fields = "entries { id status publishedAt }";
    let payload = ana
        .done("publishEntries", "PublishEntriesInput", input, fields)
        .await;
    let entries = payload["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry["status"] == "PUBLISHED"));
    let query = "{ page(by: {slug: \"a-new-page\"}) { title sections { heading } } }";
    let answer = ana.server.query(query).await.json();
    assert_eq!(
        answer["data"]["page"],
        json!({"title": "Brand new", "sections": [{"heading": "Here we start"}]})
    );
    let entry = entries.iter().find(|entry| entry["id"] == page);
    entry.expect("the page")["publishedAt"]
        .as_str()
        .expect("a moment")
        .to_owned()
}

/// Published once more, read as it was, and restored.
async fn taken_back(ana: &Editor<'_>, page: &str, then: &str) {
    let target = json!({"entries": [{"id": page}]});
    let change = json!({"id": page, "expectedRevision": 3, "message": "Bolder", "content": {"title": "Loud"}});
    ana.done("updatePage", "UpdatePageInput", change, "page { id }")
        .await;
    ana.done(
        "publishEntries",
        "PublishEntriesInput",
        target,
        "entries { id }",
    )
    .await;
    let query = "query($id: ID!, $then: ID!) {
        then: node(id: $then) { ... on Page { title } }
        now: node(id: $id) { ... on Page { title } }
        history(id: $id) { nodes { number message savedBy { name } isPublished } }
        diff(id: $id, from: 3, to: 4) { changes { path before after } }
    }";
    let looked = ana
        .ask(query, json!({"id": page, "then": format!("{page}~{then}")}))
        .await;
    assert_eq!(
        (&looked["then"]["title"], &looked["now"]["title"]),
        (&json!("Brand new"), &json!("Loud"))
    );
    let newest = json!({"number": 4, "message": "Bolder", "savedBy": {"name": "Demo editor"}, "isPublished": true});
    assert_eq!(looked["history"]["nodes"][0], newest);
    assert_eq!(
        looked["diff"]["changes"],
        json!([{"path": "title.en", "before": "Brand new", "after": "Loud"}])
    );
    let input = json!({"id": page, "revision": 3, "expectedRevision": 4});
    let restored = ana
        .done(
            "restoreRevision",
            "RestoreRevisionInput",
            input,
            "entry { revision status ... on Page { title } }",
        )
        .await;
    assert_eq!(
        restored["entry"],
        json!({"revision": 5, "status": "CHANGED", "title": "Brand new"})
    );
}

async fn erased(ben: &Editor<'_>, page: &str) {
    let target = json!({"entries": [{"id": page}]});
    let gone = ben
        .done(
            "archiveEntries",
            "RemoveEntriesInput",
            target.clone(),
            "entries { status }",
        )
        .await;
    assert_eq!(gone["entries"], json!([{"status": "ARCHIVED"}]));
    let trash = "{ entries(where: {status: [ARCHIVED]}) { nodes { id } } }";
    assert_eq!(
        ben.ask(trash, json!({})).await["entries"]["nodes"],
        json!([{"id": page}])
    );
    ben.done(
        "restoreEntries",
        "EntriesInput",
        target.clone(),
        "entries { status }",
    )
    .await;
    ben.done(
        "archiveEntries",
        "RemoveEntriesInput",
        target.clone(),
        "entries { status }",
    )
    .await;
    let erased = ben
        .done("eraseEntries", "RemoveEntriesInput", target, "erasedIds")
        .await;
    assert_eq!(erased["erasedIds"], json!([page]));
    let query = "query($id: ID!) { history(id: $id) { totalCount } events(first: 1, where: {entry: $id}) { totalCount nodes { action } } }";
    let after = ben.ask(query, json!({"id": page})).await;
    assert_eq!(after["history"], json!(null));
    assert_eq!(
        after["events"]["nodes"],
        json!([{"action": "entry.erased"}])
    );
    assert_eq!(after["events"]["totalCount"], 12);
}
