//! Records that wait for an earlier one: which, and where.

use std::env;
use std::fs::File;
use std::io;
use std::time::Instant;

use super::Error;
use super::format::{Format, Shape};
use super::journal::{self, Confirmed};
use super::spill::{Make, Spill};
use super::window::{Bytes, Place, Ready, Window};
use crate::model::{FailureKind, Record};

/// The window, and the file behind it.
pub(super) struct Waiting {
    window: Window,
    spill: Spill,
    /// Whether the file has labels, so that a later run can tell what is in it.
    labels: bool,
    /// A record's bytes before it is known how many they are.
    scratch: Vec<u8>,
}

impl Waiting {
    /// A window of `memory` bytes before a file that nobody else knows of; `make` makes it when memory is full.
    pub(super) fn anonymous(memory: u64, make: Make) -> Self {
        let spill = Spill::to_be_made(make);
        Self { window: Window::new(0, memory), spill, labels: false, scratch: Vec::new() }
    }

    /// A window of `memory` bytes before a pending file, with what is left in that from an earlier run.
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

    /// How many records wait.
    pub(super) fn count(&self) -> u64 {
        self.window.waiting()
    }

    /// The record that was next has been written.
    pub(super) fn advance(&mut self) {
        self.window.advance();
    }

    /// Puts a record whose turn has not come where it waits.
    pub(super) fn put(
        &mut self,
        (format, shape): (Format, Shape),
        record: &Record,
        failed: Option<FailureKind>,
        now: Instant,
    ) -> Result<(), Error> {
        let Self { window, spill, scratch, labels } = self;
        scratch.clear();
        format.write(shape, record, scratch);
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

    /// Takes the record out whose turn has come, if it is there: its bytes go to `write`.
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

    /// Writes to the file what has waited since `until` or longer. Returns since when the longest of the others has.
    pub(super) fn spill_old(&mut self, until: Instant) -> Result<Option<Instant>, Error> {
        let Self { window, spill, labels, .. } = self;
        let left = window.spill_old(until, |seq, failed, bytes| append(spill, *labels, seq, failed, bytes));
        let left = left.map_err(error)?;
        // What is not wanted any more need not be written.
        if !spill.is_spent() {
            spill.flush().map_err(error)?;
        }
        Ok(left)
    }

    /// The file, if there is one yet, and how many of its bytes count.
    pub(super) fn file(&self) -> (Option<&File>, u64) {
        let (file, length) = self.spill.file();
        (file, if self.spill.is_spent() { 0 } else { length })
    }

    /// Whether most of the file is wanted no more: while each head of the line has a slow successor, there is always
    /// something in it that waits, and it would grow with the output.
    pub(super) fn is_wasteful(&self) -> bool {
        self.spill.is_wasteful()
    }

    /// Stays with this file from now on, whatever it wastes.
    pub(super) fn keep_waste(&mut self) {
        self.spill.keep_waste();
    }

    /// Exchanges the file for `file`, an empty one, with what is still wanted. After an error nothing has changed.
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

    /// To be called when nothing vouches for what is not wanted any more.
    pub(super) fn forget_spent(&mut self) -> Result<(), Error> {
        if self.spill.is_spent() { self.spill.start_again().map_err(error) } else { Ok(()) }
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

/// A file without a name, for records of which nobody else is to know.
pub(super) fn temporary_file() -> io::Result<File> {
    let folder = env::temp_dir();
    tempfile::tempfile_in(&folder).map_err(|error| {
        let folder = folder.display();
        io::Error::new(error.kind(), format!("no temporary file can be created in `{folder}` ({error})"))
    })
}

pub(super) fn error(error: io::Error) -> Error {
    Error::io(
        "keep finished records that wait for an earlier one in a file: free some space in the folder of the output \
         (for standard output: in that of temporary files, or name another with TMPDIR), give them more memory \
         (output.window_memory), or write with --order completion",
    )
    .because(error)
}
