//! Access tokens: only those of ours that hold are taken, whatever a forger knows.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::signing_key;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kindling::{crypto::vault::Vault, database::Database};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    accounts_http::assert_refused,
    support::{config, server::Server},
};

const VIEWER: &str = "{ viewer { email } }";

/// A private key of 32 bytes as the library takes it.
pub(crate) fn pkcs8(seed: &[u8]) -> EncodingKey {
    let prefix = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    EncodingKey::from_ed_der(&[&prefix, seed].concat())
}

/// The id and the bytes of the server's key.
pub(crate) async fn signing_key(folder: &TempDir) -> (String, Vec<u8>) {
    let data_dir = folder.path().join("data").display().to_string();
    let config = config(&["--data-dir", &data_dir]);
    let database = Database::connect(config.database_url.expose(), 1).await;
    let database = database.expect("the database");
    let vault = Vault::open(&config, &database).await.expect("the vault");
    let keys = database.rows(signing_key::Entity::find()).await;
    let [key] = &keys.expect("keys")[..] else {
        panic!("not one key")
    };
    let seed = vault.open_sealed(&format!("signing_key:{}", key.id), &key.private_key);
    let seed = URL_SAFE_NO_PAD.decode(seed.expect("the key").expose());
    (key.id.clone(), seed.expect("bytes"))
}

pub(crate) fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("bytes")).expect("JSON")
}

pub(crate) fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut changed = base.clone();
    if value.is_null() {
        changed.as_object_mut().expect("an object").remove(name);
    } else {
        changed[name] = value;
    }
    changed
}

/// A token with this header and these claims, signed whatever the header says.
pub(crate) fn signed(header: &Value, claims: &Value, key: &EncodingKey) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let algorithm = Algorithm::EdDSA;
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm);
    format!("{message}.{}", signature.expect("a signature"))
}

/// Tokens with one thing about them that is not right, each with what that is, and all signed with this key.
pub(crate) fn changed(header: &Value, claims: &Value, key: &EncodingKey) -> Vec<(String, String)> {
    let mut forged = Vec::new();
    let exp = &claims["exp"];
    let past = exp.as_i64().expect("a number") - 3_600;
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!(exp.to_string())),
        ("exp", json!(past)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("iat", Value::Null),
        ("iat", json!("now")),
        ("iss", Value::Null),
        ("iss", json!("another")),
        ("iss", json!(["kindling"])),
        ("aud", Value::Null),
        ("aud", json!("another")),
        ("aud", json!(["kindling", "another"])),
        ("jti", Value::Null),
        ("jti", json!("another")),
        ("sub", Value::Null),
        ("sub", json!(kindling::id::new())),
        ("sub", json!("nobody")),
        ("sid", Value::Null),
        ("sid", json!(kindling::id::new())),
        ("sid", json!(1)),
    ] {
        let what = format!("{name} {value}");
        forged.push((what, signed(header, &with(claims, name, value), key)));
    }
    for (name, value) in [
        ("kid", Value::Null),
        ("kid", json!("another")),
        ("kid", json!(1)),
        ("kid", json!("' OR 1=1 --")),
        ("typ", Value::Null),
        ("typ", json!("JWT")),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", Value::Null),
        ("crit", json!(["exp"])),
    ] {
        let what = format!("{name} {value}");
        forged.push((what, signed(&with(header, name, value), claims, key)));
    }
    forged
}

#[tokio::test]
async fn only_tokens_of_ours_that_hold_are_taken() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = server.sign_in("editor").await;
    let (kid, seed) = signing_key(&folder).await;
    let key = pkcs8(&seed);
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(header, json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}));
    let again = signed(&header, &claims, &key);
    assert_eq!(
        server.query_as(&again, VIEWER, Value::Null).await.status,
        200,
        "the forger knows how"
    );

    let mut forged = changed(&header, &claims, &key);
    forged.push((
        "a foreign key".to_owned(),
        signed(&header, &claims, &pkcs8(&[7; 32])),
    ));
    let encoded: Vec<&str> = token.split('.').collect();
    let unsigned =
        URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "at+jwt", "kid": kid}).to_string());
    forged.push((
        "no signature".to_owned(),
        format!("{unsigned}.{}.", encoded[1]),
    ));
    forged.push((
        "the signature cut off".to_owned(),
        format!("{}.{}.", encoded[0], encoded[1]),
    ));
    forged.push((
        "two parts".to_owned(),
        format!("{}.{}", encoded[0], encoded[1]),
    ));
    forged.push(("four parts".to_owned(), format!("{token}.x")));
    forged.push(("truncated".to_owned(), token[..token.len() - 4].to_owned()));
    forged.push(("nothing".to_owned(), String::new()));
    let public =
        ed25519_dalek::SigningKey::from_bytes(&seed.try_into().expect("32 bytes")).verifying_key();
    let hs256 = Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some(kid),
        ..Header::new(Algorithm::HS256)
    };
    let confused = encode(
        &hs256,
        &claims,
        &EncodingKey::from_secret(public.as_bytes()),
    );
    forged.push((
        "HS256 with the public key".to_owned(),
        confused.expect("a token"),
    ));
    for (what, token) in forged {
        assert_refused(&server.query_as(&token, VIEWER, Value::Null).await, &what);
    }
    assert_eq!(
        server.query_as(&token, VIEWER, Value::Null).await.status,
        200
    );
}
