//! Takes out of pictures what nobody needs to show them, while they arrive: positions, names, serial numbers, thumbnails. The
//! pixels are not touched. A truncated picture is an error.

mod avif;
mod exif;
mod gif;
mod jpeg;
mod png;
mod webp;

use imagesize::ImageType;

pub use self::exif::Orientation;
use super::picture::KINDS;

/// The most bytes that a step waits for.
const MAX_BUFFERED_BYTES: usize = 1024 * 1024;
/// How many bytes tell the kind of a picture.
const SIGNATURE: usize = 24;

/// What is to be done with the bytes of a picture that come next.
enum Step {
    /// The step needs more bytes.
    More,
    /// So many of them are replaced, and then something is done with those that follow.
    Replace(usize, Vec<u8>, Then),
    /// So many of them are the end. What follows is no part of the picture.
    End(usize),
    /// They are no part of such a picture.
    Fault,
}

impl Step {
    /// Keeps so many bytes as they are.
    fn keep(bytes: usize) -> Self {
        Self::Replace(0, Vec::new(), Then::Keep(bytes as u64))
    }

    /// Leaves so many bytes out.
    fn drop(bytes: usize) -> Self {
        Self::Replace(0, Vec::new(), Then::Drop(bytes as u64))
    }
}

/// What is done with the next bytes, so many of them.
#[derive(Clone, Copy)]
enum Then {
    Keep(u64),
    /// Zeros stand in their place.
    Blank(u64),
    Drop(u64),
}

/// A kind of pictures.
trait Format: Send {
    /// What is to be done with what comes next.
    fn step(&mut self, next: &[u8]) -> Step;

    /// Sees the bytes that are kept as they are, and may change them.
    fn kept(&mut self, _bytes: &mut [u8]) {}

    /// Whether the picture may end here.
    fn may_end(&self) -> bool {
        false
    }

    /// Returns the orientation that the metadata give.
    fn orientation(&self) -> Orientation {
        Orientation::default()
    }
}

/// A picture that is arriving.
pub struct Cleaner {
    format: Option<Box<dyn Format>>,
    /// What no step has taken.
    buffer: Vec<u8>,
    then: Then,
    has_ended: bool,
}

/// What is wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPicture;

impl Default for Cleaner {
    fn default() -> Self {
        Self {
            format: None,
            buffer: Vec::new(),
            then: Then::Keep(0),
            has_ended: false,
        }
    }
}

impl Cleaner {
    /// Takes the next piece, and appends to `clean` what is to be kept.
    pub fn push(&mut self, piece: &[u8], clean: &mut Vec<u8>) -> Result<(), NoPicture> {
        if self.has_ended {
            return Ok(());
        }
        self.buffer.extend_from_slice(piece);
        if self.format.is_none() && self.buffer.len() >= SIGNATURE {
            self.format = format_of(&self.buffer);
            if self.format.is_none() {
                return Err(NoPicture);
            }
        }
        let taken = self.take(clean)?;
        self.buffer.drain(..taken);
        if self.buffer.len() > MAX_BUFFERED_BYTES {
            return Err(NoPicture);
        }
        Ok(())
    }

    /// How the picture is turned, if it has come to its end.
    pub fn finish(&self) -> Result<Orientation, NoPicture> {
        let format = self.format.as_ref().ok_or(NoPicture)?;
        let may_end = || self.buffer.is_empty() && format.may_end();
        if self.has_ended || may_end() {
            Ok(format.orientation())
        } else {
            Err(NoPicture)
        }
    }

    /// Takes as much of the buffer as can be told; returns how much.
    fn take(&mut self, clean: &mut Vec<u8>) -> Result<usize, NoPicture> {
        let Some(format) = &mut self.format else {
            return Ok(0);
        };
        let mut at = 0;
        loop {
            let (Then::Keep(left) | Then::Blank(left) | Then::Drop(left)) = &mut self.then;
            let next = &self.buffer[at..];
            let now = usize::try_from(*left).map_or(next.len(), |left| left.min(next.len()));
            *left -= now as u64;
            let is_over = *left == 0;
            match self.then {
                Then::Keep(_) => {
                    let from = clean.len();
                    clean.extend_from_slice(&next[..now]);
                    format.kept(&mut clean[from..]);
                }
                Then::Blank(_) => clean.resize(clean.len() + now, 0),
                Then::Drop(_) => {}
            }
            at += now;
            if !is_over {
                return Ok(at);
            }
            match format.step(&self.buffer[at..]) {
                Step::More => return Ok(at),
                Step::Replace(taken, by, then) => {
                    clean.extend_from_slice(&by);
                    at += taken;
                    self.then = then;
                }
                Step::End(taken) => {
                    clean.extend_from_slice(&self.buffer[at..at + taken]);
                    self.has_ended = true;
                    return Ok(self.buffer.len());
                }
                Step::Fault => return Err(NoPicture),
            }
        }
    }
}

fn format_of(start: &[u8]) -> Option<Box<dyn Format>> {
    let kind = imagesize::image_type(start).ok()?;
    KINDS.iter().find(|known| known.image_type == kind)?;
    Some(match kind {
        ImageType::Jpeg => Box::new(jpeg::Jpeg::default()),
        ImageType::Png => Box::new(png::Png::default()),
        ImageType::Gif => Box::new(gif::Gif::default()),
        ImageType::Webp => Box::new(webp::Webp::default()),
        _ => Box::new(avif::Avif::default()),
    })
}

fn be16(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(2)
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

fn be32(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

fn le32(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(4)
        .rev()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}
