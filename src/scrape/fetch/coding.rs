//! Decodes content encodings (RFC 9110, section 8.4.1) while the body streams in.
//!
//! The HTTP client does not do this here, for three reasons: it silently stops after the first member of a gzip body,
//! it does not count bytes, and it returns unknown encodings undecoded.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::BufMut;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::cap::{self, Cap};
use super::members::Members;
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::large::{LARGE_PAGE, LargePages, Turn};

/// The most layers that are decoded. Each costs memory, and no honest server uses more.
const MAX_LAYERS: usize = 4;

/// How many bytes are decompressed at a time, before other tasks may run.
const STEP: usize = 64 * 1024;

/// How many bytes behind the compressed data are read. A connection with more of them costs more than a new one.
const LONGEST_REST: usize = 64 * 1024;

/// The largest window of a zstd frame, as a power of two: what RFC 9659 allows on the web. Its memory is taken
/// before the first byte comes out.
const ZSTD_WINDOW_LOG: u32 = 23;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// zlib by the standard, raw deflate from some servers. The first bytes show which.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Returns the coding with this name, which is in lower case and without parameters.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// Whether this coding can produce a body with this beginning.
    ///
    /// gzip, zstd and zlib have signatures. Raw deflate and Brotli have none, but their output does not look like text,
    /// which has no control characters except white space.
    pub(super) fn may_begin(self, start: &[u8]) -> bool {
        let is_text = || start.iter().all(|byte| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r'));
        match self {
            Self::Gzip => start.starts_with(GZIP),
            Self::Zstd => start.starts_with(ZSTD) || start.get(1..4) == Some(ZSTD_SKIPPABLE),
            Self::Deflate => is_zlib(start) || !(has_signature(start) || is_text()),
            Self::Brotli => !(has_signature(start) || is_text()),
        }
    }
}

/// Signatures of a gzip member, of a zstd frame, and of a skippable zstd frame, whose first byte varies.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// Whether a body begins with the signature of gzip or zstd. No text begins like that.
pub(super) fn has_signature(start: &[u8]) -> bool {
    start.starts_with(GZIP) || start.starts_with(ZSTD)
}

/// Returns the coding for one word of a `Content-Encoding`, in lower case, or `None` if the word does not name a
/// coding.
///
/// WHATWG Fetch ("handle content codings") leaves the bytes as they are if a name is unknown, because servers write
/// `utf-8`, `none` or a media type there. But a registered name has a meaning, so such bytes are not a page.
/// # Errors
/// Fails with `decode` for a coding in IANA's registry of HTTP content codings that is not supported here.
pub(super) fn content_coding(word: &str) -> Result<Option<Coding>, Failure> {
    const REGISTERED: [&str; 7] = ["aes128gcm", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress"];
    let name = word.split(';').next().unwrap_or_default().trim();
    if REGISTERED.contains(&name) {
        let message = format!("its content encoding `{name}` is not one of gzip, deflate, br, zstd");
        return Err(Failure::new(FailureKind::Decode, Stage::Decode, message));
    }
    Ok(Coding::of(name))
}

/// # Errors
/// Fails with `decode` if there are too many layers.
pub(super) fn check_layers(count: usize) -> Result<(), Failure> {
    if count <= MAX_LAYERS {
        return Ok(());
    }
    let message = format!("it has {count} encodings, but at most {MAX_LAYERS} are decoded");
    Err(Failure::new(FailureKind::Decode, Stage::Decode, message))
}

type Layer<'r> = Box<dyn AsyncBufRead + Send + Unpin + 'r>;

/// How far a decoder has come.
pub(super) enum Decoded {
    Whole,
    TooLarge,
}

/// Decodes `codings`, the last one first, and adds at most `max` bytes to `out`. Takes a permit for large pages if
/// needed.
pub(super) async fn decode<R>(
    source: R,
    codings: &[Coding],
    out: &mut Vec<u8>,
    max: usize,
    (large, turn): (&LargePages, &mut Option<Turn>),
) -> io::Result<Decoded>
where
    R: AsyncBufRead + Send + Unpin,
{
    let mut source = source;
    let cap = cap::compressed(max as u64);
    let mut layer: Layer<'_> = Box::new(&mut source);
    if let [coding] = codings {
        layer = undo(*coding, layer, cap).await?;
    } else {
        layer = undo_all(codings, layer, cap).await?;
    }
    loop {
        if out.len() > max {
            out.truncate(max);
            return Ok(Decoded::TooLarge);
        }
        if turn.is_none() && out.len() > LARGE_PAGE {
            *turn = large.turn().await;
        }
        out.reserve(STEP.min(max - out.len() + 1));
        let room = out.capacity() - out.len();
        let step = room.min(STEP).min(max - out.len() + 1);
        if layer.read_buf(&mut (&mut *out).limit(step)).await? == 0 {
            break;
        }
        // Data that is already here is decompressed without waiting. This lets other tasks run in between.
        tokio::task::consume_budget().await;
    }
    drop(layer);
    // Bytes after the compressed data have no meaning, but must be read before the connection can be used again.
    let mut left = LONGEST_REST;
    while let Ok(rest) = source.fill_buf().await {
        let length = rest.len();
        if length == 0 || length > left {
            break;
        }
        left -= length;
        source.consume(length);
    }
    Ok(Decoded::Whole)
}

/// Decodes several codings, and skips those that were not applied: a server and the program behind it may both announce
/// what only one of them has done. At least one coding must have been applied.
async fn undo_all<'r>(codings: &[Coding], mut layer: Layer<'r>, cap: u64) -> io::Result<Layer<'r>> {
    /// How many bytes of the beginning are examined.
    const START: u64 = 32;
    let mut undone = 0;
    let mut is_encoded = false;
    for coding in codings.iter().rev() {
        let mut start = Vec::new();
        (&mut layer).take(START).read_to_end(&mut start).await?;
        let is_applied = start.is_empty() || coding.may_begin(&start);
        is_encoded = !is_applied && has_signature(&start);
        layer = Box::new(io::Cursor::new(start).chain(layer));
        if is_applied {
            layer = undo(*coding, layer, cap).await?;
            undone += 1;
        }
    }
    if undone == 0 || is_encoded {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it does not begin like any of its encodings"));
    }
    Ok(layer)
}

