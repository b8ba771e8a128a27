//! Collects records and their separators in a buffer, to make large writes.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::destination::{Part, Target};
use super::format::Layout;
use super::{Error, Written};

/// The size at which the buffer is written.
const BUFFER: usize = 256 * 1024;

/// The output, with its records in their final order.
pub(super) struct Output {
    target: Target,
    layout: Arc<Layout>,
    buffer: Vec<u8>,
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
    pub(super) fn new(target: Target, layout: Arc<Layout>, records: u64) -> Self {
        let flushed = match &target {
            Target::Stream(..) => 0,
            Target::Part(part) => part.length(),
        };
        Self { target, layout, buffer: Vec::new(), flushed, records }
    }

    /// Whether the output is a stream, so that a reader may wait for its records.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.target, Target::Stream(..))
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The number of records, including those in the buffer.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// The end of the last record, in bytes from the beginning.
    pub(super) fn end(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    /// Appends a record. `write` appends its bytes to the buffer.
    pub(super) fn record(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Gathered, Error> {
        let before = if self.records == 0 { self.layout.opening.as_slice() } else { self.layout.between };
        self.buffer.extend_from_slice(before);
        write(&mut self.buffer)?;
        self.buffer.extend_from_slice(self.layout.after);
        self.records += 1;
        if self.buffer.len() < BUFFER {
            return Ok(Gathered::InBuffer);
        }
        self.flush()?;
        Ok(Gathered::Flushed)
    }

    /// Writes the buffer to the target.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let result = match &mut self.target {
            Target::Stream(stream, _) => stream.write_all(&self.buffer).and_then(|()| stream.flush()),
            Target::Part(part) => part.write(&self.buffer),
        };
        result.map_err(|error| self.error(error))?;
        self.flushed = self.end();
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER);
        Ok(())
    }

    /// Completes the output.
    pub(super) fn finish(mut self) -> Result<Written, Error> {
        let tail = if self.records == 0 { self.layout.empty.as_slice() } else { self.layout.closing };
        self.buffer.extend_from_slice(tail);
        self.flush()?;
        let (records, bytes) = (self.records, self.flushed);
        let path = match self.target {
            Target::Stream(..) => None,
            Target::Part(part) => Some(part.commit()?),
        };
        Ok(Written { records, bytes, path })
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
