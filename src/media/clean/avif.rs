//! AVIF: boxes. An index says where in the file each item lies; the items that are metadata are blanked there.

use std::ops::Range;

use super::{Format, Step, Then, be32};

const HEAD: usize = 8;
/// The head of a box whose length has 64 bits.
const LONG_HEAD: usize = 16;
/// The largest index that is read.
const MAX_INDEX_BYTES: usize = 1024 * 1024;

#[derive(Default)]
pub(super) struct Avif {
    /// Where in the file the next byte lies that is kept.
    at: u64,
    private: Vec<Range<u64>>,
    has_index: bool,
    has_data: bool,
    /// Whether a box has ended, or goes on to the end of the file.
    may_end: bool,
}

impl Format for Avif {
    fn step(&mut self, next: &[u8]) -> Step {
        self.may_end = next.is_empty();
        let (Some(size), Some(name)) = (next.get(..4), next.get(4..HEAD)) else {
            return Step::More;
        };
        let (length, head) = match be32(size) {
            0 => (u64::MAX, HEAD),
            1 => match Fields(next.get(HEAD..).unwrap_or_default()).number(8) {
                Some(length) => (length, LONG_HEAD),
                None => return Step::More,
            },
            length => (length as u64, HEAD),
        };
        if length < head as u64 {
            return Step::Fault;
        }
        match name {
            b"meta" => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                if length > MAX_INDEX_BYTES || head != HEAD || self.has_index || self.has_data {
                    return Step::Fault;
                }
                let Some(index) = next.get(..length) else {
                    return Step::More;
                };
                self.has_index = true;
                match private(index, self.at) {
                    Some(private) => self.private = private,
                    None => return Step::Fault,
                }
            }
            b"mdat" => self.has_data = true,
            b"uuid" | b"free" | b"skip" => {
                self.at = self.at.saturating_add(length);
                self.may_end = length == u64::MAX;
                let renamed = [size, b"free", &next[HEAD..head]].concat();
                return Step::Replace(head, renamed, Then::Blank(length - head as u64));
            }
            _ => {}
        }
        self.may_end = length == u64::MAX;
        Step::Replace(0, Vec::new(), Then::Keep(length))
    }

    fn kept(&mut self, bytes: &mut [u8]) {
        let end = self.at + bytes.len() as u64;
        for range in &self.private {
            let from = range.start.clamp(self.at, end) - self.at;
            let to = range.end.clamp(self.at, end) - self.at;
            if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
                bytes[from..to.max(from)].fill(0);
            }
        }
        self.at = end;
    }

    fn may_end(&self) -> bool {
        self.has_index && self.has_data && self.may_end
    }
}

/// Where in the file the items are that are metadata, by the index that begins at `at`. None if it cannot be read.
fn private(index: &[u8], at: u64) -> Option<Vec<Range<u64>>> {
    // The head of the box, its version and its flags.
    let boxes = boxes(index.get(12..)?)?;
    let find = |name: &[u8]| boxes.iter().find(|found| found.name == name);
    let Some(infos) = find(b"iinf") else {
        return Some(Vec::new());
    };
    let ids = metadata(infos.content)?;
    if ids.is_empty() {
        return Some(Vec::new());
    }
    let data = find(b"idat").map(|data| at + 12 + data.at as u64);
    places(find(b"iloc")?.content, &ids, data)
}

struct Found<'a> {
    name: &'a [u8],
    content: &'a [u8],
    /// Where the content begins among the boxes beside it.
    at: usize,
}

/// The boxes that lie one after the other in these bytes.
fn boxes(bytes: &[u8]) -> Option<Vec<Found<'_>>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let length = be32(bytes.get(at..at + 4)?);
        let content = bytes.get(at + HEAD..at.checked_add(length)?)?;
        found.push(Found {
            name: &bytes[at + 4..at + HEAD],
            content,
            at: at + HEAD,
        });
        at += length;
    }
    Some(found)
}

/// The ids of the items that are metadata.
fn metadata(infos: &[u8]) -> Option<Vec<u64>> {
    let count = if *infos.first()? == 0 { 2 } else { 4 };
    let mut ids = Vec::new();
    for info in boxes(infos.get(4 + count..)?)? {
        let mut fields = Fields(info.content);
        let version = fields.number(1)?;
        fields.number(3)?;
        let id = fields.number(if version >= 3 { 4 } else { 2 })?;
        fields.number(2)?;
        let name = fields.number(4)?.to_be_bytes();
        if [b"Exif", b"mime", b"uri "]
            .iter()
            .any(|metadata| name.ends_with(*metadata))
        {
            ids.push(id);
        }
    }
    Some(ids)
}

/// Where these items lie. `data` is where the data begin that lie in the index itself.
fn places(locations: &[u8], ids: &[u64], data: Option<u64>) -> Option<Vec<Range<u64>>> {
    let mut fields = Fields(locations);
    let version = fields.number(1)?;
    fields.number(3)?;
    let [sizes, more] = [fields.number(1)?, fields.number(1)?];
    let (offset_size, length_size, base_size) = (sizes >> 4, sizes & 15, more >> 4);
    let (wide, index_size) = (version >= 2, if version == 0 { 0 } else { more & 15 });
    let id_size = if wide { 4 } else { 2 };
    let mut found = Vec::new();
    for _ in 0..fields.number(id_size)? {
        let id = fields.number(id_size)?;
        let method = if version == 0 {
            0
        } else {
            fields.number(2)? & 15
        };
        fields.number(2)?;
        let base = fields.number(base_size)?;
        for _ in 0..fields.number(2)? {
            fields.number(index_size)?;
            let (offset, length) = (fields.number(offset_size)?, fields.number(length_size)?);
            if !ids.contains(&id) {
                continue;
            }
            let start = match method {
                0 => base.checked_add(offset)?,
                1 => data?.checked_add(base)?.checked_add(offset)?,
                _ => return None,
            };
            let end = if length == 0 {
                u64::MAX
            } else {
                start.checked_add(length)?
            };
            found.push(start..end);
        }
    }
    Some(found)
}

/// Numbers of so many bytes, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self, bytes: u64) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(usize::try_from(bytes).ok()?)?;
        self.0 = rest;
        Some(
            number
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }
}
