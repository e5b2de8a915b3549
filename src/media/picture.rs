//! What a file is, as its content tells; its name and what others say of it do not count.

use imagesize::{Compression, ImageType};

use super::clean::Orientation;
use crate::error::{Error, ProblemCode, Result};

/// A kind of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) image_type: ImageType,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// The ending of the keys of its files.
    pub(super) ending: &'static str,
}

/// The kinds of pictures that browsers show.
pub(super) const KINDS: [Kind; 5] = [
    kind(ImageType::Jpeg, "image/jpeg", "jpg"),
    kind(ImageType::Png, "image/png", "png"),
    kind(ImageType::Webp, "image/webp", "webp"),
    kind(ImageType::Gif, "image/gif", "gif"),
    kind(ImageType::Heif(Compression::Av1), "image/avif", "avif"),
];

const fn kind(image_type: ImageType, media_type: &'static str, ending: &'static str) -> Kind {
    Kind {
        image_type,
        media_type,
        ending,
    }
}

/// A picture, as the start of its file describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub(super) kind: Kind,
    /// Its width in pixels.
    pub width: i32,
    /// Its height in pixels.
    pub height: i32,
}

/// How many bytes of a file must be enough to tell what it is: photos can have a lot before their size.
pub const START: usize = 1024 * 1024;

/// What is wrong with what is no picture, or not all of one.
pub const NO_PICTURE: &str = "must be a whole picture: JPEG, PNG, WebP, GIF or AVIF";

/// What begins with these bytes: the first [`START`] of a file, or all of it.
pub fn inspect(start: &[u8]) -> Result<Picture> {
    read(start).ok_or_else(|| Error::invalid(ProblemCode::Invalid, "file", NO_PICTURE))
}

fn read(start: &[u8]) -> Option<Picture> {
    let image_type = imagesize::image_type(start).ok()?;
    let kind = *KINDS.iter().find(|kind| kind.image_type == image_type)?;
    if !is_sound(kind.image_type, start) {
        return None;
    }
    let size = imagesize::blob_size(start).ok()?;
    let within = |pixels: usize| i32::try_from(pixels).ok().filter(|pixels| *pixels > 0);
    Some(Picture {
        kind,
        width: within(size.width)?,
        height: within(size.height)?,
    })
}

/// Whether what follows the first letters is what the kind wants there. Only the letters are a few bytes that a script can
/// begin with, too.
fn is_sound(image_type: ImageType, start: &[u8]) -> bool {
    match image_type {
        ImageType::Png => start.get(8..16) == Some(b"\0\0\0\x0dIHDR"),
        ImageType::Gif => {
            let flags = start.get(10).copied().unwrap_or_default();
            let colours = if flags & 0x80 == 0 {
                0
            } else {
                3 << ((flags & 7) + 1)
            };
            matches!(start.get(13 + colours), Some(b'!' | b','))
        }
        _ => true,
    }
}

impl Picture {
    /// The picture as browsers show it that is turned in this way.
    #[must_use]
    pub fn turned(self, orientation: Orientation) -> Self {
        if !orientation.swaps_sides() {
            return self;
        }
        Self {
            kind: self.kind,
            width: self.height,
            height: self.width,
        }
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        self.kind.media_type
    }

    /// The usual ending of the names of such files, without a point.
    pub fn ending(&self) -> &'static str {
        self.kind.ending
    }

    /// How many pixels it has.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width.unsigned_abs()) * u64::from(self.height.unsigned_abs())
    }
}
