//! JPEG: segments, of which those of applications hold metadata, and the pixels between them.

use super::{Format, Orientation, Step, Then, be16};

const EXIF: &[u8] = b"Exif\0\0";
/// What JFIF says, and the two bytes behind it that tell the size of its thumbnail.
const JFIF_WITHOUT_THUMBNAIL: usize = 16;

/// What comes next.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Start,
    Segments,
    Pixels,
}

#[derive(Default)]
pub(super) struct Jpeg {
    place: Place,
    has_size: bool,
    has_pixels: bool,
    orientation: Orientation,
    has_exif: bool,
}

impl Format for Jpeg {
    fn step(&mut self, next: &[u8]) -> Step {
        match self.place {
            Place::Start => {
                self.place = Place::Segments;
                return Step::keep(2);
            }
            Place::Pixels => return self.pixels(next),
            Place::Segments => {}
        }
        match next {
            [] | [0xFF] => Step::More,
            [0xFF, 0xFF, ..] => Step::drop(1),
            [0xFF, 0xD9, ..] if self.has_pixels => Step::End(2),
            [0xFF, 0xC0..=0xCF | 0xDA..=0xFE, rest @ ..] => match rest {
                [a, b, ..] if be16(&[*a, *b]) >= 2 => self.segment(next[1], be16(rest) + 2, next),
                [_, _, ..] => Step::Fault,
                _ => Step::More,
            },
            _ => Step::Fault,
        }
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }
}

impl Jpeg {
    /// A segment of this length with its marker; what is needed to show the picture is kept.
    fn segment(&mut self, marker: u8, length: usize, next: &[u8]) -> Step {
        let begins_with = |name: &[u8]| {
            let needed = 4 + name.len();
            match next.get(4..needed) {
                Some(found) => Some(found == name),
                None => (length < needed).then_some(false),
            }
        };
        let kept_if = |found: Option<bool>| match found {
            None => Step::More,
            Some(true) => Step::keep(length),
            Some(false) => Step::drop(length),
        };
        match marker {
            0xE0 => match begins_with(b"JFIF\0") {
                Some(true) if length > JFIF_WITHOUT_THUMBNAIL + 2 => jfif(length, next),
                found => kept_if(found),
            },
            0xE1 if next.len() < length => Step::More,
            0xE1 => self.application(length, next),
            0xE2 => kept_if(begins_with(b"ICC_PROFILE\0")),
            0xEE => kept_if(begins_with(b"Adobe")),
            0xE3..=0xEF | 0xFE => Step::drop(length),
            0xDA => {
                self.place = Place::Pixels;
                self.has_pixels = self.has_size;
                if self.has_size {
                    Step::keep(length)
                } else {
                    Step::Fault
                }
            }
            _ => {
                let is_size =
                    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
                self.has_size |= is_size;
                Step::keep(length)
            }
        }
    }

    fn application(&mut self, length: usize, next: &[u8]) -> Step {
        let exif = next[4..length]
            .strip_prefix(EXIF)
            .filter(|_| !self.has_exif);
        let Some(exif) = exif else {
            return Step::drop(length);
        };
        self.has_exif = true;
        self.orientation = Orientation::read(exif.to_vec());
        let Some(exif) = self.orientation.to_exif() else {
            return Step::drop(length);
        };
        let body = [EXIF, &exif].concat();
        let size = u16::try_from(body.len() + 2).unwrap_or_default();
        let segment = [&[0xFF, 0xE1], &size.to_be_bytes()[..], &body].concat();
        Step::Replace(length, segment, Then::Keep(0))
    }

    /// The pixels, to the next marker that does not belong to them.
    fn pixels(&mut self, next: &[u8]) -> Step {
        let mut from = 0;
        while let Some(found) = memchr::memchr(0xFF, &next[from..]) {
            let at = from + found;
            match next.get(at + 1) {
                Some(0 | 0xD0..=0xD7) => from = at + 2,
                Some(0xFF) => from = at + 1,
                Some(_) => {
                    self.place = Place::Segments;
                    return Step::keep(at);
                }
                None if at == 0 => return Step::More,
                None => return Step::keep(at),
            }
        }
        if next.is_empty() {
            Step::More
        } else {
            Step::keep(next.len())
        }
    }
}

/// The segment without the thumbnail that may lie in it.
fn jfif(length: usize, next: &[u8]) -> Step {
    let Some(kept) = next.get(4..JFIF_WITHOUT_THUMBNAIL) else {
        return Step::More;
    };
    let segment = [b"\xFF\xE0\0\x10", kept, b"\0\0"].concat();
    Step::Replace(
        JFIF_WITHOUT_THUMBNAIL,
        segment,
        Then::Drop((length - JFIF_WITHOUT_THUMBNAIL) as u64),
    )
}
