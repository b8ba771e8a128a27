//! Content encodings (RFC 9110, section 8.4.1) undone while the body streams in.
//!
//! Not left to the HTTP client: that stops after the first member of a gzip body without a word, counts no bytes, and
//! sends undecoded what it does not know.

use std::io;
use std::pin::pin;

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{BufMut, Bytes};
use futures_util::stream;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::body::{Body, Excess, WORTH_DRAINING};
use super::cap::{self, Cap};
use super::classify;
use super::head::excerpt;
use super::members::Members;
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::large::{LARGE_PAGE, LargePages, Turn};

/// More layers than any honest server uses; each costs memory.
const MAX_LAYERS: usize = 4;

/// How much is decompressed at a time, and how much before the neighbours get a turn.
const STEP: usize = 64 * 1024;

/// The largest window of a zstd frame, as a power of two: what RFC 9659 allows on the web. Its memory is taken
/// before the first byte comes out.
const ZSTD_WINDOW_LOG: u32 = 23;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// zlib by the standard, raw deflate by some servers: the first bytes tell.
    Deflate,
    Brotli,
    Zstd,
}

/// The encodings of a `Content-Encoding`, in the order in which they were applied; none for `identity`.
pub(super) fn parse(header: &str) -> Result<Vec<Coding>, Failure> {
    let mut codings = Vec::new();
    for name in header.split(',').map(str::trim) {
        let coding = match name.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => {
                let name = excerpt(name);
                let message = format!("its content encoding `{name}` is not one of gzip, deflate, br, zstd");
                return Err(Failure::new(FailureKind::Decode, Stage::Decode, message));
            }
        };
        codings.push(coding);
    }
    if codings.len() > MAX_LAYERS {
        let message = format!("it has {} content encodings, and at most {MAX_LAYERS} are undone", codings.len());
        return Err(Failure::new(FailureKind::Decode, Stage::Decode, message));
    }
    Ok(codings)
}

type Layer<'r> = Box<dyn AsyncBufRead + Send + Unpin + 'r>;

/// Reads all of `body` and undoes `codings`, the last one first.
pub(super) async fn read(body: &mut Body<'_>, codings: &[Coding]) -> Result<Bytes, Failure> {
    let max = usize::try_from(body.max).unwrap_or(usize::MAX);
    let Some(first) = body.next(0).await? else {
        // An empty body is empty, whatever the header says.
        return Ok(Bytes::new());
    };
    let mut out = Vec::new();
    let mut turn = None;
    let large = body.large;
    let mut end = End::NotYet;
    let decoded = {
        let left = cap::compressed(body.max);
        let pieces = Pieces { body: &mut *body, first: Some(first), end: &mut end, left };
        let source = stream::try_unfold(pieces, Pieces::next);
        decode(StreamReader::new(pin!(source)), codings, &mut out, max, (large, &mut turn)).await
    };
    body.turn = turn;
    let read = out.len() as u64;
    match (decoded, end) {
        (_, End::Broken(failure)) => Err(Failure { bytes: read, ..failure }),
        (Ok(Decoded::Whole), _) => Ok(out.into()),
        (Ok(Decoded::TooLarge), _) if body.excess == Excess::Dropped => Ok(out.into()),
        (Ok(Decoded::TooLarge), _) => Err(body.too_large(read)),
        (Err(error), _) if error.kind() == io::ErrorKind::FileTooLarge => Err(body.too_large(read)),
        (Err(error), end) => {
            // A decoder that still wanted more when there was no more has no fault to find with what it got.
            let failure = if matches!(end, End::Reached) || error.kind() == io::ErrorKind::UnexpectedEof {
                Failure::new(FailureKind::Truncated, Stage::Fetch, "its compressed body ends too early").retryable()
            } else {
                let message = format!("its body is not what the encodings {codings:?} give");
                Failure::new(FailureKind::Decode, Stage::Decode, message)
            };
            let failure = classify::with_causes(failure, &Wrapped(error));
            Err(body.about(Failure { bytes: read, ..failure }))
        }
    }
}

/// How far the body has come.
enum End {
    NotYet,
    Reached,
    /// Kept here, since an `io::Error` could not carry it through the decoders.
    Broken(Failure),
}

/// The body as a stream for the decoders.
struct Pieces<'b, 'a> {
    body: &'b mut Body<'a>,
    first: Option<Bytes>,
    end: &'b mut End,
    /// Compressed bytes that may still come.
    left: u64,
}

impl Pieces<'_, '_> {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let next = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.body.next(0).await,
        };
        match next {
            Ok(Some(piece)) => {
                self.left = self.left.checked_sub(piece.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
                Ok(Some((piece, self)))
            }
            Ok(None) => {
                *self.end = End::Reached;
                Ok(None)
            }
            Err(failure) => {
                *self.end = End::Broken(failure);
                Err(io::Error::other("the transport broke"))
            }
        }
    }
}

/// How far a decoder has come.
pub(super) enum Decoded {
    Whole,
    TooLarge,
}

/// Undoes `codings`, the last one first, and adds at most `max` bytes to `out`. A turn is taken where they are many.
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
    let mut layer: Layer<'_> = Box::new(&mut source);
    for coding in codings.iter().rev() {
        layer = undo(*coding, layer, cap::compressed(max as u64)).await?;
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
        // Bytes that are there already are decompressed without waiting, up to the last of them.
        tokio::task::consume_budget().await;
    }
    drop(layer);
    // What follows the compressed data means nothing, but has to be read before the connection can be used again.
    let mut left = WORTH_DRAINING;
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

/// RFC 1950, section 2.2: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0,
        [first] => first & 0x0f == 8,
        [] => false,
    }
}

/// An error as the source of nothing, so that its own text is among the causes.
#[derive(Debug, thiserror::Error)]
#[error("decompressing failed")]
struct Wrapped(#[source] io::Error);

#[cfg(test)]
mod tests {
    use super::{Coding, parse};
    use crate::model::FailureKind;

    #[test]
    fn content_encodings_are_known_by_their_names() {
        use Coding::{Brotli, Deflate, Gzip, Zstd};
        let cases: [(&str, &[Coding]); 7] = [
            ("", &[]),
            ("identity", &[]),
            ("GZIP", &[Gzip]),
            ("x-gzip", &[Gzip]),
            ("deflate, br", &[Deflate, Brotli]),
            ("gzip,identity,,zstd", &[Gzip, Zstd]),
            ("gzip,gzip,gzip,gzip", &[Gzip, Gzip, Gzip, Gzip]),
        ];
        for (header, codings) in cases {
            assert_eq!(parse(header).as_deref(), Ok(codings), "{header}");
        }
        for header in ["compress", "gzip, aes128gcm", "gzip,gzip,gzip,gzip,gzip"] {
            assert_eq!(parse(header).expect_err(header).kind, FailureKind::Decode, "{header}");
        }
    }
}
