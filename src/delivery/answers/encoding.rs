//! What an answer may be encoded in, so that less of it has to travel.

use std::io::{self, Write};

use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use flate2::{Compression, write::GzEncoder};

/// An encoding, in the order in which they are preferred where a client likes several as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
    /// Gzip.
    Gzip,
}

/// Good and quick, as each answer is encoded once.
const BROTLI_QUALITY: i32 = 6;
const ZSTD_LEVEL: i32 = 9;
const BUFFER: usize = 16 * 1024;

impl Encoding {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
    const ALL: [Self; Self::COUNT] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The one to take for a client that sends this `Accept-Encoding`; none if the plain bytes are as welcome.
    pub fn accepted(header: &str) -> Option<Self> {
        let weight = |name: &str| {
            let mut found = None;
            for item in header.split(',') {
                let mut parts = item.split(';').map(str::trim);
                let token = parts.next().unwrap_or_default();
                let weight = parts
                    .find_map(|part| part.strip_prefix("q="))
                    .unwrap_or("1");
                let weight = weight.parse().unwrap_or(0_f32);
                if token.eq_ignore_ascii_case(name) {
                    return weight;
                }
                if token == "*" {
                    found = Some(weight);
                }
            }
            found.unwrap_or(0.0)
        };
        let mut best = None;
        let mut most = 0.0;
        for encoding in Self::ALL {
            let weight = weight(encoding.name());
            if weight > most {
                (best, most) = (Some(encoding), weight);
            }
        }
        best
    }

    /// The bytes in this encoding.
    pub(super) fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli => brotli(bytes),
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Self::Gzip => gzip(bytes),
        }
    }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoded = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut writer = CompressorWriter::with_params(&mut encoded, BUFFER, &parameters);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(encoded)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(bytes)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Encoding;

    #[test]
    fn the_encoding_is_the_one_that_the_client_likes_best() {
        for (header, expected) in [
            ("gzip, deflate, br, zstd", Some(Encoding::Brotli)),
            ("gzip, deflate", Some(Encoding::Gzip)),
            ("br;q=0.5, gzip;q=0.8", Some(Encoding::Gzip)),
            ("br;q=0, gzip", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Brotli)),
            ("*;q=0.3, br;q=0", Some(Encoding::Zstd)),
            ("identity", None),
            ("br;q=nonsense", None),
            ("", None),
        ] {
            assert_eq!(Encoding::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn what_is_encoded_comes_out_the_same() {
        let words: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
        let text = words.join(" embers, ");
        let bytes = text.as_bytes();
        let mut read = String::new();
        let encoded = |encoding: Encoding| encoding.encode(bytes).expect("encoded");
        flate2::read::GzDecoder::new(&encoded(Encoding::Gzip)[..])
            .read_to_string(&mut read)
            .expect("gzip");
        assert_eq!(read, text);
        let decoded = zstd::decode_all(&encoded(Encoding::Zstd)[..]).expect("zstd");
        assert_eq!(decoded, bytes);
        let mut decoded = Vec::new();
        brotli::BrotliDecompress(&mut &encoded(Encoding::Brotli)[..], &mut decoded).expect("br");
        assert_eq!(decoded, bytes);
    }
}
