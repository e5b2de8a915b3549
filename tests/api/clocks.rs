//! Clocks that are set wrong for a while, and right again: nobody is kept out, nothing waits or holds for longer than its rule
//! says, and keys sign on.

use chrono::TimeDelta;
use entity::{job, refresh_token, session, signing_key};
use kindling::{
    auth::{Client, Principal, Role, sign_in::sign_in},
    crypto::{Secret, keys::Keys},
    error::Error,
    idempotency::Claim,
    worker::Worker,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};
use serde_json::{Value, json};

use crate::{
    refreshing::refresh,
    support::{TestApp, accounts::PASSWORD, on_both_engines},
};

const ANN: &str = "ann@example.org";
/// A wrong year, and an hour that comes twice.
const AHEAD: [TimeDelta; 2] = [TimeDelta::days(365), TimeDelta::hours(1)];

fn advance(app: &TestApp, by: TimeDelta) {
    app.app.clock.advance(by);
}

async fn work(app: &TestApp) {
    Worker::new(&app.app).step().await;
}

/// Sets the clock right. What lies ahead by less than it lives is no longer told from what is new once its time has come: the
/// worker, which looks each second, has bounded it by then.
async fn set_right(app: &TestApp, wrong: TimeDelta) {
    advance(app, -wrong);
    if wrong == AHEAD[1] {
        work(app).await;
    }
}

