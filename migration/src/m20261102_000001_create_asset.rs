//! The revisions of assets.

use crate::{content_table, sql::migration};

const COLUMNS: &str = "
    file_name {text} NOT NULL,
    media_type {text} NOT NULL,
    bytes {bigint} NOT NULL,
    width {int},
    height {int},
    sha256 {text} NOT NULL,
    storage_key {text} NOT NULL,
    alternative_text {json} NOT NULL,
    decorative {bool} NOT NULL,
    caption {json} NOT NULL,
    credit {text},
    focal_x {real},
    focal_y {real}
";

migration! {
    up: content_table::create("asset", COLUMNS) + &content_table::index("asset", &["file_name", "media_type", "bytes", "width", "height"]),
    down: "DROP TABLE asset;",
}
