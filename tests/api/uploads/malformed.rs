//! Forms that are no GraphQL requests: a clear error, and no file.

use serde_json::json;

use super::Site;
use crate::support::pictures::{CREATE, form, one_file, png};

/// The variables of a mutation that takes one file.
fn operations() -> Vec<u8> {
    let variables = json!({"input": {"file": null, "key": "a"}});
    json!({"query": CREATE, "variables": variables})
        .to_string()
        .into_bytes()
}

/// A form with these operations, this map, and one file in a part of this name.
fn form_of(operations: &[u8], map: &[u8], part: &str, file_name: &str) -> Vec<u8> {
    form(&[
        ("operations", None, operations),
        ("map", None, map),
        (part, Some(file_name), &png(10, 10)),
    ])
}

const MAP: &[u8] = br#"{"0": ["variables.input.file"]}"#;

/// That each form is refused with this status and code, and leaves no file.
async fn assert_refused(site: &Site, expected: (u16, &str), forms: Vec<(&str, Vec<u8>)>) {
    let before = site.files();
    for (what, form) in forms {
        let answer = site.send(&form).await;
        let told = (answer.status, answer.code());
        assert_eq!((told.0, told.1.as_str()), expected, "{what}: {answer:?}");
        assert_unchanged(site, &before, what).await;
    }
    let good = site.send(&form_of(&operations(), MAP, "0", "a.png")).await;
    let good = good.json();
    assert_eq!(
        good["data"]["createAsset"]["userErrors"],
        json!([]),
        "{good}"
    );
    let log = site.server.log();
    assert!(log.iter().all(|line| line["level"] != "ERROR"), "{log:?}");
}

