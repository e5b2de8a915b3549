//! Somebody who may look after people always stays, whatever admins do to each other, one after the other or at once.

use entity::account::{self, Role};
use kindling::{
    app::App,
    auth::{Client, Principal, people},
    error::Error,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, prelude::Uuid};

use super::{ADMIN, fault, faults};
use crate::support::on_both_engines;
use serde_json::json;

/// What somebody does to an account.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Demote,
    Promote,
    Suspend,
    Reactivate,
}

async fn admins(app: &App) -> u64 {
    let tx = app.database.begin().await.expect("a transaction");
    let admins = account::Entity::find()
        .filter(account::Column::Role.eq(Role::Admin))
        .filter(account::Column::SuspendedAt.is_null());
    admins.count(&tx).await.expect("a number")
}

async fn run(app: App, id: Uuid, deed: Deed) {
    let (client, who) = (Client::default(), Principal::System);
    let done = match deed {
        Deed::Demote => people::change_role(&app, &client, &who, id, Role::Editor).await,
        Deed::Promote => people::change_role(&app, &client, &who, id, Role::Admin).await,
        Deed::Suspend => people::suspend(&app, &client, &who, id).await,
        Deed::Reactivate => people::reactivate(&app, &client, &who, id).await,
    };
    if let Err(error) = done {
        let is_last = matches!(&error, Error::Invalid(problems) if problems[0].path == "account");
        assert!(is_last, "{deed:?}: {error:?}");
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => Just(Deed::Demote),
        1 => Just(Deed::Promote),
        3 => Just(Deed::Suspend),
        1 => Just(Deed::Reactivate),
    ]
}

on_both_engines! {
    async fn the_last_admin_stays(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        app.new_account("editor@example.org", Role::Editor).await;
        let own = json!({"account": format!("account_{}", admin.account_id().expect("an id").simple())});
        let mut demotion = own.clone();
        demotion["role"] = json!("EDITOR");
        for (name, input) in [("changeRole", demotion), ("suspendAccount", own.clone()), ("eraseAccount", own)] {
            let refused = app.change(&admin, name, "__typename", input).await;
            assert_eq!(faults(&refused), fault("INVALID", "account"), "{name}");
        }
        assert_eq!(admins(&app.app).await, 1);
        app.sign_in(ADMIN).await;
    }

    async fn whatever_admins_do_at_once_one_of_them_stays(app: TestApp) {
        let mut ids = Vec::new();
        for number in 0..3 {
            ids.push(app.new_account(&format!("{number}@example.org"), Role::Admin).await.id);
        }
        let mut runner = TestRunner::deterministic();
        let rounds = prop::collection::vec(prop::collection::vec((0..3_usize, deed()), 1..5), 40);
        let rounds = rounds.new_tree(&mut runner).expect("rounds").current();
        for round in rounds {
            let deeds: Vec<_> = round.iter().map(|(at, deed)| tokio::spawn(run(app.app.clone(), ids[*at], *deed))).collect();
            for deed in deeds {
                deed.await.expect("a deed");
            }
            assert!(admins(&app.app).await >= 1, "{round:?}");
        }
    }

    async fn of_two_admins_who_put_each_other_out_one_stays(app: TestApp) {
        for number in 0..10 {
            let a = app.new_account(&format!("a{number}@example.org"), Role::Admin).await.id;
            let b = app.new_account(&format!("b{number}@example.org"), Role::Admin).await.id;
            let deeds = [(a, Deed::Demote), (b, Deed::Suspend)].map(|(id, deed)| tokio::spawn(run(app.app.clone(), id, deed)));
            for deed in deeds {
                deed.await.expect("a deed");
            }
            assert_eq!(admins(&app.app).await, 1);
            // The one who stayed goes as soon as there are others again.
            for id in [a, b] {
                let next = app.new_account(&format!("{}@example.org", id.simple()), Role::Admin).await.id;
                run(app.app.clone(), id, Deed::Demote).await;
                run(app.app.clone(), next, Deed::Demote).await;
            }
        }
    }
}
