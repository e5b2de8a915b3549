//! The setting `oidc_providers`: who else may say who somebody is. No message repeats what was given, as it holds secrets.

use std::collections::BTreeMap;

use entity::{account::Role, secret::Secret};
use serde_json::{Map, Value};
use url::Url;

const LONGEST_ID: usize = 40;
const LONGEST_NAME: usize = 100;
/// Without this scope a provider does not say who somebody is.
const OPENID: &str = "openid";

/// An OpenID provider that accounts may be signed in with.
#[derive(Clone, Debug)]
pub struct OidcProvider {
    /// Its name in addresses.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server shows it; none for a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for, with `openid`.
    pub scopes: Vec<String>,
    /// How its claims decide on roles, if they do.
    pub role_mapping: Option<RoleMapping>,
    /// Whether somebody without an account gets one.
    pub allow_sign_up: bool,
}

/// How the claims of a provider decide on roles.
#[derive(Clone, Debug)]
pub struct RoleMapping {
    /// The claim, a text or a list of texts.
    pub claim: String,
    /// Which value gives which role.
    pub roles: BTreeMap<String, Role>,
    /// The role of those with none of the values; nothing keeps them out.
    pub default: Option<Role>,
}

impl RoleMapping {
    /// The role that a value of the claim gives: the highest of several.
    pub fn role(&self, claim: &Value) -> Option<Role> {
        let role_of = |value: &Value| self.roles.get(value.as_str()?).copied();
        let role = match claim {
            Value::Array(values) => values.iter().filter_map(role_of).max(),
            value => role_of(value),
        };
        role.or(self.default)
    }
}

/// A JSON list of providers.
pub(super) fn providers(text: &str) -> Result<Vec<OidcProvider>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("not JSON, from line {line}, column {column}")
    })?;
    let Value::Array(values) = value else {
        return Err("not a JSON list".into());
    };
    let mut providers: Vec<OidcProvider> = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        let found = Fields::of(value, format!("provider {}", at + 1)).and_then(provider)?;
        if providers.iter().any(|known| known.id == found.id) {
            return Err(format!("provider {} has an id that stands before", at + 1));
        }
        providers.push(found);
    }
    Ok(providers)
}

fn provider(mut fields: Fields) -> Result<OidcProvider, String> {
    let (id, name) = (fields.text("id")?, fields.text("name")?);
    if id.len() > LONGEST_ID || !id.bytes().all(is_of_an_id) {
        let message = "must have at most 40 characters of a-z, 0-9 and -";
        return Err(fields.wrong("id", message));
    }
    if name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(fields.wrong("name", "must have at most 100 characters on one line"));
    }
    let issuer = fields.text("issuer")?;
    if !is_issuer(&issuer) {
        let message = "must be an https URL without user, query and fragment (http only for this machine itself)";
        return Err(fields.wrong("issuer", message));
    }
    let provider = OidcProvider {
        client_id: fields.text("client_id")?,
        client_secret: fields.optional_text("client_secret")?.map(Secret::new),
        scopes: scopes(&mut fields)?,
        role_mapping: match fields.take("role_mapping") {
            None => None,
            Some(value) => {
                let place = format!("{}, role_mapping", fields.place);
                Some(mapping(Fields::of(value, place)?)?)
            }
        },
        allow_sign_up: match fields.take("allow_sign_up") {
            None => false,
            Some(Value::Bool(allow)) => allow,
            Some(_) => return Err(fields.wrong("allow_sign_up", "must be true or false")),
        },
        id,
        name,
        issuer,
    };
    if provider.allow_sign_up && provider.role_mapping.is_none() {
        let message = "needs a role_mapping, which gives new accounts their role";
        return Err(fields.wrong("allow_sign_up", message));
    }
    fields.end()?;
    Ok(provider)
}

fn is_of_an_id(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

fn is_issuer(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        is_plain && is_safe(&url)
    })
}

/// Whether what is sent to an address can be read by nobody on the way.
pub fn is_safe(url: &Url) -> bool {
    let is_local = || match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_local())
}

