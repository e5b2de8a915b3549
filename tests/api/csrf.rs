//! What another site may have sent: nothing is done for it, whatever cookies come along.

use serde_json::{Value, json};

use crate::{
    browser_sessions::{PROOF, SIGN_OUT, VIEWER, ask, sign_in, signed_in, viewer},
    support::{browser::Browser, servers_with},
};

const SETTINGS: [&str; 4] = [
    "--public-url",
    "https://cms.example.org",
    "--cors-origins",
    "https://app.example.org,http://localhost:5173",
];

#[tokio::test]
async fn only_pages_of_own_origins_are_asked_for() {
    for (mut server, _folder, _database) in servers_with(&SETTINGS).await {
        let mut browser = signed_in(&mut server).await;
        let own = format!("http://{}", server.address);
        for (origin, is_own) in [
            (None, true),
            (Some("https://cms.example.org"), true),
            (Some("https://app.example.org"), true),
            (Some("http://localhost:5173"), true),
            (Some(own.as_str()), false),
            (Some("https://evil.example"), false),
            (Some("http://cms.example.org"), false),
            (Some("https://cms.example.org:8443"), false),
            (Some("https://cms.example.org.evil.example"), false),
            (Some("https://sub.cms.example.org"), false),
            (Some("https://CMS.example.org"), false),
            (Some("https://cms.example.org/"), false),
            (Some("https://cms.example.org https://evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("https://cms.example.org\u{e9}"), false),
        ] {
            let mut headers = vec![PROOF];
            headers.extend(origin.map(|origin| ("Origin", origin)));
            let query = "{ viewer { email } }";
            let answer = ask(&server, &mut browser, &headers, query, Value::Null).await;
            let told = (answer.status, answer.code());
            if is_own {
                assert_eq!(viewer(&answer), "editor@demo.example", "{origin:?}");
            } else {
                assert_eq!(told, (403, "CSRF".to_owned()), "{origin:?}");
                let refused = sign_in(&mut server, &mut Browser::default(), &headers).await;
                assert_eq!(
                    (refused.code().as_str(), refused.header("set-cookie")),
                    ("CSRF", "")
                );
            }
        }
        let two = [
            PROOF,
            ("Origin", "https://cms.example.org"),
            ("Origin", "https://evil.example"),
        ];
        assert_eq!(
            ask(&server, &mut browser, &two, VIEWER, Value::Null)
                .await
                .status,
            403
        );
    }
}

#[tokio::test]
async fn without_the_header_cookies_are_nobodys() {
    for (mut server, _folder, _database) in servers_with(&SETTINGS).await {
        let mut browser = signed_in(&mut server).await;
        // What is public can be read, and nothing can be done.
        let without: [&[(&str, &str)]; 6] = [
            &[],
            &[("Kindling-CSRF", "0")],
            &[("Kindling-CSRF", "")],
            &[("Kindling-CSRF", "true")],
            &[("Origin", "https://evil.example")],
            &[("Origin", "https://cms.example.org")],
        ];
        for headers in without {
            let answer = ask(&server, &mut browser, headers, VIEWER, Value::Null).await;
            assert_eq!(
                (viewer(&answer), answer.header("cache-control")),
                (Value::Null, "private, no-store"),
                "{headers:?}"
            );
            let drafts = "{ pages(view: {perspective: DRAFT}) { totalCount } }";
            let answer = ask(&server, &mut browser, headers, drafts, Value::Null).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{headers:?}");
            let mutation = "mutation { createValue(input: {content: {}}) { userErrors { code } } }";
            for query in [
                SIGN_OUT,
                mutation,
                "query A { __typename } mutation B { signOut { endedAt } }",
            ] {
                let answer = ask(&server, &mut browser, headers, query, Value::Null).await;
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (403, "CSRF"),
                    "{headers:?} {query}"
                );
            }
        }
    }
}

#[tokio::test]
async fn forms_and_scripts_that_need_not_ask_do_nothing() {
    for (mut server, _folder, _database) in servers_with(&SETTINGS).await {
        let mut browser = signed_in(&mut server).await;
        let own = format!("http://{}", server.address);
        let body = json!({"query": SIGN_OUT}).to_string();
        let form = "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"mutation{signOut{endedAt}}\"}\r\n--x--\r\n";
        let url = format!("{own}/graphql");
        for (media_type, body, status) in [
            ("text/plain", body.as_str(), 415),
            (
                "application/x-www-form-urlencoded",
                "query=mutation{signOut{endedAt}}",
                415,
            ),
            ("multipart/form-data; boundary=x", form, 415),
        ] {
            let answer = browser
                .send("POST", &url, &[("Content-Type", media_type)], body)
                .await;
            assert_eq!(answer.status, status, "{media_type}");
        }
        let form_with = [
            ("Content-Type", "multipart/form-data; boundary=x"),
            ("GraphQL-Preflight", "1"),
        ];
        let answer = browser.send("POST", &url, &form_with, form).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "CSRF"),
            "a form with files"
        );
        let by_get = format!("{own}/graphql?query=mutation%7BsignOut%7BendedAt%7D%7D");
        assert_eq!(browser.send("GET", &by_get, &[PROOF], "").await.status, 405);
        let still = ask(&server, &mut browser, &[PROOF], VIEWER, Value::Null).await;
        assert_eq!(
            viewer(&still),
            "editor@demo.example",
            "nothing has ended the session"
        );
    }
}
