//! The demo content: imported through the write pipeline, as everything is.

pub mod accounts;
mod files;

use std::collections::HashMap;

use bytes::Bytes;
use entity::{asset, entry_id::EntryId};
use sea_orm::ActiveEnum;
use serde_json::{Map, Value};

use crate::{
    app::App,
    auth::Principal,
    content::{
        Content,
        types::{Asset, for_type},
        write::Change,
    },
    error::{Error, Result},
};

/// Where an entry of the demo is, by the `type:key` that its files call it.
type Known = HashMap<String, EntryId>;

/// Fills an empty database with the demo content, all of it public; returns whether it did.
pub async fn import(app: &App) -> Result<bool> {
    if !app.database.is_empty().await? {
        return Ok(false);
    }
    let mut assets = Vec::new();
    for object in objects(files::ASSETS)? {
        assets.push(stored(app, object).await?);
    }
    let mut change = Change::begin(app, Principal::System, Some("Demo content")).await?;
    let mut known = Known::new();
    for (key, asset) in assets {
        known.insert(
            format!("asset:{key}"),
            change.create::<Asset>(Some(&key), asset).await?,
        );
    }
    for (content_type, text) in files::CONTENT {
        for mut object in objects(text)? {
            let key = taken_text(&mut object, "key")?;
            object.values_mut().for_each(|value| resolve(value, &known));
            let object = Value::Object(object);
            let id = for_type!(content_type, C => create::<C>(&mut change, &key, object).await)?;
            known.insert(format!("{}:{key}", content_type.to_value()), id);
        }
    }
    change
        .publish(&known.into_values().collect::<Vec<_>>())
        .await?;
    change.seal().await?;
    Ok(true)
}

async fn create<C: Content>(change: &mut Change, key: &str, object: Value) -> Result<EntryId> {
    let content: C::Model = serde_json::from_value(object).map_err(Error::internal)?;
    change.create::<C>(Some(key), content).await
}

fn objects(text: &str) -> Result<Vec<Map<String, Value>>> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn taken_text(object: &mut Map<String, Value>, name: &str) -> Result<String> {
    match object.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(Error::internal(format!(
            "an object of the demo has no {name}"
        ))),
    }
}

/// Keeps the file of an asset, and describes it by what it holds.
async fn stored(app: &App, mut object: Map<String, Value>) -> Result<(String, asset::Model)> {
    let key = taken_text(&mut object, "key")?;
    let file_name = taken_text(&mut object, "file")?;
    let content = files::MEDIA
        .iter()
        .find(|(name, _)| *name == file_name)
        .map(|(_, content)| Bytes::from_static(content));
    let content =
        content.ok_or_else(|| Error::internal(format!("the demo has no file {file_name}")))?;
    let file = app.media.put(content).await?;
    let described: asset::Model =
        serde_json::from_value(Value::Object(object)).map_err(Error::internal)?;
    let asset = asset::Model {
        file_name,
        media_type: file.picture.media_type().to_owned(),
        bytes: file.bytes,
        width: Some(file.picture.width),
        height: Some(file.picture.height),
        sha256: file.sha256,
        storage_key: file.key,
        ..described
    };
    Ok((key, asset))
}

/// Puts ids in the place of `type:key`.
fn resolve(value: &mut Value, known: &Known) {
    match value {
        Value::String(text) => {
            if let Some(id) = known.get(text) {
                *text = id.to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| resolve(value, known)),
        _ => {}
    }
}