async fn undo(coding: Coding, mut source: Layer<'_>, cap: u64) -> io::Result<Layer<'_>> {
    fn capped<'r>(decoder: impl AsyncRead + Send + Unpin + 'r, cap: u64) -> Layer<'r> {
        Box::new(BufReader::new(Cap::new(decoder, cap)))
    }
    Ok(match coding {
        Coding::Gzip => capped(Members::new(source), cap),
        Coding::Deflate => {
            if is_zlib(source.fill_buf().await?) {
                capped(ZlibDecoder::new(source), cap)
            } else {
                capped(DeflateDecoder::new(source), cap)
            }
        }
        Coding::Brotli => capped(BrotliDecoder::new(source), cap),
        Coding::Zstd => {
            let mut decoder = ZstdDecoder::with_params(source, &[DParameter::window_log_max(ZSTD_WINDOW_LOG)]);
            decoder.multiple_members(true);
            capped(decoder, cap)
        }
    })
}

/// Whether a zlib stream begins here: its method is 8, and its first two bytes are a multiple of 31 (RFC 1950, section
/// 2.2).
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0,
        [first] => first & 0x0f == 8,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Coding::{self, Brotli, Deflate, Gzip, Zstd};

    #[test]
    fn the_beginning_shows_which_codings_were_applied() {
        let table: [(&[u8], &[Coding]); 8] = [
            (b"\x1f\x8b\x08\0", &[Gzip]),
            (b"\x28\xb5\x2f\xfd\0", &[Zstd]),
            (b"\x53\x2a\x4d\x18\0", &[Zstd, Deflate, Brotli]),
            (b"\x78\x9c\x03\0", &[Deflate, Brotli]),
            (b"\x0b\x02\x80a\x03", &[Deflate, Brotli]),
            (b"<!doctype html>\r\n", &[]),
            (b"\xef\xbb\xbfUser-agent: *\n", &[]),
            ("\tÄ".as_bytes(), &[]),
        ];
        for (start, expected) in table {
            let found: Vec<_> = [Gzip, Zstd, Deflate, Brotli].into_iter().filter(|it| it.may_begin(start)).collect();
            assert_eq!(found, expected, "{}", start.escape_ascii());
        }
    }
}
