//! Who is told the schema.

use async_graphql::Variables;
use kindling::{
    auth::Role,
    delivery::{Delivery, Sender},
};
use serde_json::{Value, json};

use crate::support::{answer, on_both_engines};

const ASKED: [&str; 2] = [
    "{ __schema { types { name } } }",
    "{ __type(name: \"Page\") { name } }",
];

on_both_engines! {
    async fn accounts_and_their_tokens_may_introspect_everywhere_others_in_development(app: TestApp) {
        let ann = app.somebody("ann", Role::Author).await;
        let value = app.created(&ann, "Value", json!({"title": "Courage"})).await;
        let (secret, _) = app.token(&ann, &[], Some(&["PAGE"])).await;
        let (link, _) = app.link(&ann, &value, None).await;
        let production = Delivery::new(&app.in_production());
        let everybody = [
            (kindling::auth::Principal::Anonymous, false), (app.with(&link).await, false), (app.with(&secret).await, true), (ann, true),
        ];
        for (who, may) in everybody {
            for query in ASKED {
                let answer = answer(&production, query, Variables::default(), Sender::new(who.clone())).await.to_string();
                assert_eq!(answer.contains("\"Page\""), may, "{who:?}: {answer}");
                let answer = app.query_as(who.clone(), query, Value::Null).await.to_string();
                assert!(answer.contains("\"Page\""), "{who:?}: {answer}");
            }
            let answer = answer(&production, "{ pagez { id } }", Variables::default(), Sender::new(who)).await.to_string();
            assert!(!answer.contains("pages"), "no suggestions: {answer}");
        }
    }
}
