//! Another e-mail address: confirmed by whoever reads its mail, told to the old one, and telling nobody who has which.

use kindling::auth::{Principal, Role};
use serde_json::json;

use super::{ADMIN, ANN, fault, faults, id_of};
use crate::support::{
    accounts::PASSWORD,
    mail::{Sink, token_in},
    on_both_engines,
};

const NEW: &str = "ann.meyer@example.org";

on_both_engines! {
    async fn an_address_is_changed_by_whoever_reads_its_mail(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        let ann = app.newcomer(ANN, Role::Editor).await;
        let token = app.sign_in(ANN).await["accessToken"].clone();
        let input = json!({"newEmail": " Ann.Meyer@example.org", "password": "not her password"});
        assert_eq!(faults(&app.change(&ann, "requestEmailChange", "requestedAt", input).await), fault("CREDENTIALS", "password"));
        let input = json!({"newEmail": " Ann.Meyer@example.org", "password": PASSWORD});
        let asked = app.change(&ann, "requestEmailChange", "requestedAt", input).await;
        assert_eq!(asked["requestedAt"], "2026-05-01T12:00:00Z", "{asked}");
        app.work().await;
        let (link, notice) = (sink.mail(1), sink.mail(2));
        assert_eq!((&link["to"], &notice["to"]), (&json!([NEW]), &json!([ANN])));
        assert!(!notice["text"].as_str().expect("a text").contains('#'));
        let mail = link["text"].as_str().expect("a text");
        assert!(mail.contains("https://cms.example.org/email-change#kdi_"), "{mail}");
        let input = json!({"token": token_in(mail)});
        let nobody = Principal::Anonymous;
        let changed = app.change(&nobody, "confirmEmailChange", "account { email }", input.clone()).await;
        assert_eq!(changed["account"]["email"], NEW);
        assert!(app.bearer(&token).await.is_err(), "sessions end");
        assert!(app.try_sign_in(ANN, PASSWORD).await["session"].is_null());
        assert!(!app.try_sign_in(NEW, PASSWORD).await["session"].is_null());
        assert_eq!(faults(&app.change(&nobody, "confirmEmailChange", "account { id }", input).await), fault("CREDENTIALS", "token"));
        app.work().await;
        assert_eq!((&sink.mail(3)["to"], &sink.mail(3)["subject"]), (&json!([ANN]), &json!("Your account at Kindling has another address")));
    }

    async fn the_answer_does_not_tell_whether_an_address_is_taken(app: TestApp) {
        let Some(sink) = Sink::start() else { return };
        let app = app.sending_to(sink.port);
        let ann = app.newcomer(ANN, Role::Editor).await;
        app.new_account("bob@example.org", Role::Author).await;
        let ask = async |email: &str| app.change(&ann, "requestEmailChange", "requestedAt", json!({"newEmail": email, "password": PASSWORD})).await;
        assert_eq!(ask("bob@example.org").await, ask("free@example.org").await);
        app.work().await;
        let to: Vec<_> = [sink.mail(1), sink.mail(2), sink.mail(3)].iter().map(|mail| mail["to"][0].clone()).collect();
        assert_eq!((to, sink.mails().len()), (vec![json!(ANN), json!("free@example.org"), json!(ANN)], 3));
    }

    async fn without_mail_an_admin_hands_the_link_over(app: TestApp) {
        let admin = app.newcomer(ADMIN, Role::Admin).await;
        let ann = app.new_account(ANN, Role::Author).await;
        let own = app.change(&admin, "requestEmailChange", "requestedAt", json!({"newEmail": NEW, "password": PASSWORD})).await;
        assert_eq!(faults(&own), fault("INVALID", ""));
        let of = |email: &str| json!({"account": id_of(&ann), "newEmail": email});
        assert_eq!(faults(&app.change(&admin, "createEmailChangeLink", "link", of(ADMIN)).await), fault("TAKEN", "newEmail"));
        assert_eq!(faults(&app.change(&admin, "createEmailChangeLink", "link", of("ann")).await), fault("INVALID", "newEmail"));
        let token = app.link_from(&admin, "createEmailChangeLink", of(NEW)).await;
        // Somebody else gets the address before the link is used.
        app.new_account(NEW, Role::Author).await;
        let nobody = Principal::Anonymous;
        let late = app.change(&nobody, "confirmEmailChange", "account { id }", json!({ "token": token })).await;
        assert_eq!(faults(&late), fault("TAKEN", "email"));
        let token = app.link_from(&admin, "createEmailChangeLink", of("a.m@example.org")).await;
        let changed = app.change(&nobody, "confirmEmailChange", "account { email }", json!({ "token": token })).await;
        assert_eq!(changed["account"]["email"], "a.m@example.org");
    }
}
