//! The file of an asset: sent with a new one, or in place of the one before.

use async_graphql::{Context, ID, InputObject, Object};
use entity::asset::Model;
use std::sync::Arc;

use super::{
    declare::payload,
    mutation::{Circumstances, Outcome, create, outcome},
    root::{parse_id, reader},
};
use crate::{
    auth::Right,
    content::{
        Content,
        given::Given,
        input::Edit,
        model::types::asset::{Asset, AssetInput, AssetTranslationInput},
        patch::Patch,
        scalar::Locale,
        upload::{Upload, UploadedFile, Uploads, no_file},
        write::{Saving, fields_of},
    },
    error::{Error, Result},
};

payload!(Asset, asset, CreateAssetPayload);
payload!(Asset, asset, ReplaceAssetPayload);

/// A new asset, which is a draft.
#[derive(Clone, Debug, InputObject)]
pub struct CreateAssetInput {
    /// The picture: JPEG, PNG, WebP, GIF or AVIF, as its content tells. The server limits its size and its pixels.
    file: Upload,
    /// Name by which the outside world is to know the entry; unique within its type.
    key: Option<String>,
    /// The locale of the texts in `content`; the site's default locale if there is none.
    locale: Option<Given<Locale>>,
    /// What is said of the picture. Without a `fileName` the file has the name that it was sent with.
    content: Option<AssetInput>,
    /// Texts in other locales.
    translations: Option<Vec<AssetTranslationInput>>,
    /// Why, for the history.
    message: Option<String>,
}

/// Another file for an asset.
#[derive(Clone, Debug, InputObject)]
pub struct ReplaceAssetInput {
    /// The asset.
    id: ID,
    /// The revision that the change is based on. What others said of the picture since is kept; another file since is a
    /// conflict.
    expected_revision: Given<i32>,
    /// The picture: JPEG, PNG, WebP, GIF or AVIF, as its content tells. The server limits its size and its pixels.
    file: Upload,
    /// Why, for the history.
    message: Option<String>,
}

/// Mutations that take a file.
#[derive(Default)]
pub struct AssetFileMutation;

#[Object]
impl AssetFileMutation {
    /// Creates an asset of a file, a draft.
    async fn create_asset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new asset.")] input: CreateAssetInput,
    ) -> Result<CreateAssetPayload> {
        let (asset, user_errors) = Box::pin(input.run(ctx)).await?;
        Ok(CreateAssetPayload { asset, user_errors })
    }

    /// Saves a new revision of an asset with another file. Earlier revisions keep theirs.
    async fn replace_asset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The asset and its new file.")] input: ReplaceAssetInput,
    ) -> Result<ReplaceAssetPayload> {
        let (asset, user_errors) = Box::pin(input.run(ctx)).await?;
        Ok(ReplaceAssetPayload { asset, user_errors })
    }
}

impl CreateAssetInput {
    async fn run(self, ctx: &Context<'_>) -> Outcome<Asset> {
        reader(ctx)?.require::<Asset>(Right::Create)?;
        let described = match file(ctx, self.file) {
            Ok(file) => described(file),
            Err(error) => return outcome(ctx, "asset", None, Err(error)).await,
        };
        let circumstances = Circumstances {
            field: "asset",
            message: self.message,
        };
        let edit = Edit {
            locale: self.locale,
            content: self.content,
            translations: self.translations.unwrap_or_default(),
        };
        Box::pin(create(ctx, circumstances, self.key, described, edit)).await
    }
}

impl ReplaceAssetInput {
    async fn run(self, ctx: &Context<'_>) -> Outcome<Asset> {
        let reader = reader(ctx)?;
        reader.require::<Asset>(Right::Change)?;
        let changed = async {
            let id = parse_id(&self.id, "id")?;
            let saving = Saving {
                expected: self.expected_revision.at("expectedRevision")?,
                autosave: false,
            };
            let patch = patch(file(ctx, self.file)?)?;
            let mut change = reader.change(self.message.as_deref()).await?;
            change.edit::<Asset>(id, saving, patch).await?;
            Ok((change, id))
        };
        outcome(ctx, "asset", None, changed.await).await
    }
}

/// The file that a variable names.
fn file<'ctx>(ctx: &Context<'ctx>, upload: Upload) -> Result<&'ctx UploadedFile> {
    match ctx.data_opt::<Arc<Uploads>>() {
        Some(uploads) => uploads.file(upload),
        None => Err(Error::Invalid(vec![no_file()])),
    }
}

/// An asset of which nothing is known but its file.
fn described(file: &UploadedFile) -> Model {
    let stored = &file.stored;
    Model {
        file_name: file.name.clone(),
        media_type: stored.picture.media_type().to_owned(),
        bytes: stored.bytes,
        width: Some(stored.picture.width),
        height: Some(stored.picture.height),
        sha256: stored.sha256.clone(),
        storage_key: stored.key.clone(),
        ..Model::default()
    }
}

fn patch(file: &UploadedFile) -> Result<Patch> {
    let mut fields = fields_of(&described(file))?;
    let mut patch = Patch::default();
    // What editors cannot write is what the file decides, and its name goes with it.
    let decided = Asset::FIELDS.iter().filter(|field| field.is_read_only);
    let decided = decided.map(|field| field.stored_as);
    for field in decided.chain(["fileName"]) {
        patch.set(field, fields.remove(field).unwrap_or_default());
    }
    Ok(patch)
}
