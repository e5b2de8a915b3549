//! To where a browser may be sent: a corpus of addresses that look right, and of those that are.

use super::{is_state, return_to::is_allowed};
use crate::config::{self, Config};

/// What browsers, or careless programs, could take for the origins that are allowed.
const REFUSED: [&str; 84] = [
    "",
    " ",
    "/",
    "/admin",
    "//app.example.org",
    "//app.example.org/",
    "///app.example.org/",
    "app.example.org",
    "app.example.org/",
    "https:",
    "https:/",
    "https://",
    "https:///app.example.org/",
    "https:app.example.org",
    "https:/app.example.org/",
    "https:\\\\app.example.org\\",
    "https:/\\app.example.org/",
    "https://app.example.org\\",
    "https://app.example.org\\@evil.example/",
    "https://app.example.org\\.evil.example/",
    "https://evil.example\\app.example.org/",
    "https://evil.example/\\app.example.org",
    "https://app.example.org@evil.example/",
    "https://app.example.org:@evil.example/",
    "https://app.example.org:443@evil.example/",
    "https://app.example.org%40evil.example/",
    "https://user@app.example.org/",
    "https://user:password@app.example.org/",
    "https://@app.example.org/",
    "https://:@app.example.org/",
    "https://evil.example#@app.example.org/",
    "https://evil.example?@app.example.org/",
    "https://evil.example/https://app.example.org/",
    "https://evil.example/?https://app.example.org/",
    "https://app.example.org.evil.example/",
    "https://app.example.org.",
    "https://app.example.org./",
    "https://evilapp.example.org/",
    "https://evil.app.example.org/",
    "https://example.org/",
    "https://app.example.com/",
    "https://app.example.orgevil/",
    "https://app-example.org/",
    "https://*.example.org/",
    "http://app.example.org/",
    "HTTPS://app.example.org/",
    "https://APP.example.org/",
    "https://app.example.orG/",
    "ftp://app.example.org/",
    "wss://app.example.org/",
    "file://app.example.org/",
    "blob:https://app.example.org/1",
    "view-source:https://app.example.org/",
    "javascript:alert(1)",
    "javascript://app.example.org/%0aalert(1)",
    "JaVaScRiPt:alert(1)//https://app.example.org/",
    "data:text/html,<script>alert(1)</script>",
    "data://app.example.org/,x",
    "vbscript:msgbox(1)",
    "https://app.example.org:443/",
    "https://app.example.org:444/",
    "https://app.example.org:80/",
    "https://app.example.org:/",
    "https://app.example.org:0443/",
    "https://app.example.org:x/",
    "http://localhost/",
    "http://localhost:5174/",
    "http://127.0.0.1:5173/",
    "http://[::1]:5173/",
    "https://аpp.example.org/",
    "https://app.example.оrg/",
    "https://app。example.org/",
    "https://app.example.org\u{ff0f}evil.example/",
    "https://ａpp.example.org/",
    "https://xn--pp-6kc.example.org/",
    " https://app.example.org/",
    "https://app.example.org /",
    "https://app.example.org/ x",
    "\thttps://app.example.org/",
    "https://app.exam\nple.org/",
    "https://app.example.org/\r\nSet-Cookie: a=1",
    "https://app.example.org/\0",
    "https%3A%2F%2Fapp.example.org/",
    "https://app.example.org/#fragment",
];

/// What is allowed, whatever follows the origin.
const ALLOWED: [&str; 10] = [
    "https://app.example.org",
    "https://app.example.org/",
    "https://app.example.org?from=https://evil.example/",
    "https://app.example.org/signed-in?next=%2Fadmin&x=1",
    "https://app.example.org//evil.example/",
    "https://app.example.org/@evil.example",
    "https://cms.example.org/",
    "https://cms.example.org/somewhere/else",
    "http://localhost:5173/",
    "http://localhost:5173/javascript:alert(1)",
];

fn settings(flags: &[&str]) -> Config {
    let matches = clap::Command::new("kindling").args(config::args());
    let matches = matches.get_matches_from([&["kindling"], flags].concat());
    Config::load(&matches, &config::Environment::new()).expect("settings")
}

#[test]
fn a_browser_is_sent_to_exact_origins_only() {
    let config = settings(&[
        "--public-url",
        "https://cms.example.org/kindling",
        "--cors-origins",
        "https://app.example.org,http://localhost:5173",
    ]);
    for address in REFUSED {
        assert!(!is_allowed(&config, address), "{address:?}");
    }
    for address in ALLOWED {
        assert!(is_allowed(&config, address), "{address:?}");
    }
    let long = format!("https://app.example.org/{}", "a".repeat(2_000));
    assert!(!is_allowed(&config, &long));
    let open = settings(&[
        "--public-url",
        "https://cms.example.org",
        "--cors-origins",
        "*",
    ]);
    assert!(is_allowed(&open, "https://cms.example.org/"));
    assert!(
        !is_allowed(&open, "https://app.example.org/"),
        "* sends nobody anywhere"
    );
}

#[test]
fn a_state_can_stand_in_an_address() {
    for (state, right) in [
        ("a", true),
        ("aZ0-._~", true),
        ("", false),
        ("a&challenge=kdc_x", false),
        ("a#b", false),
        ("a%20", false),
        ("ä", false),
    ] {
        assert_eq!(is_state(state), right, "{state:?}");
    }
    assert!(is_state(&"a".repeat(512)) && !is_state(&"a".repeat(513)));
}
