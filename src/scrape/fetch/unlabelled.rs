//! Bodies that are compressed though no header says so: a `sitemap.xml.gz` that is sent as `application/xml`, a page that
//! is sent as it lies in a cache. As text they would be garbage, and no text begins like them.
//!
//! gzip and zstd are known by their first bytes. Brotli and deflate have none of their own, so they are read as they are.

use std::io;

use bytes::Bytes;

use super::body::{Body, Excess};
use super::classify;
use super::coding::{self, Coding, Decoded};
use crate::model::{Failure, FailureKind, Stage};

/// More layers than anybody has by mistake: a file and a server that compress once each are two.
const MAX_LAYERS: usize = 4;

/// The body without the compression that its bytes show, under the limits of `body`, which it was read from.
///
/// # Errors
/// With `too_large` where it is larger than `fetch.max_body`, with `decode` where it only begins like compressed data.
pub(super) async fn undo(body: &mut Body<'_>, mut bytes: Bytes) -> Result<Bytes, Failure> {
    for _ in 0..MAX_LAYERS {
        let Some(coding) = coding_of(&bytes) else { break };
        bytes = undo_one(body, &bytes, coding).await?;
    }
    Ok(bytes)
}

/// RFC 1952, section 2.3.1, with the one method that there is; RFC 8878, section 3.1.1.
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
        // The beginning of a file is cut off anywhere.
        Err(_) if body.excess == Excess::Dropped => Ok(out.into()),
        Err(error) => {
            let message = format!("its body begins like {coding:?}, which no header says, and is not that");
            let failure = Failure::new(FailureKind::Decode, Stage::Decode, message);
            Err(body.about(Failure { bytes: read, ..classify::with_causes(failure, &error) }))
        }
    }
}
