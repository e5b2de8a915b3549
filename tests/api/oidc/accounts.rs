//! Which account somebody gets whom a provider knows.

use std::time::Duration;

use entity::{account, account_link, audit_event, identity};
use kindling::{
    auth::{Client, Principal, Role, audit::hold, people},
    error::Error,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    prelude::{Expr, Uuid},
};
use serde_json::{Value, json};

use super::World;
use crate::support::{TestApp, accounts::PASSWORD, on_both_engines};

fn mapping() -> Value {
    json!({
        "role_mapping": {
            "claim": "groups",
            "roles": {"admins": "admin", "editors": "editor", "writers": "contributor"},
        },
        "allow_sign_up": true,
    })
}

async fn actions(app: &TestApp) -> Vec<String> {
    let select = audit_event::Entity::find().order_by_asc(audit_event::Column::Sequence);
    let events: Vec<audit_event::Model> = app.app.database.rows(select).await.expect("events");
    events.into_iter().map(|event| event.action).collect()
}

async fn change(app: &TestApp, email: &str, column: account::Column, value: Expr) {
    let tx = app.app.database.begin().await.expect("a transaction");
    account::Entity::update_many()
        .col_expr(column, value)
        .filter(account::Column::Email.eq(email))
        .exec(&tx)
        .await
        .expect("a change");
    tx.commit().await.expect("a commit");
}

