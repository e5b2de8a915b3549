//! Who a provider says that somebody is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::account::Role;
use serde_json::{Map, Value};

use crate::config::OidcProvider;

/// The longest subject that the specification allows, in characters of ASCII.
const LONGEST_SUBJECT: usize = 255;
const LONGEST_NAME: usize = 200;

/// What a provider says, by names.
pub(super) type Claims = Map<String, Value>;

/// Somebody, as far as a provider knows them.
pub(super) struct Person {
    /// What the provider calls them, for ever.
    pub(super) subject: String,
    /// The e-mail address; only one that the provider has verified.
    pub(super) email: Option<String>,
    /// What others may be shown; may be empty.
    pub(super) name: String,
    /// What the settings make of the claims.
    pub(super) role: GivenRole,
}

/// What the settings make of the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenRole {
    /// Roles are no matter of the provider.
    None,
    /// Whoever has these claims has this role.
    This(Role),
    /// Whoever has these claims stays out.
    KeptOut,
}

/// The claims of an ID token whose signature holds.
pub(super) fn of_id_token(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Whether the ID token leaves out what the provider may say elsewhere.
pub(super) fn are_incomplete(provider: &OidcProvider, claims: &Claims) -> bool {
    let mapping = provider.role_mapping.as_ref();
    let lacks_role = mapping.is_some_and(|mapping| !claims.contains_key(&mapping.claim));
    lacks_role || !claims.contains_key("email")
}

/// Fills in what the ID token has left out. An address and whether it is verified come from one place.
pub(super) fn fill_in(provider: &OidcProvider, claims: &mut Claims, mut more: Claims) {
    if claims.contains_key("email") {
        more.remove("email");
        more.remove("email_verified");
    } else {
        claims.remove("email_verified");
    }
    let mapped = provider.role_mapping.as_ref();
    let mapped = mapped.map(|mapping| mapping.claim.as_str());
    let wanted = ["email", "email_verified", "name", "preferred_username"];
    for name in wanted.into_iter().chain(mapped) {
        if let Some(value) = more.remove(name) {
            claims.entry(name).or_insert(value);
        }
    }
}

/// Whom the claims are about; nobody if they do not say so.
pub(super) fn person(provider: &OidcProvider, claims: &Claims) -> Option<Person> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let subject = text("sub").filter(|subject| is_subject(subject))?;
    // Only the literal true: some providers let anybody write any address, and say so in other ways.
    let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
    let role = match &provider.role_mapping {
        None => GivenRole::None,
        Some(mapping) => {
            let claim = claims.get(&mapping.claim).unwrap_or(&Value::Null);
            mapping
                .role(claim)
                .map_or(GivenRole::KeptOut, GivenRole::This)
        }
    };
    let name = text("name").or_else(|| text("preferred_username"));
    Some(Person {
        subject: subject.to_owned(),
        email: text("email").filter(|_| is_verified).map(str::to_owned),
        name: on_one_line(name.unwrap_or_default()),
        role,
    })
}

fn is_subject(text: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii() && !byte.is_ascii_control();
    (1..=LONGEST_SUBJECT).contains(&text.len()) && text.bytes().all(is_right)
}

fn on_one_line(name: &str) -> String {
    let name = name.chars().filter(|c| !c.is_control());
    let name: String = name.take(LONGEST_NAME).collect();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Claims, GivenRole, fill_in, person};
    use crate::config::{OidcProvider, RoleMapping};

    fn provider() -> OidcProvider {
        OidcProvider {
            id: "corp".to_owned(),
            name: "Corp".to_owned(),
            issuer: "https://id.example.org".to_owned(),
            client_id: "kindling".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            role_mapping: Some(RoleMapping {
                claim: "groups".to_owned(),
                roles: std::collections::BTreeMap::default(),
                default: None,
            }),
            allow_sign_up: false,
        }
    }

    fn claims(value: Value) -> Claims {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn an_address_counts_if_it_is_verified_literally() {
        for (verified, counts) in [
            (json!(true), true),
            (json!(false), false),
            (json!("true"), false),
            (json!(1), false),
            (Value::Null, false),
        ] {
            let claims =
                claims(json!({"sub": "1", "email": "a@example.org", "email_verified": verified}));
            let person = person(&provider(), &claims).expect("somebody");
            assert_eq!(person.email.is_some(), counts, "{verified}");
            assert_eq!(person.role, GivenRole::KeptOut);
        }
    }

    #[test]
    fn an_address_and_its_verification_come_from_one_place() {
        let mut said = claims(json!({"sub": "1", "email": "a@example.org"}));
        let more = json!({"sub": "1", "email": "b@example.org", "email_verified": true, "groups": ["x"], "aud": "y"});
        fill_in(&provider(), &mut said, claims(more.clone()));
        assert_eq!(
            Value::Object(said),
            json!({"sub": "1", "email": "a@example.org", "groups": ["x"]})
        );
        let mut said = claims(json!({"sub": "1", "email_verified": true}));
        fill_in(
            &provider(),
            &mut said,
            claims(json!({"sub": "1", "email": "b@example.org"})),
        );
        assert_eq!(
            Value::Object(said),
            json!({"sub": "1", "email": "b@example.org"})
        );
    }

    #[test]
    fn nobody_is_without_a_subject() {
        for subject in [
            json!(""),
            json!("a\n"),
            json!("ä"),
            json!(1),
            json!("x".repeat(256)),
            Value::Null,
        ] {
            assert!(
                person(&provider(), &claims(json!({"sub": subject}))).is_none(),
                "{subject}"
            );
        }
    }
}
