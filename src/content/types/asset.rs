//! Assets: pictures, with what must be known to show them to everybody.

use async_graphql::{Context, Object, SimpleObject};
use entity::asset::{Column, Model};

use super::{
    declare::{api, content, payload, tables, update_input},
    metered::Metered,
};
use crate::{
    content::{
        Content,
        field::Field,
        filter::{IntFilter, StringFilter, filter},
        format::Format,
        input::input,
        order::order,
        scalar::Url,
        sort_key,
    },
    error::{Problem, ProblemCode, Result},
};

content!(Asset for asset);

/// The point of a picture that must stay in sight when it is cropped.
#[derive(Clone, Debug, SimpleObject)]
pub struct FocalPoint {
    /// From the left, 0 to 1.
    x: f64,
    /// From the top, 0 to 1.
    y: f64,
}

#[Object(name = "AssetFields")]
impl Asset {
    /// The file's name, for downloads.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// What the file holds, such as `image/webp`.
    async fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// The file's size in bytes.
    async fn bytes(&self) -> i32 {
        i32::try_from(self.0.bytes).unwrap_or(i32::MAX)
    }

    /// The picture's width in pixels.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    /// The picture's height in pixels.
    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    /// The file's SHA-256 in lower-case hexadecimal digits.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// What the picture shows, for those who do not see it.
    async fn alternative_text(&self) -> Option<&str> {
        self.0.text(&self.0.alternative_text)
    }

    /// Whether the picture only decorates, so that it needs no alternative text.
    async fn is_decorative(&self) -> bool {
        self.0.decorative
    }

    /// What stands below the picture.
    async fn caption(&self) -> Option<&str> {
        self.0.text(&self.0.caption)
    }

    /// Who made it.
    async fn credit(&self) -> Option<&str> {
        self.0.credit.as_deref()
    }

    /// The point that must stay in sight when the picture is cropped.
    async fn focal_point(&self) -> Option<Metered<FocalPoint>> {
        Some(Metered(FocalPoint {
            x: self.0.focal_x?,
            y: self.0.focal_y?,
        }))
    }

    /// Where the file is served; what is there never changes.
    async fn url(&self) -> Url {
        Url(self.0.media_url(&self.0.storage_key))
    }
}

/// What GraphQL's `Int` holds.
const LARGEST: f64 = 2_147_483_647.0;

impl Content for Asset {
    tables!(Asset for asset, AssetFilter, AssetOrder, AssetInput, AssetTranslationInput);
    const ABOUT: &'static str = "A picture, with what must be known to show it to everybody.";
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::text("fileName", 255, Format::Line, |row| {
            Some(&row.file_name)
        })),
        Field::required(Field::text("mediaType", 100, Format::Line, |row| {
            Some(&row.media_type)
        })),
        Field::required(Field::text("sha256", 64, Format::Line, |row| {
            Some(&row.sha256)
        })),
        Field::required(Field::text("url", 255, Format::Line, |row| {
            Some(&row.storage_key)
        })),
        Field::number("bytes", 0.0, LARGEST, |row| {
            Some(i32::try_from(row.bytes).map_or(f64::INFINITY, f64::from))
        }),
        Field::number("width", 1.0, LARGEST, |row| row.width.map(f64::from)),
        Field::number("height", 1.0, LARGEST, |row| row.height.map(f64::from)),
        Field::required_if(
            Field::localized("alternativeText", 500, Format::Line, |row| {
                &row.alternative_text
            }),
            |row| !row.decorative,
            "unless it is decorative",
        ),
        Field::localized("caption", 500, Format::Lines, |row| &row.caption),
        Field::text("credit", 200, Format::Line, |row| row.credit.as_deref()),
        Field::number("focalPoint.x", 0.0, 1.0, |row| row.focal_x),
        Field::number("focalPoint.y", 0.0, 1.0, |row| row.focal_y),
    ];
    const SORT_KEYS: &'static [fn(&mut Model)] =
        &[|row| row.file_name_sort = sort_key::of(&row.file_name)];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if row.focal_x.is_some() != row.focal_y.is_some() {
            problems.push(Problem::new(
                ProblemCode::Invalid,
                "focalPoint",
                "must have both x and y",
            ));
        }
    }
}

input!(AssetInput, AssetTranslationInput {
    value file_name: String => "fileName";
    value is_decorative: bool => "decorative";
    value credit: String => "credit";
    text alternative_text => "alternativeText";
    text caption => "caption";
    group focal_point: FocalPointInput;
});
input!(group FocalPointInput {
    value x: f64 => "focalX";
    value y: f64 => "focalY";
});
filter!(AssetFilter for asset {
    file_name: StringFilter => FileName, media_type: StringFilter => MediaType, bytes: IntFilter => Bytes,
    width: IntFilter => Width, height: IntFilter => Height
});
order!(AssetOrder by AssetOrderField for asset, default CreatedAt {
    FileName => Column::FileNameSort, |row| (&row.content.file_name_sort).into();
    MediaType => Column::MediaType, |row| (&row.content.media_type).into();
    Bytes => Column::Bytes, |row| row.content.bytes.into();
    Width => Column::Width, |row| row.content.width.into();
    Height => Column::Height, |row| row.content.height.into();
});
api!(Asset { query: AssetQuery, by: AssetBy, one: asset, many: assets, where: AssetFilter, order: AssetOrder });
payload!(Asset, asset, UpdateAssetPayload);
update_input!(Asset, UpdateAssetInput);

/// Mutations of assets.
#[derive(Default)]
pub struct AssetMutation;

#[Object]
impl AssetMutation {
    /// Saves a new revision of what is said of an asset. Its file stays.
    async fn update_asset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateAssetInput,
    ) -> Result<UpdateAssetPayload> {
        let (asset, user_errors) = Box::pin(input.run(ctx, "asset")).await?;
        Ok(UpdateAssetPayload { asset, user_errors })
    }
}
