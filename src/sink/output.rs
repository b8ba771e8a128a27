//! Collects records and their separators in a buffer, to make large writes. If the output is packed, each write is a
//! member.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::destination::{Part, Target};
use super::format::Layout;
use super::packing::{MEMBER, Packer};
use super::{Conversion, Error, Written};

/// The size at which the buffer is written.
const BUFFER: usize = 256 * 1024;

/// The longest time that records of a packed stream stay in the buffer. A member for each of them would hardly be
/// smaller than the record.
const MEMBER_TIME: Duration = Duration::from_secs(2);

/// The output, with its records in their final order.
pub(super) struct Output {
    target: Target,
    layout: Arc<Layout>,
    /// `None` if the output is not packed.
    packer: Option<Packer>,
    buffer: Vec<u8>,
    /// When the buffer of a packed stream got its first record.
    since: Option<Instant>,
    /// The number of bytes written to the target.
    flushed: u64,
    records: u64,
}

/// What the user can do if the system does not let the file grow.
pub(super) fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => ": free some space (or inodes)",
        io::ErrorKind::QuotaExceeded => ": free some space (your disk quota is used up)",
        io::ErrorKind::FileTooLarge => ": allow larger files (ulimit -f)",
        _ => "",
    }
}

/// Whether the record is still in the buffer, or the buffer was flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathered {
    InBuffer,
    Flushed,
}

impl Output {
    /// An output that already has `records` records if its target is a `.part` with content.
    pub(super) fn new(target: Target, layout: Arc<Layout>, packer: Option<Packer>, records: u64) -> Self {
        let flushed = match &target {
            Target::Stream(..) => 0,
            Target::Part(part) => part.length(),
        };
        Self { target, layout, packer, buffer: Vec::new(), since: None, flushed, records }
    }

    /// Whether the output is a stream, so that a reader may wait for its records.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.target, Target::Stream(..))
    }

    /// How long the buffer of a stream may still wait until it is written; `None` if there is nothing to write. A file
    /// is written at its checkpoints.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        if self.buffer.is_empty() || !self.is_stream() {
            return None;
        }
        Some(self.since.map_or(Duration::ZERO, |since| (since + MEMBER_TIME).saturating_duration_since(now)))
    }

    /// The number of records, including those in the buffer.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// The number of bytes written to the target.
    pub(super) fn flushed(&self) -> u64 {
        self.flushed
    }

    /// The end of the last record, in bytes from the beginning. `None` if it is in a member that is not written yet.
    pub(super) fn end(&self) -> Option<u64> {
        match &self.packer {
            Some(_) if !self.buffer.is_empty() => None,
            _ => Some(self.flushed + self.buffer.len() as u64),
        }
    }

    /// Appends a record. `write` appends its bytes to the buffer.
    pub(super) fn record(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Gathered, Error> {
        let before = if self.records == 0 { self.layout.opening.as_slice() } else { self.layout.between };
        if self.packer.is_some() && self.is_stream() {
            self.since.get_or_insert_with(Instant::now);
        }
        self.buffer.extend_from_slice(before);
        write(&mut self.buffer)?;
        self.buffer.extend_from_slice(self.layout.after);
        self.records += 1;
        if self.buffer.len() < self.most_in_buffer() {
            return Ok(Gathered::InBuffer);
        }
        self.flush()?;
        Ok(Gathered::Flushed)
    }

    fn most_in_buffer(&self) -> usize {
        if self.packer.is_some() { MEMBER } else { BUFFER }
    }

    /// Writes the buffer to the target. A packed output gets one member, or nothing if the buffer is empty.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let packer = self.packer.as_mut().filter(|_| !self.buffer.is_empty());
        let member = packer.map(|packer| packer.member(&self.buffer)).transpose();
        let member = member.map_err(|error| self.error(error))?;
        self.write(member.as_deref())?;
        self.buffer.clear();
        self.buffer.shrink_to(2 * self.most_in_buffer());
        self.since = None;
        Ok(())
    }

    /// Writes a member, or the buffer as it is.
    fn write(&mut self, member: Option<&[u8]>) -> Result<(), Error> {
        let bytes = member.unwrap_or(&self.buffer);
        let result = match &mut self.target {
            Target::Stream(stream, _) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Target::Part(part) => part.write(bytes),
        };
        let length = bytes.len() as u64;
        result.map_err(|error| self.error(error))?;
        self.flushed += length;
        Ok(())
    }

    /// Completes the output. `conversion` makes the final file of it, if its format needs that.
    pub(super) fn finish(mut self, conversion: Option<Conversion>) -> Result<Written, Error> {
        let tail = if self.records == 0 { self.layout.empty.as_slice() } else { self.layout.closing };
        self.buffer.extend_from_slice(tail);
        self.flush()?;
        if self.flushed == 0
            && let Some(packer) = &mut self.packer
        {
            // A file without bytes is not a valid file of any packing.
            let empty = packer.member(&[]).map_err(|error| self.error(error))?;
            self.write(Some(&empty))?;
        }
        let (records, bytes) = (self.records, self.flushed);
        Ok(match (self.target, conversion) {
            (Target::Stream(..), _) => Written { records, bytes, path: None },
            (Target::Part(part), None) => Written { records, bytes, path: Some(part.commit()?) },
            (Target::Part(part), Some(conversion)) => {
                let (path, bytes) = part.commit_converted(conversion)?;
                Written { records, bytes, path: Some(path) }
            }
        })
    }

    /// The `.part`, if the output is a file.
    pub(super) fn part(&mut self) -> Option<&mut Part> {
        match &mut self.target {
            Target::Part(part) => Some(part),
            Target::Stream(..) => None,
        }
    }

    /// The path that the complete output will have, if it is a file.
    pub(super) fn target(&self) -> Option<&Path> {
        match &self.target {
            Target::Part(part) => Some(part.target()),
            Target::Stream(..) => None,
        }
    }

    /// The path of the `.part`, if the output is a file.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match &self.target {
            Target::Part(part) => Some(part.path().to_owned()),
            Target::Stream(..) => None,
        }
    }

    pub(super) fn error(&self, error: io::Error) -> Error {
        let way_out = way_out(&error);
        match &self.target {
            Target::Stream(_, name) if error.kind() == io::ErrorKind::BrokenPipe => {
                Error::closed(format!("write to {name}: the reader has closed it")).because(error)
            }
            Target::Stream(_, name) => Error::io(format!("write to {name}{way_out}")).because(error),
            Target::Part(part) => {
                let path = part.path().display();
                Error::io(format!("write to `{path}` (the records written before are kept){way_out}")).because(error)
            }
        }
    }
}
