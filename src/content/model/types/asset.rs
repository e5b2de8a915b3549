//! Assets: pictures, with what must be known to show them to everybody.

use declare::{content_type, group};
use entity::asset::Model;

use crate::content::{scalar::Url, scope::Loaded};

/// A picture, with what must be known to show it to everybody.
#[content_type(label = file_name, is_thumbnail, without_create)]
struct Asset {
    /// The file's name, for downloads.
    #[field(max = 255, publish, filter, sort_name)]
    file_name: Line,
    /// What the file holds, such as `image/webp`.
    #[field(max = 100, publish, read_only, filter, sort)]
    media_type: Line,
    /// The file's size in bytes.
    #[field(min = 0, max = i32::MAX, required, read_only, filter, sort)]
    bytes: Integer,
    /// The picture's width in pixels.
    #[field(min = 1, max = i32::MAX, read_only, filter, sort)]
    width: Integer,
    /// The picture's height in pixels.
    #[field(min = 1, max = i32::MAX, read_only, filter, sort)]
    height: Integer,
    /// The file's SHA-256 in lower-case hexadecimal digits.
    #[field(max = 64, publish, read_only)]
    sha256: Line,
    /// What the picture shows, for those who do not see it.
    #[field(localised, max = 500, publish_when = UNLESS_DECORATIVE)]
    alternative_text: Line,
    /// Whether the picture only decorates, so that it needs no alternative text.
    #[field(column = decorative)]
    is_decorative: Flag,
    /// What stands below the picture.
    #[field(localised, max = 500)]
    caption: Lines,
    /// Who made it.
    #[field(max = 200)]
    credit: Line,
    /// The point that must stay in sight when the picture is cropped.
    focal_point: FocalPoint,
    /// Where the file is served; what is there never changes.
    #[field(max = 255, publish, read_only, column = storage_key, with = media_url)]
    url: Line,
}

/// The point of a picture that must stay in sight when it is cropped.
#[group(of = asset)]
pub struct FocalPoint {
    /// From the left, 0 to 1.
    #[field(min = 0.0, max = 1.0, required, column = focal_x)]
    x: Float,
    /// From the top, 0 to 1.
    #[field(min = 0.0, max = 1.0, required, column = focal_y)]
    y: Float,
}

const UNLESS_DECORATIVE: (fn(&Model) -> bool, &str) =
    (|row| !row.decorative, "unless it is decorative");

fn media_url(row: &Loaded<Model>) -> Url {
    Url(row.media_url(&row.storage_key))
}
