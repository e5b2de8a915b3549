//! What visitors and editors do through a proxy.

use std::net::SocketAddr;

use reqwest::{Body, Client, ClientBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

use crate::support::{
    pictures::{BOUNDARY, CREATE, one_file, padded, png},
    server::Server,
};

/// The address that visitors come from: not that of the proxy.
const VISITOR: [u8; 4] = [127, 0, 0, 9];
const LIST: &str = "{ milestones { nodes { title bodyHtml } } }";

pub(super) struct Visitor {
    client: Client,
    /// Scheme, name and port of the proxy.
    origin: String,
    /// Scheme and name of the site, as links have them.
    public: String,
    path: &'static str,
}

impl Visitor {
    /// Finds the name at the address of the proxy, and the server below the path.
    pub(super) fn new(
        client: ClientBuilder,
        scheme: &str,
        name: &str,
        proxy: SocketAddr,
        path: &'static str,
    ) -> Self {
        let client = client
            .resolve(name, proxy)
            .local_address(Some(VISITOR.into()))
            .redirect(Policy::none())
            .no_proxy()
            .build();
        Self {
            client: client.expect("a client"),
            origin: format!("{scheme}://{name}:{}", proxy.port()),
            public: format!("https://{name}"),
            path,
        }
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self
            .client
            .get(format!("{}{}{path}", self.origin, self.path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    async fn post(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Value {
        let mut request = self
            .client
            .post(format!("{}{}/graphql", self.origin, self.path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"))
    }

    async fn query(&self, headers: &[(&str, &str)], query: &str, variables: Value) -> Value {
        let json = ("Content-Type", "application/json");
        let body = json!({"query": query, "variables": variables}).to_string();
        self.post(&[&[json], headers].concat(), body).await["data"].take()
    }

    /// All of it.
    pub(super) async fn checks(&self, server: &mut Server) {
        assert_eq!(self.get("/readyz", &[]).await.status(), 200);
        let posted = self.query(&[], LIST, Value::Null).await;
        assert!(
            posted["milestones"]["nodes"][0]["title"].is_string(),
            "{posted}"
        );
        self.checks_caching().await;
        let token = self.signs_in(server).await;
        self.checks_files(&format!("Bearer {token}")).await;
    }

    /// Answers by GET keep their encoding and their tag on the way.
    async fn checks_caching(&self) {
        let query: String = url::form_urlencoded::byte_serialize(LIST.as_bytes()).collect();
        let path = format!("/graphql?query={query}");
        let first = self.get(&path, &[("Accept-Encoding", "br")]).await;
        let header = |name: &str| first.headers()[name].to_str().expect("a text");
        assert_eq!(first.status(), 200);
        assert_eq!(header("content-encoding"), "br");
        let again = [("Accept-Encoding", "br"), ("If-None-Match", header("etag"))];
        assert_eq!(self.get(&path, &again).await.status(), 304);
    }

    /// An access token; its session is of the visitor's network, whatever the visitor writes.
    async fn signs_in(&self, server: &mut Server) -> String {
        let forged = [
            ("X-Forwarded-For", "198.51.100.7"),
            ("Forwarded", "for=198.51.100.7"),
        ];
        let input =
            json!({"email": "editor@demo.example", "password": server.demo_password("editor")});
        let sign_in =
            "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
        let signed_in = self.query(&forged, sign_in, json!({"input": input})).await;
        let token = &signed_in["signIn"]["session"]["accessToken"];
        let token = token.as_str().expect("a token").to_owned();
        let bearer = format!("Bearer {token}");
        let credentials = [("Authorization", bearer.as_str())];
        let sessions = self
            .query(&credentials, "{ sessions { network } }", Value::Null)
            .await;
        assert_eq!(sessions["sessions"], json!([{"network": "127.0.0.9/32"}]));
        token
    }

    /// A picture is uploaded and served, whole and in part; one that is too large is refused by the server, not by the proxy.
    async fn checks_files(&self, bearer: &str) {
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [("Authorization", bearer), ("Content-Type", form.as_str())];
        let picture = padded(&png(640, 480), 3 << 20);
        let form = one_file(CREATE, json!({}), "picture.png", &picture);
        let created = self.post(&headers, form).await;
        let asset = &created["data"]["createAsset"]["asset"];
        let url = asset["url"].as_str().unwrap_or_else(|| panic!("{created}"));
        let prefix = format!("{}{}", self.public, self.path);
        let path = url.strip_prefix(&prefix).unwrap_or_else(|| panic!("{url}"));
        let whole = self.get(path, &[]).await;
        assert_eq!(whole.status(), 200);
        let whole = whole.bytes().await.expect("a file");
        let part = self.get(path, &[("Range", "bytes=2-9")]).await;
        assert_eq!(part.status(), 206);
        let range = format!("bytes 2-9/{}", whole.len());
        assert_eq!(part.headers()["content-range"], range.as_str());
        assert_eq!(part.bytes().await.expect("a part"), whole[2..10]);

        let form = one_file(CREATE, json!({}), "large.png", &padded(&picture, 21 << 20));
        let refused = self.post(&headers, form).await;
        let error = &refused["data"]["createAsset"]["userErrors"][0];
        assert_eq!(error["path"], "file", "{refused}");
    }
}
