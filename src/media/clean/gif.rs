//! GIF: blocks, each a head and sub-blocks.

use super::{Format, Step, Then};

/// Applications whose blocks are needed to show a picture: they repeat it, and tell its colours.
const KEPT: [&[u8; 11]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

#[derive(Default)]
pub(super) struct Gif {
    has_begun: bool,
    /// Whether the sub-blocks that follow are kept; none between blocks.
    keeps: Option<bool>,
    has_pixels: bool,
}

impl Format for Gif {
    fn step(&mut self, next: &[u8]) -> Step {
        if !self.has_begun {
            let Some(flags) = next.get(10) else {
                return Step::More;
            };
            self.has_begun = true;
            return Step::keep(13 + table(*flags));
        }
        if let Some(keeps) = self.keeps {
            return match next.first() {
                None => Step::More,
                Some(length) => {
                    if *length == 0 {
                        self.keeps = None;
                    }
                    let bytes = usize::from(*length) + 1;
                    if keeps {
                        Step::keep(bytes)
                    } else {
                        Step::drop(bytes)
                    }
                }
            };
        }
        match next {
            [b';', ..] if self.has_pixels => Step::End(1),
            [b',', rest @ ..] => {
                let Some(flags) = rest.get(8) else {
                    return Step::More;
                };
                self.has_pixels = true;
                // With the byte that says how the pixels are packed.
                self.block(true, 10 + table(*flags) + 1)
            }
            [b'!', 0xFF, 11, name @ ..] => {
                let Some(name) = name.get(..11) else {
                    return Step::More;
                };
                let keeps = KEPT.iter().any(|kept| *kept == name);
                self.block(keeps, 14)
            }
            [b'!', 0xFF] | [b'!'] | [] => Step::More,
            [b'!', 1 | 0xF9, ..] => self.block(true, 2),
            [b'!', ..] => self.block(false, 2),
            _ => Step::Fault,
        }
    }
}

impl Gif {
    /// The head of a block, behind which its sub-blocks follow.
    fn block(&mut self, keeps: bool, head: usize) -> Step {
        self.keeps = Some(keeps);
        let head = head as u64;
        Step::Replace(
            0,
            Vec::new(),
            if keeps {
                Then::Keep(head)
            } else {
                Then::Drop(head)
            },
        )
    }
}

/// The bytes of the table of colours that these flags tell of.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}
