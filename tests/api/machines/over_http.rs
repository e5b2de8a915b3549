//! Keys for machines, asked of the real program: as the guide says, and as a forger would.

use std::collections::HashMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    access_token::{changed, part, pkcs8, signed, signing_key, with},
    accounts_http::assert_refused,
    support::{server::Server, servers},
};

const GUIDE: &str = include_str!("../../../docs/tokens.md");
const PAGES: &str = "{ pages { totalCount } }";

/// A request of the guide: whose token it sends, its body, and the answer that is shown.
struct Step {
    sender: String,
    body: String,
    answer: Value,
}

fn steps() -> Vec<Step> {
    let mut blocks = GUIDE.split("```").skip(1).step_by(2);
    let mut steps = Vec::new();
    while let Some(request) = blocks.next() {
        let request = request.strip_prefix("sh\n").expect("a request");
        let between = |start: &str, end: &str| {
            let rest = request.split(start).nth(1).expect(start);
            rest.split(end).next().expect(end).to_owned()
        };
        let answer = blocks.next().and_then(|block| block.strip_prefix("json\n"));
        steps.push(Step {
            sender: between("Bearer $", "\""),
            body: between("--data '", "'\n"),
            answer: serde_json::from_str(answer.expect("an answer")).expect("JSON"),
        });
    }
    steps
}

/// Whether an answer is the one that is shown, in which `…` stands for whatever follows. What stood there is noted by what
/// stands before it.
fn is_as_shown(shown: &Value, found: &Value, known: &mut HashMap<String, String>) -> bool {
    match (shown, found) {
        (Value::String(shown), Value::String(found)) => match shown.strip_suffix('…') {
            Some(start) if found.starts_with(start) => {
                known.insert(start.to_owned(), found.clone());
                true
            }
            Some(_) => false,
            None => shown == found,
        },
        (Value::Object(shown), Value::Object(found)) => {
            shown.len() == found.len()
                && shown.iter().all(|(name, shown)| {
                    let found = found.get(name);
                    found.is_some_and(|found| is_as_shown(shown, found, known))
                })
        }
        (Value::Array(shown), Value::Array(found)) => {
            let mut pairs = shown.iter().zip(found);
            shown.len() == found.len()
                && pairs.all(|(shown, found)| is_as_shown(shown, found, known))
        }
        (shown, found) => shown == found,
    }
}

#[tokio::test]
async fn the_guide_to_tokens_tells_what_happens() {
    let steps = steps();
    assert!(steps.len() >= 11, "{}", steps.len());
    for (mut server, _folder, _database) in servers().await {
        let session = server.sign_in("editor").await;
        let mut known: HashMap<String, String> = HashMap::new();
        for Step {
            sender,
            body,
            answer,
        } in &steps
        {
            // The guide goes on with the first secret.
            let token = match sender.as_str() {
                "SESSION" => session.clone(),
                "TOKEN" => known["TOKEN"].clone(),
                _ => known["eyJ"].clone(),
            };
            let body = known.iter().fold(body.clone(), |body, (start, found)| {
                body.replace(&format!("\"{start}…\""), &format!("\"{found}\""))
            });
            let bearer = format!("Bearer {token}");
            let headers = [
                ("Content-Type", "application/json"),
                ("Authorization", bearer.as_str()),
            ];
            let found = server.request("POST", "/graphql", &headers, &body).await;
            let is_refusal = found.status == 401;
            assert!(is_refusal || found.header("cache-control") == "private, no-store");
            let found = found.json();
            assert!(
                is_as_shown(answer, &found, &mut known),
                "{body}\n{found}\nnot {answer}"
            );
            if let Some(secret) = known.get("kdl_").cloned() {
                known.entry("TOKEN".to_owned()).or_insert(secret);
            }
        }
    }
}

async fn preview_of_the_page(server: &mut Server) -> String {
    let session = server.sign_in("editor").await;
    let page = server
        .query_as(&session, "{ pages { nodes { id } } }", Value::Null)
        .await;
    let input = json!({"input": {"entry": page.json()["data"]["pages"]["nodes"][0]["id"]}});
    let create =
        "mutation($input: CreatePreviewLinkInput!) { createPreviewLink(input: $input) { token } }";
    let made = server.query_as(&session, create, input).await.json();
    let token = made["data"]["createPreviewLink"]["token"].as_str();
    token.expect("a token").to_owned()
}

#[tokio::test]
async fn only_preview_tokens_of_ours_that_hold_are_taken() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = preview_of_the_page(&mut server).await;
    let (kid, seed) = signing_key(&folder).await;
    let key = pkcs8(&seed);
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(
        header,
        json!({"alg": "EdDSA", "typ": "preview+jwt", "kid": kid})
    );
    let again = signed(&header, &claims, &key);
    assert_eq!(
        server.query_as(&again, PAGES, Value::Null).await.status,
        200,
        "the forger knows how"
    );
    let mut forged = changed(&header, &claims, &key);
    // Preview tokens have no such claims.
    forged.retain(|(what, _)| !what.starts_with("sid") && !what.starts_with("jti"));
    let as_access = signed(&with(&header, "typ", json!("at+jwt")), &claims, &key);
    forged.push(("as an access token".to_owned(), as_access));
    let access = server.sign_in("editor").await;
    let access = signed(&header, &part(&access, 1), &key);
    forged.push(("an access token as a preview token".to_owned(), access));
    forged.push((
        "a foreign key".to_owned(),
        signed(&header, &claims, &pkcs8(&[7; 32])),
    ));
    forged.push(("truncated".to_owned(), token[..token.len() - 4].to_owned()));
    assert!(forged.len() > 25, "{}", forged.len());
    for (what, token) in forged {
        assert_refused(&server.query_as(&token, PAGES, Value::Null).await, &what);
    }
}

#[tokio::test]
async fn tokens_come_in_the_header_and_never_in_the_address() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = preview_of_the_page(&mut server).await;
    let query = "query=%7Bpages(view:%7Bperspective:DRAFT%7D)%7BtotalCount%7D%7D";
    for name in ["preview", "access_token", "token"] {
        let answer = server
            .get(&format!("/graphql?{query}&{name}={token}"), &[])
            .await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{name}");
    }
    let bearer = format!("Bearer {token}");
    let answer = server
        .get(&format!("/graphql?{query}"), &[("Authorization", &bearer)])
        .await;
    assert_eq!(answer.json()["data"]["pages"]["totalCount"], 1);
    let log = format!("{:?} {:?}", server.log(), server.printed());
    assert!(!log.contains(&token));
}
