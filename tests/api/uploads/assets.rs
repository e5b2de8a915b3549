//! Assets and their files, on both engines.

use kindling::{
    auth::{Principal, Role},
    content::{media_binding, media_sweep, types::Asset, upload::Uploads},
};
use serde_json::{Value, json};

use crate::support::{
    TestApp, account, content, editor, on_both_engines,
    pictures::{CREATE, REPLACE, gif, jpeg, png, webp},
};

/// The payload of a mutation that takes a file.
async fn send(app: &TestApp, who: &Principal, query: &str, input: Value, file: &[u8]) -> Value {
    let answer = app.send_file(who, query, input, file).await;
    let data = answer["data"]
        .as_object()
        .and_then(|data| data.values().next());
    data.filter(|data| !data.is_null())
        .cloned()
        .unwrap_or(answer)
}

fn files(app: &TestApp) -> usize {
    std::fs::read_dir(&app.app.config.media_dir)
        .expect("the store")
        .count()
}

on_both_engines! {
    async fn a_new_file_is_a_new_revision_and_the_old_one_keeps_its_own(app: TestApp) {
        let editor = editor();
        let texts = json!({"key": "spark", "locale": "es", "content": {"alternativeText": "Una chispa"}});
        let created = send(&app, &editor, CREATE, texts, &jpeg(40, 30)).await;
        let first = &created["asset"];
        assert_eq!((&first["fileName"], &first["alternativeText"]), (&json!("new.jpg"), &json!("Una chispa")));
        let input = json!({"id": first["id"], "expectedRevision": 1, "message": "A better crop"});
        let replaced = send(&app, &editor, REPLACE, input, &webp(80, 60)).await;
        let second = &replaced["asset"];
        assert_eq!(replaced["userErrors"], json!([]), "{replaced}");
        assert_eq!(
            [&second["id"], &second["revision"], &second["mediaType"], &second["width"], &second["height"]],
            [&first["id"], &json!(2), &json!("image/webp"), &json!(80), &json!(60)]
        );
        assert_ne!(second["url"], first["url"]);
        assert_ne!(second["sha256"], first["sha256"]);
        assert_eq!(files(&app), 2);
        for url in [&first["url"], &second["url"]] {
            let key = url.as_str().expect("an address").trim_start_matches("/media/");
            assert!(app.app.config.media_dir.join(key).exists());
        }
        media_binding::establish(&app.app).await.expect("a binding");
        app.app.clock.advance(chrono::TimeDelta::days(10_000));
        let swept = media_sweep::sweep_all(&app.app).await.expect("a sweep");
        assert_eq!(swept, media_sweep::Sweep::default());
        assert_eq!(files(&app), 3, "with the id of the site");
    }

    async fn two_files_for_one_revision_are_a_conflict(app: TestApp) {
        let editor = editor();
        let created = send(&app, &editor, CREATE, json!({}), &png(4, 3)).await;
        let input = json!({"id": created["asset"]["id"], "expectedRevision": 1});
        send(&app, &editor, REPLACE, input.clone(), &png(8, 6)).await;
        let second = send(&app, &editor, REPLACE, input, &gif(9, 9)).await;
        let error = &second["userErrors"][0];
        assert_eq!((&second["asset"], &error["code"]), (&Value::Null, &json!("CONFLICT")), "{second}");
        let fields: Vec<&str> = error["fields"].as_array().expect("fields").iter()
            .filter_map(|field| field["path"].as_str()).collect();
        assert!(fields.contains(&"sha256") && fields.contains(&"width"), "{fields:?}");
        assert_eq!(files(&app), 2);
    }

    async fn a_new_file_and_new_texts_for_one_revision_are_merged(app: TestApp) {
        let editor = editor();
        let created = send(&app, &editor, CREATE, json!({}), &png(4, 3)).await;
        let id = &created["asset"]["id"];
        let update = "mutation($input: UpdateAssetInput!) { updateAsset(input: $input) { userErrors { message } } }";
        let texts = json!({"input": {"id": id, "expectedRevision": 1, "content": {"alternativeText": "A spark"}}});
        let updated = app.query_as(editor.clone(), update, texts).await;
        assert_eq!(updated["data"]["updateAsset"]["userErrors"], json!([]), "{updated}");
        let input = json!({"id": id, "expectedRevision": 1});
        let replaced = send(&app, &editor, REPLACE, input, &png(8, 6)).await;
        let asset = &replaced["asset"];
        assert_eq!(
            [&asset["revision"], &asset["width"], &asset["alternativeText"]],
            [&json!(3), &json!(8), &json!("A spark")],
            "{replaced}"
        );
    }

    async fn the_file_of_a_change_that_fails_is_removed(app: TestApp) {
        let editor = editor();
        app.draft::<Asset>("taken", content::asset("taken.webp")).await;
        let taken = send(&app, &editor, CREATE, json!({"key": "taken"}), &png(4, 3)).await;
        assert_eq!(taken["userErrors"][0]["code"], "TAKEN", "{taken}");
        let nothing = json!({"id": kindling::id::entry(entity::entry::ContentType::Asset).to_string(), "expectedRevision": 1});
        let nothing = send(&app, &editor, REPLACE, nothing, &png(4, 3)).await;
        assert_eq!(nothing["userErrors"][0]["code"], "NOT_FOUND", "{nothing}");
        let page = json!({"id": kindling::id::entry(entity::entry::ContentType::Page).to_string(), "expectedRevision": 1});
        let page = send(&app, &editor, REPLACE, page, &png(4, 3)).await;
        assert_eq!(page["userErrors"][0]["code"], "NOT_FOUND", "{page}");
        assert_eq!(files(&app), 0);
    }

    async fn contributors_replace_the_files_of_their_own_assets_alone(app: TestApp) {
        let (one, other) = (account(Role::Contributor), account(Role::Contributor));
        let created = send(&app, &one, CREATE, json!({}), &png(4, 3)).await;
        let input = json!({"id": created["asset"]["id"], "expectedRevision": 1});
        let by_other = send(&app, &other, REPLACE, input.clone(), &png(8, 6)).await;
        assert_eq!(by_other["userErrors"][0]["code"], "NOT_FOUND", "{by_other}");
        assert_eq!(files(&app), 1);
        let own = send(&app, &one, REPLACE, input, &png(8, 6)).await;
        assert_eq!(own["asset"]["revision"], 2, "{own}");
    }

    async fn a_file_that_nobody_asked_for_goes_when_its_request_is_dropped(app: TestApp) {
        let mut uploads = Uploads::new(&app.app);
        let upload = uploads.expect();
        let mut receiving = uploads.receive(&editor(), "a.png").expect("a place for the file");
        receiving.add(png(4, 3).into()).await.expect("a piece");
        uploads.take(upload, receiving).await.expect("a file");
        assert_eq!(files(&app), 1);
        drop(uploads);
        for _ in 0..1_000 {
            if files(&app) == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the file is still there");
    }
}
