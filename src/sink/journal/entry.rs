//! What the journal's files say, as bytes: a checkpoint of the log, a record of `.part.pending`.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::frame;
use crate::model::{FailureKind, ListPoint};
use crate::sink::window::Span;

/// One entry of the log: vouches for a stretch of the `.part`, from where the entry before it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Where the stretch ends, in bytes from the beginning of the `.part`. A record ends there.
    pub(super) end: u64,
    /// The CRC-32 of the stretch.
    pub(super) crc: u32,
    /// The tasks whose records the stretch has: ascending ranges that do not touch.
    pub(super) seqs: Vec<Range<u64>>,
    /// How many of those failed, by kind.
    pub(super) failures: Vec<(FailureKind, u64)>,
    /// How many bytes of `.part.pending` count.
    pub(super) pending: u64,
    /// How the list begins; every task that has a record here or in `.part.pending` lies before it.
    pub(super) list: ListPoint,
}

impl Checkpoint {
    /// The entry as a frame of the log.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let content = postcard::to_stdvec(self).map_err(io::Error::other)?;
        Ok([&frame::header(&[&content])?[..], &content].concat())
    }

    /// `None` if it was none, or one of another version of Gleaner.
    pub(super) fn from_content(content: &[u8]) -> Option<Self> {
        postcard::from_bytes(content).ok()
    }
}

/// What stands before a record's bytes in `.part.pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) seq: u64,
    pub(super) failed: Option<FailureKind>,
}

impl Label {
    /// All that goes before the record `payload`.
    pub(super) fn before(self, payload: &[u8]) -> io::Result<Vec<u8>> {
        let label = postcard::to_stdvec(&self).map_err(io::Error::other)?;
        Ok([&frame::header(&[&label, payload])?[..], &label].concat())
    }

    /// The label in a frame that begins at `at`, and where the record behind it stands.
    pub(super) fn of_content(content: &[u8], at: u64) -> Option<(Self, Span)> {
        let (label, payload) = postcard::take_from_bytes::<Self>(content).ok()?;
        let before = frame::HEADER + content.len() - payload.len();
        Some((label, Span { offset: at + before as u64, length: u32::try_from(payload.len()).ok()? }))
    }
}
