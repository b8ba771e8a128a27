//! Bodies that are compressed although no header says so: a `sitemap.xml.gz` that is sent as `application/xml`, or a
//! page that is sent compressed from a cache. Read as text they would be garbage, and no text begins with their first
//! bytes.
//!
//! gzip and zstd are recognized by their first bytes. Brotli and deflate have no signature, so such bodies stay as they
//! are.

use std::io;

use bytes::Bytes;

use super::body::{Body, Excess};
use super::classify;
use super::coding::{self, Coding, Decoded};
use crate::model::{Failure, FailureKind, Stage};

/// The most layers that are decoded. A file and a server that both compress make two; more do not occur by mistake.
const MAX_LAYERS: usize = 4;

/// Decodes the compression that the bytes show. The limits of `body`, from which the bytes were read, apply.
///
/// # Errors
/// Fails with `too_large` if the result is larger than `fetch.max_body`, and with `decode` if the bytes only begin like
/// compressed data.
pub(super) async fn undo(body: &mut Body<'_>, mut bytes: Bytes) -> Result<Bytes, Failure> {
    for _ in 0..MAX_LAYERS {
        let Some(coding) = coding_of(&bytes) else { break };
        bytes = undo_one(body, &bytes, coding).await?;
    }
    Ok(bytes)
}

/// Recognizes gzip with deflate, its only method (RFC 1952, section 2.3.1), and zstd (RFC 8878, section 3.1.1).
fn coding_of(bytes: &[u8]) -> Option<Coding> {
    match bytes {
        [0x1f, 0x8b, 0x08, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        _ => None,
    }
}

async fn undo_one(body: &mut Body<'_>, bytes: &[u8], coding: Coding) -> Result<Bytes, Failure> {
    let max = usize::try_from(body.max).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let decoded = coding::decode(bytes, &[coding], &mut out, max, (body.large, &mut body.turn)).await;
    let read = out.len() as u64;
    match decoded {
        Ok(Decoded::Whole) => Ok(out.into()),
        Ok(Decoded::TooLarge) if body.excess == Excess::Dropped => Ok(out.into()),
        Ok(Decoded::TooLarge) => Err(body.too_large(read)),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(body.too_large(read)),
        // Only the beginning of the file was read, so the compressed data may end anywhere.
        Err(_) if body.excess == Excess::Dropped => Ok(out.into()),
        Err(error) => {
            let message =
                format!("its body begins like {coding:?} data that no header announces, but cannot be decoded");
            let failure = Failure::new(FailureKind::Decode, Stage::Decode, message);
            Err(body.about(Failure { bytes: read, ..classify::with_causes(failure, &error) }))
        }
    }
}
