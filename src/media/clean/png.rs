//! PNG: chunks, each with a check sum.

use flate2::Crc;

use super::{Format, Orientation, Step, Then, be32};

const SIGNATURE: usize = 8;
/// The length and the name of a chunk.
const HEAD: usize = 8;
const CHECK: usize = 4;
/// The largest Exif data that are read.
const MAX_EXIF_BYTES: usize = 64 * 1024;
/// Chunks beside the critical ones that are needed to show a picture: its colours, its transparency, its pixels' shape, its motion.
const KEPT: [&[u8; 4]; 15] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD",
    b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT",
];

#[derive(Default)]
pub(super) struct Png {
    has_begun: bool,
    /// The check sum of the chunk that is kept; none between chunks.
    check: Option<Crc>,
    has_pixels: bool,
    orientation: Orientation,
}

impl Format for Png {
    fn step(&mut self, next: &[u8]) -> Step {
        if !self.has_begun {
            self.has_begun = true;
            return Step::keep(SIGNATURE);
        }
        if let Some(check) = &self.check {
            let Some(told) = next.get(..CHECK) else {
                return Step::More;
            };
            if check.sum().to_be_bytes() != told {
                return Step::Fault;
            }
            self.check = None;
            return Step::Replace(CHECK, told.to_vec(), Then::Keep(0));
        }
        let (Some(length), Some(name)) = (next.get(..4), next.get(4..HEAD)) else {
            return Step::More;
        };
        let length = be32(length);
        match name {
            b"IEND" if length == 0 && self.has_pixels && next.len() >= HEAD + CHECK => {
                Step::End(HEAD + CHECK)
            }
            b"IEND" if length == 0 && self.has_pixels => Step::More,
            b"IEND" => Step::Fault,
            b"eXIf" if length <= MAX_EXIF_BYTES => self.exif(length, next),
            name if name[0].is_ascii_uppercase() || KEPT.iter().any(|kept| *kept == name) => {
                self.has_pixels |= name == b"IDAT";
                let mut check = Crc::new();
                check.update(name);
                self.check = Some(check);
                Step::Replace(HEAD, next[..HEAD].to_vec(), Then::Keep(length as u64))
            }
            _ => Step::drop(HEAD + length + CHECK),
        }
    }

    fn kept(&mut self, bytes: &mut [u8]) {
        if let Some(check) = &mut self.check {
            check.update(bytes);
        }
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }
}

impl Png {
    fn exif(&mut self, length: usize, next: &[u8]) -> Step {
        let whole = HEAD + length + CHECK;
        let Some(exif) = next
            .get(HEAD..HEAD + length)
            .filter(|_| next.len() >= whole)
        else {
            return Step::More;
        };
        self.orientation = Orientation::read(exif.to_vec());
        let chunk = self.orientation.to_exif().map(|exif| {
            let size = u32::try_from(exif.len()).unwrap_or_default();
            let named = [b"eXIf", exif.as_slice()].concat();
            let mut check = Crc::new();
            check.update(&named);
            [
                &size.to_be_bytes(),
                named.as_slice(),
                &check.sum().to_be_bytes(),
            ]
            .concat()
        });
        Step::Replace(whole, chunk.unwrap_or_default(), Then::Keep(0))
    }
}
