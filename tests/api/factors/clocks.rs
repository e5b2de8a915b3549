//! Second factors while the clock is set wrong for a while, and right again.

use chrono::TimeDelta;
use kindling::auth::Role;
use serde_json::json;

use super::{ANN, Person, next_step, refused};
use crate::support::{accounts::PASSWORD, on_both_engines};

on_both_engines! {
    async fn codes_are_taken_again_once_the_clock_is_right_and_each_once(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        for wrong in [TimeDelta::days(365), TimeDelta::hours(1)] {
            app.app.clock.advance(wrong);
            assert!(ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await["session"].is_object());
            app.app.clock.advance(-wrong);
            next_step(&app);
            let code = ann.totp(&app);
            let done = ann.complete(&app, json!({"totpCode": code})).await;
            assert!(done["session"].is_object(), "{done}");
            assert!(refused(&ann.complete(&app, json!({"totpCode": code})).await, "CREDENTIALS", "factor"));
            next_step(&app);
        }
    }

    async fn a_password_of_a_wrong_year_goes_with_challenges_of_now(app: TestApp) {
        let ann = Person::with_totp(&app, ANN, Role::Editor).await;
        app.app.clock.advance(TimeDelta::days(365));
        let done = ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await;
        let who = app.bearer(&done["session"]["accessToken"]).await.expect("a session");
        let input = json!({"currentPassword": PASSWORD, "password": "a lantern in seven windows"});
        app.change(&who, "changePassword", "__typename", input).await;
        let input = json!({"currentPassword": "a lantern in seven windows", "password": PASSWORD});
        app.change(&who, "changePassword", "__typename", input).await;
        app.app.clock.advance(-TimeDelta::days(365));
        next_step(&app);
        let done = ann.complete(&app, json!({"totpCode": ann.totp(&app)})).await;
        assert!(done["session"].is_object(), "{done}");
    }
}
