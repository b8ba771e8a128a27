//! The contents of the journal's files as bytes: a checkpoint of the log, and a record of `.part.pending`.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::frame;
use crate::model::{FailureKind, ListPoint};
use crate::sink::window::Span;

/// One entry of the log. It confirms a stretch of the `.part` that begins at the end of the entry before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The end of the stretch, in bytes from the beginning of the `.part`. A record ends there.
    pub(super) end: u64,
    /// The CRC-32 of the stretch.
    pub(super) crc: u32,
    /// The tasks whose records are in the stretch: ascending ranges that do not touch.
    pub(super) seqs: Vec<Range<u64>>,
    /// The number of failures among them, by kind.
    pub(super) failures: Vec<(FailureKind, u64)>,
    /// The number of bytes of `.part.pending` that count.
    pub(super) pending: u64,
    /// The part of the list that was read. It includes every task with a record here or in `.part.pending`.
    pub(super) list: ListPoint,
    /// The stretch of the archive that belongs to these records; `None` if the run has no archive.
    pub(super) archive: Option<ArchiveStretch>,
}

/// A stretch of the archive, which begins at the end of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArchiveStretch {
    /// The end of the stretch, in bytes from the beginning. A member ends there.
    pub(super) end: u64,
    /// The CRC-32 of the stretch.
    pub(super) crc: u32,
}

impl Checkpoint {
    /// The entry as a frame of the log.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let content = postcard::to_stdvec(self).map_err(io::Error::other)?;
        Ok([&frame::header(&[&content])?[..], &content].concat())
    }

    /// `None` if the content is not a valid entry, or is one of another version of Gleaner.
    pub(super) fn from_content(content: &[u8]) -> Option<Self> {
        postcard::from_bytes(content).ok()
    }
}

/// The label before the bytes of a record in `.part.pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) seq: u64,
    pub(super) failed: Option<FailureKind>,
}

impl Label {
    /// All bytes before the record `payload`.
    pub(super) fn before(self, payload: &[u8]) -> io::Result<Vec<u8>> {
        let label = postcard::to_stdvec(&self).map_err(io::Error::other)?;
        Ok([&frame::header(&[&label, payload])?[..], &label].concat())
    }

    /// The label in a frame that begins at `at`, and the position of the record after it.
    pub(super) fn of_content(content: &[u8], at: u64) -> Option<(Self, Span)> {
        let (label, payload) = postcard::take_from_bytes::<Self>(content).ok()?;
        let before = frame::HEADER + content.len() - payload.len();
        Some((label, Span { offset: at + before as u64, length: u32::try_from(payload.len()).ok()? }))
    }
}
