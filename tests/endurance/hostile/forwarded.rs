//! Visitors behind a proxy who want to be taken for the proxy, or for nobody.

use super::Target;

const BODY: &str = r#"{"query":"{__typename}"}"#;

/// How often visitors are within the limit who send these lines.
async fn allowed(target: &Target, lines: &[u8]) -> usize {
    let mut allowed = 0;
    for _ in 0..12 {
        let length = BODY.len();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        );
        let bytes = [head.as_bytes(), lines, b"\r\n", BODY.as_bytes()].concat();
        match target.server.send(&bytes).await.status {
            200 => allowed += 1,
            429 => {}
            status => panic!("{status}: {}", lines.escape_ascii()),
        }
    }
    allowed
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_behind_a_proxy_is_exempt_who_hides_an_address() {
    let target = Target::start(&[
        "--trusted-proxies",
        "127.0.0.1/32",
        "--rate-limit-public-per-minute",
        "5",
    ])
    .await;
    assert_eq!(
        allowed(&target, b"").await,
        12,
        "the proxy itself is exempt"
    );
    let readable: [&[u8]; 8] = [
        b"X-Forwarded-For: 203.0.113.1\r\n",
        b"X-Forwarded-For: \xff, 203.0.113.2\r\n",
        b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.3:4711\r\n",
        b"X-Forwarded-For: \"[2001:db8::4]:4711\"\r\n",
        b"Forwarded: for=10.0.0.9, for=203.0.113.5;proto=https\r\n",
        b"Forwarded: for=\"[2001:db8:0:6::1]\"\r\n",
        b"Forwarded: for=203.0.113.7\r\nX-Forwarded-For: 203.0.113.7\r\n",
        b"X-Forwarded-For: 203.0.113.8, 127.0.0.1\r\n",
    ];
    for lines in readable {
        let allowed = allowed(&target, lines).await;
        // One comes again every 12 seconds.
        assert!(
            (5..12).contains(&allowed),
            "{}: {allowed}",
            lines.escape_ascii()
        );
    }
    let unreadable: [&[u8]; 9] = [
        b"X-Forwarded-For: \xff\r\n",
        b"X-Forwarded-For:\r\n",
        b"X-Forwarded-For: unknown\r\n",
        b"X-Forwarded-For: 203.0.113.1, _hidden\r\n",
        b"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: \xff\r\n",
        b"Forwarded: for=unknown\r\n",
        b"Forwarded: proto=https\r\n",
        b"Forwarded: for=10.0.0.1\r\nX-Forwarded-For: 203.0.113.1\r\n",
        b"X-Forwarded-For: 127.0.0.1\r\nForwarded: for=203.0.113.1\r\n",
    ];
    let mut all = 0;
    for lines in unreadable {
        let allowed = allowed(&target, lines).await;
        assert!(allowed < 12, "{}: {allowed}", lines.escape_ascii());
        all += allowed;
    }
    assert!(all < 40, "they share one limit, but {all} were allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_somebody_without_an_address_is_of_no_proxy() {
    let mut target = Target::start(&["--trusted-proxies", "127.0.0.1/32"]).await;
    let password = target.server.demo_password("editor");
    let query =
        "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
    let input =
        serde_json::json!({ "input": { "email": "editor@demo.example", "password": password } });
    let answer = target
        .server
        .query_with(&[("X-Forwarded-For", "unknown")], query, input);
    let answer = answer.await.json();
    let token = answer["data"]["signIn"]["session"]["accessToken"].as_str();
    let token = token.unwrap_or_else(|| panic!("{answer}")).to_owned();
    let query = "{ sessions { network } }";
    let answer = target
        .server
        .query_as(&token, query, serde_json::Value::Null)
        .await;
    assert_eq!(
        answer.json()["data"]["sessions"][0]["network"],
        "unknown",
        "{answer:?}"
    );
}