#[tokio::test]
async fn a_map_must_lead_from_each_file_to_a_variable_that_is_null() {
    let site = Site::start(&[]).await;
    let forms = [
        ("no JSON", "{"),
        ("a list", "[]"),
        ("texts", r#"{"0": "variables.input.file"}"#),
        ("outside the variables", r#"{"0": ["query"]}"#),
        (
            "to one of several operations",
            r#"{"0": ["0.variables.input.file"]}"#,
        ),
        ("to nothing", r#"{"0": ["variables.input.picture"]}"#),
        ("through nothing", r#"{"0": ["variables.input.file.a"]}"#),
        ("an empty path", r#"{"0": ["variables."]}"#),
        ("to the variables", r#"{"0": ["variables"]}"#),
        ("to a prototype", r#"{"0": ["variables.__proto__.file"]}"#),
        ("to a value", r#"{"0": ["variables.input.key"]}"#),
        (
            "to one place twice",
            r#"{"0": ["variables.input.file", "variables.input.file"]}"#,
        ),
        (
            "a file that does not come",
            r#"{"0": ["variables.input.file"], "1": []}"#,
        ),
        ("no file", "{}"),
        (
            "more files than ten",
            r#"{"0":[],"1":[],"2":[],"3":[],"4":[],"5":[],"6":[],"7":[],"8":[],"9":[],"10":[]}"#,
        ),
    ];
    let form = |map: &str| form_of(&operations(), map.as_bytes(), "0", "a.png");
    let forms = forms.map(|(what, map)| (what, form(map)));
    assert_refused(&site, (400, "BAD_REQUEST"), forms.into()).await;
}

#[tokio::test]
async fn a_form_has_operations_and_map_and_then_files() {
    let site = Site::start(&[]).await;
    let (own, picture) = (operations(), png(10, 10));
    let operations = ("operations", None, own.as_slice());
    let map = ("map", None, MAP);
    let file = ("0", Some("a.png"), picture.as_slice());
    let whole = form(&[operations, map, file]);
    let with = |text: &str| form_of(text.as_bytes(), MAP, "0", "a.png");
    let forms = vec![
        ("nothing", Vec::new()),
        ("no form", b"hello".to_vec()),
        ("no parts", form(&[])),
        ("no map", form(&[operations, file])),
        ("no operations", form(&[map, file])),
        ("the map first", form(&[map, operations, file])),
        ("the file first", form(&[file, operations, map])),
        ("operations that are no JSON", with("{")),
        (
            "operations that are a list",
            with(r#" [{"query": "{ __typename }"}]"#),
        ),
        ("operations without a query", with("{}")),
        ("a file that is not named", form_of(&own, MAP, "1", "a.png")),
        (
            "a file that comes twice",
            form(&[operations, map, file, file]),
        ),
        ("a part without a name", form_of(&own, MAP, "", "a.png")),
        ("NUL in a name", form_of(&own, MAP, "0", "a\0.png")),
        ("no end", whole[..whole.len() - 20].to_vec()),
        ("no end of the file", whole[..whole.len() - 60].to_vec()),
    ];
    assert_refused(&site, (400, "BAD_REQUEST"), forms).await;
}

#[tokio::test]
async fn what_is_no_file_must_be_small() {
    let site = Site::start(&["--max-body-bytes", "64KiB"]).await;
    let own = operations();
    let mut without_end = form(&[("operations", None, &own)]);
    without_end.truncate(40);
    without_end.resize(3 * 1024 * 1024, b'x');
    let large = vec![b'x'; 65 * 1024];
    let half = vec![b' '; 40 * 1024];
    let forms = vec![
        ("operations", form(&[("operations", None, &large)])),
        (
            "a map",
            form(&[("operations", None, &own), ("map", None, &large)]),
        ),
        (
            "both",
            form(&[
                ("operations", None, &[own.as_slice(), &half].concat()),
                ("map", None, &half),
            ]),
        ),
        ("the head of a part", without_end),
    ];
    assert_refused(&site, (413, "TOO_LARGE"), forms).await;
}

/// Files that had come before the mistake are removed once the answer is on its way.
async fn assert_unchanged(site: &Site, before: &[String], what: &str) {
    for _ in 0..500 {
        if site.files() == before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} left a file: {:?}", site.files());
}

#[tokio::test]
async fn a_value_that_is_no_file_is_told_at_its_field() {
    let site = Site::start(&[]).await;
    let token = site.bearer.trim_start_matches("Bearer ");
    for value in [
        json!("0"),
        json!("\u{0}"),
        json!([0]),
        json!({"number": 0}),
        json!(0),
    ] {
        let variables = json!({"input": {"file": value}});
        let answer = site.server.query_as(token, CREATE, variables).await.json();
        let errors = &answer["data"]["createAsset"]["userErrors"];
        assert_eq!(
            errors,
            &json!([{
                "code": "INVALID", "path": "file", "message": "must be sent as a file, by a multipart request"
            }]),
            "{value}: {answer}"
        );
    }
    let literal = "mutation { createAsset(input: {file: \"0\"}) { userErrors { code path } } }";
    let answer = site.server.query_as(token, literal, json!({})).await.json();
    assert_eq!(
        answer["data"]["createAsset"]["userErrors"][0]["path"], "file",
        "{answer}"
    );

    let anonymous = site
        .server
        .query_with(&[], CREATE, json!({"input": {"file": "0"}}))
        .await;
    assert_eq!(anonymous.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_file_in_the_place_of_a_text_is_refused_by_its_type() {
    let site = Site::start(&[]).await;
    let before = site.files();
    let operations = json!({
        "query": CREATE, "variables": {"input": {"file": null, "message": null, "content": {"credit": null, "fileName": null}}}
    });
    let operations = operations.to_string();
    for path in [
        "variables.input.message",
        "variables.input.content.credit",
        "variables.input.content.fileName",
    ] {
        let form = form(&[
            ("operations", None, operations.as_bytes()),
            (
                "map",
                None,
                json!({"0": ["variables.input.file", path]})
                    .to_string()
                    .as_bytes(),
            ),
            ("0", Some("a.png"), &png(10, 10)),
        ]);
        let answer = site.send(&form).await;
        let told = answer.json();
        let errors = told["data"]["createAsset"]["userErrors"].as_array();
        assert!(
            !answer.code().is_empty() || errors.is_some_and(|errors| !errors.is_empty()),
            "{path}: {told}"
        );
        assert_ne!(answer.code(), "INTERNAL", "{path}: {told}");
        assert_eq!(site.files(), before, "{path}: {told}");
    }
    let query = "mutation($file: Upload!) { signOut(input: $file) { __typename } }";
    let answer = site
        .send(&one_file(query, json!({}), "a.png", &png(10, 10)))
        .await;
    assert!(!answer.code().is_empty(), "{answer:?}");
    assert_eq!(site.files(), before);
}