fn scopes(fields: &mut Fields) -> Result<Vec<String>, String> {
    let mut scopes = match fields.take("scopes") {
        None => vec!["email".to_owned(), "profile".to_owned()],
        Some(value) => texts(&value)
            .filter(|scopes| scopes.iter().all(|scope| is_scope(scope)))
            .ok_or_else(|| fields.wrong("scopes", "must be a list of words"))?,
    };
    scopes.retain(|scope| scope != OPENID);
    Ok(scopes)
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let values = value.as_array()?.iter();
    values
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn mapping(mut fields: Fields) -> Result<RoleMapping, String> {
    let claim = fields.text("claim")?;
    let Some(Value::Object(given)) = fields.take("roles") else {
        return Err(fields.wrong("roles", "must be an object from values to roles"));
    };
    let mut roles = BTreeMap::new();
    for (value, name) in given {
        let role = name.as_str().and_then(role);
        let role = role.ok_or_else(|| fields.wrong("roles", ROLES))?;
        roles.insert(value, role);
    }
    let default = match fields.take("default") {
        None => None,
        Some(value) => match value.as_str().and_then(role) {
            Some(role) => Some(role),
            None => return Err(fields.wrong("default", ROLES)),
        },
    };
    fields.end()?;
    Ok(RoleMapping {
        claim,
        roles,
        default,
    })
}

const ROLES: &str = "must give contributor, author, editor or admin";

fn role(name: &str) -> Option<Role> {
    match name {
        "contributor" => Some(Role::Contributor),
        "author" => Some(Role::Author),
        "editor" => Some(Role::Editor),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}

/// The fields of an object, taken one by one, so that what is left is a mistake.
struct Fields {
    place: String,
    left: Map<String, Value>,
}

impl Fields {
    fn of(value: Value, place: String) -> Result<Self, String> {
        match value {
            Value::Object(left) => Ok(Self { place, left }),
            _ => Err(format!("{place} is not an object")),
        }
    }

    fn wrong(&self, field: &str, message: &str) -> String {
        format!("{}: {field} {message}", self.place)
    }

    /// A field that is not null.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    fn optional_text(&mut self, field: &str) -> Result<Option<String>, String> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "must be a text")),
        }
    }

    fn text(&mut self, field: &str) -> Result<String, String> {
        let text = self.optional_text(field)?;
        text.ok_or_else(|| self.wrong(field, "is missing"))
    }

    fn end(self) -> Result<(), String> {
        match self.left.len() {
            0 => Ok(()),
            count => Err(format!(
                "{} has {count} fields that mean nothing; there are id, name, issuer, client_id, client_secret, scopes, \
                 role_mapping (with claim, roles, default) and allow_sign_up",
                self.place
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::account::Role;
    use serde_json::{Value, json};

    use super::providers;

    fn example() -> Value {
        json!({
            "id": "corp", "name": "Corp", "issuer": "https://id.example.org/", "client_id": "kindling",
            "client_secret": "sesame-sesame",
            "role_mapping": {"claim": "groups", "roles": {"admins": "admin", "all": "author"}, "default": null},
            "allow_sign_up": true
        })
    }

    #[test]
    fn the_highest_role_of_a_claim_counts() {
        let found = providers(&json!([example()]).to_string()).expect("a provider");
        let mapping = found[0].role_mapping.as_ref().expect("a mapping");
        for (claim, role) in [
            (json!(["all", "admins", "x"]), Some(Role::Admin)),
            (json!("all"), Some(Role::Author)),
            (json!(["x"]), None),
            (json!({"admins": true}), None),
            (Value::Null, None),
        ] {
            assert_eq!(mapping.role(&claim), role, "{claim}");
        }
        assert_eq!(found[0].scopes, ["email", "profile"]);
        assert!(!format!("{found:?}").contains("sesame"));
        assert!(providers("").is_ok_and(|none| none.is_empty()));
    }

    #[test]
    fn mistakes_say_where_they_are_and_repeat_nothing() {
        for (field, value, told) in [
            ("id", json!("Corp"), "provider 1: id must have"),
            ("id", Value::Null, "provider 1: id is missing"),
            (
                "issuer",
                json!("http://id.example.org"),
                "provider 1: issuer must be an https URL",
            ),
            (
                "issuer",
                json!("https://sesame@id.example.org"),
                "provider 1: issuer must",
            ),
            (
                "client_id",
                json!(7),
                "provider 1: client_id must be a text",
            ),
            (
                "scopes",
                json!("email"),
                "provider 1: scopes must be a list",
            ),
            (
                "role_mapping",
                json!({"claim": "g", "roles": {"a": "owner"}}),
                "provider 1, role_mapping: roles must give",
            ),
            (
                "role_mapping",
                Value::Null,
                "provider 1: allow_sign_up needs a role_mapping",
            ),
            (
                "sesame",
                json!(1),
                "provider 1 has 1 fields that mean nothing",
            ),
        ] {
            let mut provider = example();
            provider[field] = value;
            let mistake = providers(&json!([provider]).to_string()).expect_err("a mistake");
            assert!(mistake.starts_with(told), "{mistake}");
            assert!(!mistake.contains("sesame"), "{mistake}");
        }
        let twice = json!([example(), example()]).to_string();
        assert!(providers(&twice).is_err_and(|mistake| mistake.contains("provider 2")));
        assert!(providers("{\"sesame\"").is_err_and(|mistake| !mistake.contains("sesame")));
    }
}