on_both_engines! {
    async fn an_account_is_known_by_a_verified_address_once_and_by_its_subject_for_ever(app: TestApp) {
        app.new_account("ann@example.org", Role::Editor).await;
        let Some(world) = World::new(app, &json!({}), &[]) else { return };
        let said = |verified: Value| json!({"email": "Ann@Example.org", "email_verified": verified, "groups": ["admins"]});
        for verified in [json!(false), json!("true"), json!(1), Value::Null] {
            world.provider.knows("ann", &said(verified.clone())).await;
            let refused = world.sign_in("ann").await;
            assert!(matches!(refused, Err("not_allowed" | "provider_failed")), "{verified}: {refused:?}");
        }
        let identities: Vec<identity::Model> = world.app.app.database.rows(identity::Entity::find()).await.expect("rows");
        assert!(identities.is_empty());

        world.provider.knows("ann", &said(json!(true))).await;
        let session = world.sign_in("ann").await.expect("a session");
        assert_eq!(session["account"]["email"], "ann@example.org");
        assert_eq!(session["account"]["role"], "EDITOR", "without a mapping, roles are none of the provider's");
        assert!(world.app.bearer(&session["accessToken"]).await.is_ok());
        // Now the subject counts, whatever the address is.
        world.provider.knows("ann", &json!({"email": "else@example.org", "email_verified": false})).await;
        assert_eq!(world.sign_in("ann").await.expect("a session")["account"], session["account"]);
        // Somebody else with the address is somebody else's account only if it is theirs, too.
        world.provider.knows("eve", &said(json!(false))).await;
        assert_eq!(world.sign_in("eve").await, Err("not_allowed"));
        assert_eq!(world.sign_in("eve").await, Err("not_allowed"), "and stays so");
        let told = actions(&world.app).await;
        let count = |action: &str| told.iter().filter(|told| *told == action).count();
        assert_eq!((count("account.identity_linked"), count("session.created")), (1, 2), "{told:?}");
        assert!(count("session.refused") >= 3, "{told:?}");
    }

    async fn whoever_has_no_account_gets_one_only_with_a_role_and_a_verified_address(app: TestApp) {
        let Some(world) = World::new(app, &mapping(), &[]) else { return };
        let said = |verified: bool, groups: &[&str]| json!({
            "email": "new@example.org", "email_verified": verified, "name": " New\n One ", "groups": groups
        });
        for claims in [said(true, &[]), said(true, &["others"]), said(false, &["editors"]), json!({"groups": ["editors"]})] {
            world.provider.knows("new", &claims).await;
            assert_eq!(world.sign_in("new").await, Err("not_allowed"), "{claims}");
        }
        world.provider.knows("new", &said(true, &["writers", "editors"])).await;
        let session = world.sign_in("new").await.expect("a session");
        assert_eq!(session["account"]["role"], "EDITOR");
        assert_eq!(session["account"]["name"], "New One");
        let told = actions(&world.app).await;
        let made = ["account.created", "account.identity_linked", "session.created"].map(str::to_owned);
        assert_eq!(told[told.len() - 3..], made, "{told:?}");
        // There is no password that would be right.
        for password in [PASSWORD, "a password of some length"] {
            let refused = world.app.try_sign_in("new@example.org", password).await;
            assert_eq!(refused["userErrors"][0]["code"], "CREDENTIALS");
        }
        assert!(world.sign_in("new").await.is_ok());
        world.provider.knows("new", &said(true, &[])).await;
        assert_eq!(world.sign_in("new").await, Err("not_allowed"), "whoever has lost all roles stays out");
    }

    async fn without_sign_up_nobody_gets_an_account(app: TestApp) {
        let Some(world) = World::new(app, &json!({}), &[]) else { return };
        let claims = json!({"email": "new@example.org", "email_verified": true, "groups": ["admins"]});
        world.provider.knows("new", &claims).await;
        assert_eq!(world.sign_in("new").await, Err("not_allowed"));
    }

    async fn a_suspended_account_is_refused_like_one_that_is_not_there(app: TestApp) {
        app.new_account("ann@example.org", Role::Editor).await;
        let Some(world) = World::new(app, &json!({}), &[]) else { return };
        world.provider.knows("ann", &json!({"email": "ann@example.org", "email_verified": true})).await;
        world.sign_in("ann").await.expect("a session");
        let now = world.app.app.clock.now();
        change(&world.app, "ann@example.org", account::Column::SuspendedAt, Expr::value(now)).await;
        assert_eq!(world.sign_in("ann").await, Err("not_allowed"));
        let none: Option<entity::Instant> = None;
        change(&world.app, "ann@example.org", account::Column::SuspendedAt, Expr::value(none)).await;
        assert!(world.sign_in("ann").await.is_ok());
    }

    async fn whoever_was_invited_and_comes_by_a_provider_has_come(app: TestApp) {
        app.new_account("ann@example.org", Role::Author).await;
        let none: Option<entity::Instant> = None;
        change(&app, "ann@example.org", account::Column::JoinedAt, Expr::value(none)).await;
        let Some(world) = World::new(app, &json!({}), &[]) else { return };
        world.provider.knows("ann", &json!({"email": "ann@example.org", "email_verified": true})).await;
        assert_eq!(world.sign_in("ann").await.expect("a session")["account"]["role"], "AUTHOR");
        let rows: Vec<account::Model> = world.app.app.database.rows(account::Entity::find()).await.expect("rows");
        assert!(rows[0].joined_at.is_some());
        assert!(actions(&world.app).await.contains(&"account.joined".to_owned()));
    }

    async fn an_invitation_is_over_when_its_account_is_joined_by_a_provider(app: TestApp) {
        let admin = app.newcomer("admin@example.org", Role::Admin).await;
        let input = json!({"email": "ann@example.org", "name": "Ann", "role": "AUTHOR"});
        let token = app.link_from(&admin, "inviteAccount", input).await;
        let Some(world) = World::new(app, &json!({}), &[]) else { return };
        world.provider.knows("ann", &json!({"email": "ann@example.org", "email_verified": true})).await;
        assert!(world.sign_in("ann").await.is_ok());
        let links = world.app.app.database.rows(account_link::Entity::find()).await;
        assert_eq!(links.expect("links"), Vec::<account_link::Model>::new());
        let input = json!({"token": token, "password": "a lantern in seven windows"});
        let late = world.app.change(&Principal::Anonymous, "acceptInvitation", "account { id }", input).await;
        assert_eq!((&late["account"], &late["userErrors"][0]["code"]), (&Value::Null, &json!("CREDENTIALS")));
    }

    async fn an_admin_stays_whatever_claims_and_other_admins_do_at_once(app: TestApp) {
        let ann = app.new_account("ann@example.org", Role::Admin).await.id;
        let bob = app.new_account("bob@example.org", Role::Admin).await.id;
        let Some(world) = World::new(app, &mapping(), &[]) else { return };
        let claims = json!({"email": "ann@example.org", "email_verified": true, "groups": "editors"});
        world.provider.knows("ann", &claims).await;
        let app = &world.app.app;
        let give = async |account: Uuid, role: Role| {
            let given = people::change_role(app, &Client::default(), &Principal::System, account, role).await;
            assert!(matches!(given, Ok(_) | Err(Error::Invalid(_))), "{given:?}");
        };
        // Neither can end before the other has begun: both need the event counter for that.
        for [first, second] in [[0, 300], [300, 0]] {
            give(ann, Role::Admin).await;
            give(bob, Role::Admin).await;
            let mut way = world.begin("one").await;
            let said = world.pass(&mut way, "ann").await;
            let held = app.database.begin().await.expect("a transaction");
            hold(&held).await.expect("the counter");
            let wait = async |time: u64| tokio::time::sleep(Duration::from_millis(time)).await;
            let demote = async { wait(first).await; give(bob, Role::Editor).await };
            let come_back = async { wait(second).await; world.finish("one", &way, &said).await };
            let release = async { wait(800).await; drop(held) };
            let ((), came, ()) = tokio::join!(demote, come_back, release);
            assert!(came.is_ok());
            let admins = account::Entity::find().filter(account::Column::Role.eq(Role::Admin));
            let admins: Vec<account::Model> = app.database.rows(admins).await.expect("accounts");
            assert_eq!(admins.len(), 1, "whoever came first went");
        }
    }

    async fn the_claims_decide_on_the_role_and_a_change_ends_other_sessions(app: TestApp) {
        app.new_account("ann@example.org", Role::Admin).await;
        app.new_account("bob@example.org", Role::Admin).await;
        let old = app.sign_in("ann@example.org").await["accessToken"].clone();
        let Some(world) = World::new(app, &mapping(), &[]) else { return };
        let said = |name: &str, group: &str| json!({
            "email": format!("{name}@example.org"), "email_verified": true, "groups": group
        });
        world.provider.knows("ann", &said("ann", "editors")).await;
        let session = world.sign_in("ann").await.expect("a session");
        assert_eq!(session["account"]["role"], "EDITOR");
        assert!(world.app.bearer(&session["accessToken"]).await.is_ok());
        assert!(world.app.bearer(&old).await.is_err(), "the session of before has ended");
        let again = world.sign_in("ann").await.expect("a session");
        assert!(world.app.bearer(&session["accessToken"]).await.is_ok(), "nothing has changed");
        assert!(world.app.bearer(&again["accessToken"]).await.is_ok());
        // Bob is the last admin now.
        world.provider.knows("bob", &said("bob", "writers")).await;
        assert_eq!(world.sign_in("bob").await.expect("a session")["account"]["role"], "ADMIN");
        world.provider.knows("ann", &said("ann", "admins")).await;
        assert_eq!(world.sign_in("ann").await.expect("a session")["account"]["role"], "ADMIN");
        assert_eq!(world.sign_in("bob").await.expect("a session")["account"]["role"], "CONTRIBUTOR");
        let told = actions(&world.app).await;
        assert_eq!(told.iter().filter(|action| *action == "account.role_changed").count(), 3, "{told:?}");
    }

    async fn several_at_once_make_one_account(app: TestApp) {
        let Some(world) = World::new(app, &mapping(), &[]) else { return };
        world.provider.knows("new", &json!({"email": "new@example.org", "email_verified": true, "groups": "editors"})).await;
        let all = futures_util::future::join_all((0..6).map(|_| world.sign_in("new"))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        let rows: Vec<account::Model> = world.app.app.database.rows(account::Entity::find()).await.expect("rows");
        let identities: Vec<identity::Model> = world.app.app.database.rows(identity::Entity::find()).await.expect("rows");
        assert_eq!((rows.len(), identities.len()), (1, 1));
    }
}
