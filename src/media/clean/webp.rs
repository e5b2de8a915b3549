//! `WebP`: chunks. The head says how long they are together, and comes first: so metadata are blanked rather than left out.

use super::{Format, Orientation, Step, Then, le32};

const HEAD: usize = 8;
/// The largest Exif data that are read.
const MAX_EXIF_BYTES: usize = 64 * 1024;
const KEPT: [&[u8; 4]; 7] = [
    b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP",
];

#[derive(Default)]
pub(super) struct Webp {
    /// How many bytes of chunks are still to come; none before the head.
    left: Option<usize>,
    has_pixels: bool,
    orientation: Orientation,
}

impl Format for Webp {
    fn step(&mut self, next: &[u8]) -> Step {
        let Some(left) = self.left else {
            self.left = Some(le32(&next[4..]).saturating_sub(4));
            return Step::keep(12);
        };
        if left == 0 {
            return if self.has_pixels {
                Step::End(0)
            } else {
                Step::Fault
            };
        }
        let (Some(name), Some(length)) = (next.get(..4), next.get(4..HEAD)) else {
            return Step::More;
        };
        let length = le32(length);
        // Some writers leave out the byte that makes the length of the last chunk even.
        let padded = length.next_multiple_of(2).min(left.saturating_sub(HEAD));
        if padded < length {
            return Step::Fault;
        }
        if name == b"EXIF" && length <= MAX_EXIF_BYTES {
            let Some(exif) = next.get(HEAD..HEAD + length) else {
                return Step::More;
            };
            self.orientation =
                Orientation::read(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif).to_vec());
            let mut chunk = next[..HEAD].to_vec();
            let exif = self.orientation.to_exif();
            chunk.extend(exif.filter(|exif| exif.len() <= length).unwrap_or_default());
            chunk.resize(HEAD + length, 0);
            self.left = Some(left - HEAD - padded);
            return Step::Replace(HEAD + length, chunk, Then::Keep((padded - length) as u64));
        }
        self.left = Some(left - HEAD - padded);
        self.has_pixels |= [b"VP8 ", b"VP8L", b"ANMF"]
            .iter()
            .any(|pixels| *pixels == name);
        let then = if KEPT.iter().any(|kept| *kept == name) {
            Then::Keep(padded as u64)
        } else {
            Then::Blank(padded as u64)
        };
        Step::Replace(HEAD, next[..HEAD].to_vec(), then)
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }
}
