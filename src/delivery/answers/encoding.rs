//! What an answer may be encoded in, so that less of it has to travel.

use std::{
    io::{self, Write},
    sync::Arc,
    thread::available_parallelism,
};

use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use tokio::{sync::Semaphore, task::spawn_blocking};

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
/// Larger answers are encoded quickly, so that they hold up others less.
const LARGE: usize = 1024 * 1024;
const QUICK_BROTLI_QUALITY: i32 = 3;
const QUICK_ZSTD_LEVEL: i32 = 1;

/// Encodes on threads of its own: on half of the cores, so that the others go on reading and answering.
pub(super) struct Encoder(Arc<Semaphore>);

impl Encoder {
    /// For this machine.
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }

    /// The bytes in an encoding; none if that saves too little.
    pub(super) async fn encode(&self, encoding: Encoding, bytes: Bytes) -> Option<Vec<u8>> {
        let turn = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let most = bytes.len() * Encoding::MOST_OF_THE_BODY / 100;
        let encode = move || {
            // It goes on where nobody waits for it any more.
            let _turn = turn;
            encoding.encode(&bytes)
        };
        let encoded = spawn_blocking(encode).await.ok()?.ok()?;
        (encoded.len() <= most).then_some(encoded)
    }
}

impl Encoding {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
    /// What an encoded answer takes of the plain one at most, in hundredths, so that all encodings of an answer have a bound.
    pub(super) const MOST_OF_THE_BODY: usize = 67;
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
        let is_large = bytes.len() > LARGE;
        match self {
            Self::Brotli if is_large => brotli(bytes, QUICK_BROTLI_QUALITY),
            Self::Brotli => brotli(bytes, BROTLI_QUALITY),
            Self::Zstd if is_large => zstd::bulk::compress(bytes, QUICK_ZSTD_LEVEL),
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Self::Gzip if is_large => gzip(bytes, Compression::fast()),
            Self::Gzip => gzip(bytes, Compression::default()),
        }
    }
}

fn brotli(bytes: &[u8], quality: i32) -> io::Result<Vec<u8>> {
    let mut encoded = Vec::new();
    let parameters = BrotliEncoderParams {
        quality,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut writer = CompressorWriter::with_params(&mut encoded, BUFFER, &parameters);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(encoded)
}

fn gzip(bytes: &[u8], level: Compression) -> io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), level);
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
