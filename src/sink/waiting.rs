//! The records that wait for an earlier one, in memory or in a file.

use std::env;
use std::fs::File;
use std::io;
use std::time::Instant;

use super::Error;
use super::format::Layout;
use super::journal::{self, Confirmed};
use super::spill::{Make, Spill};
use super::window::{Bytes, Place, Ready, Window};
use crate::model::{FailureKind, Record};

/// The window, and the file for records that do not fit in memory.
pub(super) struct Waiting {
    window: Window,
    spill: Spill,
    /// Whether the file has labels, so that a later run can identify its records.
    labels: bool,
    /// The bytes of one record, until their number is known.
    scratch: Vec<u8>,
}

impl Waiting {
    /// A window of `memory` bytes, and a file that no other run knows. `make` creates the file when the memory is full.
    pub(super) fn anonymous(memory: u64, make: Make) -> Self {
        let spill = Spill::created_when_needed(make);
        Self { window: Window::new(0, memory), spill, labels: false, scratch: Vec::new() }
    }

    /// A window of `memory` bytes, and a pending file with the waiting records of an earlier run.
    pub(super) fn journalled(memory: u64, file: File, confirmed: &Confirmed) -> Self {
        let wanted = confirmed.waiting.iter().map(|waiting| u64::from(waiting.span.length)).sum();
        let spill = Spill::reopen(file, confirmed.pending, confirmed.waiting.len() as u64, wanted);
        let mut window = Window::new(confirmed.records, memory);
        for waiting in &confirmed.waiting {
            window.spilled(waiting.seq, waiting.failed, waiting.span);
        }
        Self { window, spill, labels: true, scratch: Vec::new() }
    }

    /// The number of the record that is written next.
    pub(super) fn next(&self) -> u64 {
        self.window.next()
    }

    /// The number of waiting records.
    pub(super) fn count(&self) -> u64 {
        self.window.waiting()
    }

    /// The bytes of memory that waiting records use.
    pub(super) fn memory(&self) -> u64 {
        self.window.memory()
    }

    /// Notes that the next record has been written.
    pub(super) fn advance(&mut self) {
        self.window.advance();
    }

    /// Stores a record that must wait.
    pub(super) fn put(
        &mut self,
        layout: &Layout,
        record: &Record,
        failed: Option<FailureKind>,
        now: Instant,
    ) -> Result<(), Error> {
        let Self { window, spill, scratch, labels } = self;
        scratch.clear();
        layout.write(record, scratch);
        match window.place(record.seq, scratch.len()) {
            Place::Memory => window.keep(record.seq, failed, scratch.as_slice().into(), now),
            Place::Disk => {
                let span = append(spill, *labels, record.seq, failed, scratch).map_err(error)?;
                window.spilled(record.seq, failed, span);
            }
            Place::Next | Place::Taken => {
                tracing::error!(seq = record.seq, "a task was settled twice, which is a bug; its first record counts");
            }
        }
        Ok(())
    }

    /// Takes out the next record if it is here. Its bytes must be passed to `read`.
    pub(super) fn pop(&mut self) -> Option<Ready> {
        self.window.pop()
    }

    /// Appends the bytes of a record that was taken out.
    pub(super) fn read(&mut self, bytes: Bytes, into: &mut Vec<u8>) -> Result<(), Error> {
        match bytes {
            Bytes::InMemory(payload) => into.extend_from_slice(&payload),
            Bytes::Spilled(span) => self.spill.take(span, into).map_err(error)?,
        }
        Ok(())
    }

    /// Writes records that have waited since `until` or longer to the file. Returns since when the oldest of the others
    /// has waited.
    pub(super) fn spill_old(&mut self, until: Instant) -> Result<Option<Instant>, Error> {
        let Self { window, spill, labels, .. } = self;
        let left = window.spill_old(until, |seq, failed, bytes| append(spill, *labels, seq, failed, bytes));
        let left = left.map_err(error)?;
        // If the file has no record that is still needed, it is not written.
        if !spill.is_unused() {
            spill.flush().map_err(error)?;
        }
        Ok(left)
    }

    /// The file, if it exists, and the number of its bytes that count.
    pub(super) fn file(&self) -> (Option<&File>, u64) {
        let (file, length) = self.spill.file();
        (file, if self.spill.is_unused() { 0 } else { length })
    }

    /// Whether most of the file is no longer needed. There may always be some record that waits, and then the file
    /// would grow with the output.
    pub(super) fn is_wasteful(&self) -> bool {
        self.spill.is_wasteful()
    }

    /// From now on, keeps the file, however much of it is no longer needed.
    pub(super) fn stop_replacing(&mut self) {
        self.spill.stop_replacing();
    }

    /// Copies the records that are still needed to `file`, an empty file, and replaces the current file. After an error
    /// nothing has changed.
    pub(super) fn move_to(&mut self, file: File) -> io::Result<()> {
        let Self { window, spill, labels, scratch } = self;
        let mut successor = spill.successor(file);
        let moved = window.copy_spilled(|seq, failed, span| {
            scratch.clear();
            spill.copy(span, scratch)?;
            append(&mut successor, *labels, seq, failed, scratch)
        })?;
        successor.flush()?;
        window.moved(moved);
        *spill = successor;
        Ok(())
    }

    /// Truncates the file if none of its records is needed. Must only be called when no log entry refers to them.
    pub(super) fn truncate_if_unused(&mut self) -> Result<(), Error> {
        if self.spill.is_unused() { self.spill.truncate().map_err(error) } else { Ok(()) }
    }
}

fn append(
    spill: &mut Spill,
    labels: bool,
    seq: u64,
    failed: Option<FailureKind>,
    bytes: &[u8],
) -> io::Result<super::window::Span> {
    let label = if labels { journal::label(seq, failed, bytes)? } else { Vec::new() };
    spill.append(&label, bytes)
}

/// Creates a temporary file without a name, for records that no other run needs.
pub(super) fn temporary_file() -> io::Result<File> {
    let folder = env::temp_dir();
    tempfile::tempfile_in(&folder).map_err(|error| {
        let folder = folder.display();
        io::Error::new(error.kind(), format!("no temporary file can be created in `{folder}` ({error})"))
    })
}

pub(super) fn error(error: io::Error) -> Error {
    Error::io(
        "store finished records that wait for an earlier one in a file: free some space in the folder of the output \
         (for standard output: in the folder for temporary files, or choose another one with TMPDIR), raise \
         output.window_memory, or use --order completion",
    )
    .because(error)
}