async fn holds(app: &TestApp, token: &Value) -> bool {
    match app.bearer(token).await {
        Ok(_) => true,
        Err(Error::Unauthenticated) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// What an attempt at a password comes to: the time that it must wait, if it must.
async fn attempt(app: &TestApp, password: &str) -> Option<TimeDelta> {
    match sign_in(&app.app, &Client::default(), ANN, Secret::new(password)).await {
        Err(Error::TooManyAttempts(wait)) => Some(wait),
        Ok(_) | Err(Error::Invalid(_)) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// The payload of `acceptInvitation`.
async fn accept(app: &TestApp, token: &str) -> Value {
    let input = json!({"token": token, "password": "a lantern in seven windows"});
    app.change(
        &Principal::Anonymous,
        "acceptInvitation",
        "account { id }",
        input,
    )
    .await
}

async fn keys(app: &TestApp) -> Vec<signing_key::Model> {
    let tx = app.app.database.begin().await.expect("a transaction");
    signing_key::Entity::find().all(&tx).await.expect("keys")
}

async fn rotate(app: &TestApp, at_once: bool) {
    let tx = app.app.database.begin().await.expect("a transaction");
    let rotated = app
        .app
        .crypto
        .keys
        .rotate(&tx, app.app.clock.now(), at_once)
        .await;
    rotated.expect("a key");
    tx.commit().await.expect("a commit");
}

/// The id of the key that signs now.
async fn signs(app: &TestApp) -> String {
    let token = app.sign_in(ANN).await["accessToken"].clone();
    assert!(holds(app, &token).await);
    let token = Secret::new(token.as_str().expect("a token"));
    kindling::crypto::jwt::key_id(&token, kindling::crypto::jwt::KIND).expect("a key")
}

on_both_engines! {
    async fn a_right_password_waits_no_longer_than_any_other(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        for wrong in AHEAD {
            advance(&app, wrong);
            for _ in 0..17 {
                if let Some(wait) = attempt(&app, "not her password at all").await {
                    advance(&app, wait);
                    attempt(&app, "not her password at all").await;
                }
            }
            advance(&app, -wrong - TimeDelta::hours(1));
            let wait = attempt(&app, PASSWORD).await.expect("the wait that was left");
            assert!(wait <= TimeDelta::minutes(15), "{wait}");
            assert_eq!(attempt(&app, PASSWORD).await, Some(wait), "it does not begin anew each time");
            advance(&app, wait);
            assert_eq!(attempt(&app, PASSWORD).await, None);
            assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_object());
        }
    }

    async fn sessions_go_on_and_hold_no_longer_than_others(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        for (wrong, worked) in AHEAD.into_iter().zip([false, true]) {
            let before = app.sign_in(ANN).await;
            advance(&app, wrong);
            let [first, second, third] = [app.sign_in(ANN).await, app.sign_in(ANN).await, app.sign_in(ANN).await];
            let spent = refresh(&app, &second["refreshToken"]).await["session"].clone();
            advance(&app, -wrong);
            if worked {
                work(&app).await;
            }
            let next = refresh(&app, &first["refreshToken"]).await;
            assert!(holds(&app, &next["session"]["accessToken"]).await, "{next}");
            assert!(refresh(&app, &before["refreshToken"]).await["session"].is_object(), "what began before goes on, too");
            assert!(holds(&app, &third["accessToken"]).await, "it is not over yet");
            assert!(holds(&app, &spent["accessToken"]).await);
            assert!(refresh(&app, &second["refreshToken"]).await["session"].is_null());
            assert!(!holds(&app, &spent["accessToken"]).await, "a token that comes again is stolen, and no retry for a year");
            advance(&app, TimeDelta::minutes(16));
            assert!(!holds(&app, &third["accessToken"]).await, "it lives for fifteen minutes");
            advance(&app, TimeDelta::days(30));
            assert!(refresh(&app, &third["refreshToken"]).await["session"].is_null(), "and for thirty days");
        }
    }

    async fn what_was_confirmed_ahead_is_not_fresh(app: TestApp) {
        for wrong in AHEAD {
            advance(&app, wrong);
            let email = format!("{}@example.org", wrong.num_hours());
            let admin = app.newcomer(&email, Role::Admin).await;
            advance(&app, -wrong);
            let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }";
            let input = json!({"input": {"name": "A machine", "scopes": []}});
            let answer = app.query_as(admin, create, input).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "PASSWORD_REQUIRED", "{answer}");
        }
    }

    async fn keys_of_a_wrong_year_sign_on_and_go_with_the_next_one(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        for at_once in [true, false] {
            advance(&app, TimeDelta::days(365));
            rotate(&app, at_once).await;
            advance(&app, -TimeDelta::days(365));
            signs(&app).await;
            rotate(&app, false).await;
            let newest = keys(&app).await.into_iter().max_by_key(|key| key.active_at).expect("a key").id;
            assert_ne!(signs(&app).await, newest, "it is shown first");
            advance(&app, TimeDelta::minutes(11));
            assert_eq!(signs(&app).await, newest);
            advance(&app, TimeDelta::days(3));
            work(&app).await;
            let left: Vec<_> = keys(&app).await.into_iter().map(|key| key.id).collect();
            assert_eq!(left, [newest], "the others do not stay for a year");
        }
    }

    async fn a_first_key_of_a_wrong_year_signs(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        let tx = app.app.database.begin().await.expect("a transaction");
        signing_key::Entity::delete_many().exec(&tx).await.expect("no keys");
        tx.commit().await.expect("a commit");
        advance(&app, TimeDelta::days(365));
        Keys::open(&app.app.database, &app.app.crypto.vault, app.app.clock.now()).await.expect("a key");
        advance(&app, -TimeDelta::days(365));
        signs(&app).await;
        assert_eq!(app.app.crypto.keys.public(app.app.clock.now()).await.expect("keys")["keys"].as_array().map(Vec::len), Some(1));
    }

    async fn links_hold_for_their_time_from_when_the_clock_is_right(app: TestApp) {
        app.newcomer("admin@example.org", Role::Admin).await;
        for (at, wrong) in AHEAD.into_iter().enumerate() {
            advance(&app, wrong);
            let token = app.sign_in("admin@example.org").await["accessToken"].clone();
            let admin = app.bearer(&token).await.expect("an admin");
            let mut links = Vec::new();
            for number in 0..2 {
                let input = json!({"email": format!("{at}-{number}@example.org"), "name": "Invited", "role": "AUTHOR"});
                links.push(app.link_from(&admin, "inviteAccount", input).await);
            }
            set_right(&app, wrong).await;
            advance(&app, TimeDelta::hours(71));
            assert!(accept(&app, &links[0]).await["account"].is_object());
            advance(&app, TimeDelta::hours(1));
            assert!(accept(&app, &links[1]).await["account"].is_null());
        }
    }

    async fn preview_links_and_rotated_secrets_end_as_they_should(app: TestApp) {
        app.newcomer("admin@example.org", Role::Admin).await;
        for wrong in AHEAD {
            advance(&app, wrong);
            let token = app.sign_in("admin@example.org").await["accessToken"].clone();
            let admin = app.bearer(&token).await.expect("an admin");
            let value = app.created(&admin, "Value", json!({"title": "Own"})).await;
            let input = json!({"entry": value, "expiresInSeconds": 3_600});
            let link = app.change(&admin, "createPreviewLink", "token", input).await["token"].clone();
            let input = json!({"name": "A machine", "scopes": []});
            let made = app.change(&admin, "createApiToken", "secret apiToken { id }", input).await;
            let input = json!({"id": made["apiToken"]["id"], "overlapSeconds": 60});
            let rotated = app.change(&admin, "rotateApiToken", "secret", input).await;
            set_right(&app, wrong).await;
            assert!(holds(&app, &link).await && holds(&app, &made["secret"]).await);
            advance(&app, TimeDelta::hours(1));
            assert!(!holds(&app, &link).await);
            advance(&app, TimeDelta::days(7));
            assert!(!holds(&app, &made["secret"]).await, "no overlap is longer than a week");
            assert!(holds(&app, &rotated["secret"]).await, "it has no end");
        }
    }

    async fn idempotency_keys_are_kept_for_a_day(app: TestApp) {
        let account = app.new_account(ANN, Role::Editor).await;
        let claim = |key: &str| Claim::new((account.id, None), key, &["one"]);
        for (at, wrong) in AHEAD.into_iter().enumerate() {
            let key = at.to_string();
            advance(&app, wrong);
            claim(&key).keep(&app.app, "the answer").await.expect("kept");
            set_right(&app, wrong).await;
            assert_eq!(claim(&key).answer(&app.app).await.expect("an answer").as_deref(), Some("the answer"));
            advance(&app, TimeDelta::hours(24));
            assert_eq!(claim(&key).answer(&app.app).await.expect("none any more"), None);
            claim(&key).keep(&app.app, "another").await.expect("kept");
        }
    }

    async fn autosaves_of_a_wrong_year_begin_no_series_for_a_year(app: TestApp) {
        let who = crate::support::editor();
        let save = async |id: &str, revision: i64| {
            let input = json!({"id": id, "expectedRevision": revision, "content": {"title": revision.to_string()}, "autosave": true});
            let payload = app.done(&who, "updateMilestone", input, "milestone { revision }").await;
            payload["milestone"]["revision"].as_i64().expect("a number")
        };
        for wrong in AHEAD {
            let id = app.created(&who, "Milestone", json!({"date": "2008", "title": "One"})).await;
            advance(&app, wrong);
            save(&id, 1).await;
            advance(&app, -wrong);
            save(&id, 2).await;
            advance(&app, TimeDelta::minutes(6));
            save(&id, 3).await;
            let history = format!("{{ history(id: \"{id}\") {{ nodes {{ number }} }} }}");
            let answer = app.query_as_editor(&history).await;
            assert_eq!(answer["data"]["history"]["nodes"].as_array().map(Vec::len), Some(4), "{answer}");
        }
    }

    async fn the_worker_writes_down_what_no_moment_may_exceed(app: TestApp) {
        app.new_account(ANN, Role::Editor).await;
        advance(&app, TimeDelta::days(365));
        app.sign_in(ANN).await;
        let tx = app.app.database.begin().await.expect("a transaction");
        let now = app.app.clock.now();
        let waiting = job::Model {
            id: Uuid::from_u128(1), name: "mail".to_owned(), key: None, payload: String::new(), created_at: now, due_at: now,
            attempts: 0, lease: None, beat: 0, failed_at: Some(now), error: None,
        };
        job::Entity::insert(sea_orm::IntoActiveModel::into_active_model(waiting)).exec_without_returning(&tx).await.expect("a mail");
        tx.commit().await.expect("a commit");
        let mut worker = Worker::new(&app.app);
        worker.step().await;
        advance(&app, -TimeDelta::days(365));
        worker.step().await;
        let now = app.app.clock.now();
        let tx = app.app.database.begin().await.expect("a transaction");
        let sessions = session::Entity::find().all(&tx).await.expect("sessions");
        assert!(sessions.iter().all(|row| row.expires_at <= now + TimeDelta::days(30) && row.last_seen_at <= now && row.password_at < now));
        let tokens = refresh_token::Entity::find().all(&tx).await.expect("tokens");
        assert!(tokens.iter().all(|row| row.expires_at <= now + TimeDelta::days(30)));
        let mails = job::Entity::find().filter(job::Column::Name.eq("mail")).all(&tx).await.expect("mails");
        assert!(mails.iter().all(|row| row.failed_at <= Some(now) && row.created_at <= now) && mails.len() == 1, "{mails:?}");
        assert!(!sessions.is_empty() && !tokens.is_empty());
        drop(tx);
        app.forget_jobs().await;
    }
}
