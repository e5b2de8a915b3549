//! The one thing in Exif metadata that is needed to show a picture: how it is turned.

use exif::{In, Reader, Tag};

/// How a picture must be turned and mirrored to be shown, as Exif counts it: 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u8);

impl Default for Orientation {
    fn default() -> Self {
        Self(1)
    }
}

impl Orientation {
    /// What Exif data, which begin with the head of TIFF, say.
    pub(super) fn read(exif: Vec<u8>) -> Self {
        let exif = Reader::new().read_raw(exif);
        let orientation = exif.ok().and_then(|exif| {
            let field = exif.get_field(Tag::Orientation, In::PRIMARY)?;
            u8::try_from(field.value.get_uint(0)?).ok()
        });
        orientation
            .filter(|it| (1..=8).contains(it))
            .map_or_else(Self::default, Self)
    }

    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// Exif data that say this alone; none where it is what is shown without.
    pub(super) fn to_exif(self) -> Option<Vec<u8>> {
        const HEAD: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
        (self.0 > 1).then(|| [HEAD, &[self.0], b"\0\0\0\0\0\0"].concat())
    }
}
