//! The thread that writes: one message after another, until there are no more.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::format::{Format, Shape};
use super::output::{Gathered, Output};
use super::spill::Spill;
use super::window::{Place, Ready, Window};
use super::{Error, Written};
use crate::model::Record;

/// How long records may stay in a file's buffer while nothing else is to be done.
const IDLE: Duration = Duration::from_secs(1);

/// While records that waited are written in one go, so many are written before the others learn of it.
const PUBLISH: u64 = 1024;

/// What is handed to the thread.
pub(super) enum Message {
    /// Records, and what they count in the backlog.
    Records(Vec<Record>, u64),
    /// There are no more, and the output is whole.
    Finish,
    /// There may be more, but not in this run.
    Stop,
}

/// What both sides can see at any time.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) emitted: AtomicU64,
    pub(super) backlog: AtomicU64,
    pub(super) failed: OnceLock<Error>,
    pub(super) changed: Notify,
}

/// Everything the thread owns.
pub(super) struct Writer {
    messages: Receiver<Message>,
    shared: Arc<Shared>,
    format: Format,
    shape: Shape,
    output: Output,
    /// `None` where records are written as they come.
    waiting: Option<Waiting>,
    /// Since when there has been something in the output's buffer; `None` when there is nothing.
    unflushed_since: Option<Instant>,
}

/// Records that wait for an earlier one.
struct Waiting {
    window: Window,
    spill: Spill,
    /// A record's bytes before it is known how many they are.
    scratch: Vec<u8>,
}

impl Writer {
    /// With a temporary file records are written in the order of the list, without one as they come.
    pub(super) fn new(
        messages: Receiver<Message>,
        shared: Arc<Shared>,
        (format, shape): (Format, Shape),
        output: Output,
        window: Option<(u64, File)>,
    ) -> Self {
        let waiting = window.map(|(memory, file)| Waiting {
            window: Window::new(memory),
            spill: Spill::new(file),
            scratch: Vec::new(),
        });
        Self { messages, shared, format, shape, output, waiting, unflushed_since: None }
    }

    /// Writes until the end. After an error nothing more is written.
    pub(super) fn run(mut self) -> Result<Written, Error> {
        while let Some(message) = self.next_message()? {
            match message {
                Message::Records(records, weight) => {
                    for record in &records {
                        self.record(record)?;
                    }
                    if self.unflushed_since.is_none() && !self.output.is_flushed() {
                        self.unflushed_since = Some(Instant::now());
                    }
                    self.shared.backlog.fetch_sub(weight, Relaxed);
                    self.publish();
                }
                Message::Finish => return self.finish(),
                Message::Stop => break,
            }
        }
        self.output.stop()
    }

    /// Waits for the next message; `None` when the sink was dropped. A wait is the time to flush: at once where
    /// somebody may be reading, now and then where large writes are what counts.
    fn next_message(&mut self) -> Result<Option<Message>, Error> {
        match self.messages.try_recv() {
            Ok(message) => return Ok(Some(message)),
            Err(TryRecvError::Disconnected) => return Ok(None),
            Err(TryRecvError::Empty) => {}
        }
        if let Some(since) = self.unflushed_since {
            if !self.output.is_stream() {
                match self.messages.recv_timeout(IDLE.saturating_sub(since.elapsed())) {
                    Ok(message) => return Ok(Some(message)),
                    Err(RecvTimeoutError::Disconnected) => return Ok(None),
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
            self.output.flush()?;
            self.unflushed_since = None;
            self.publish();
        }
        Ok(self.messages.recv().ok())
    }

    fn record(&mut self, record: &Record) -> Result<(), Error> {
        let (format, shape) = (self.format, self.shape);
        let next = self.waiting.as_ref().is_none_or(|waiting| waiting.window.is_next(record.seq));
        if !next {
            return self.wait(record);
        }
        let gathered = self.output.record(|into| {
            format.write(shape, record, into);
            Ok(())
        })?;
        self.after(gathered);
        if let Some(waiting) = &mut self.waiting {
            waiting.window.advance();
            self.emit_ready()?;
        }
        Ok(())
    }

    /// Puts a record whose turn has not come where it waits.
    fn wait(&mut self, record: &Record) -> Result<(), Error> {
        let Some(Waiting { window, spill, scratch }) = &mut self.waiting else {
            return Ok(());
        };
        scratch.clear();
        self.format.write(self.shape, record, scratch);
        match window.place(record.seq, scratch.len()) {
            Place::Memory => window.keep(record.seq, scratch.as_slice().into()),
            Place::Disk => window.spilled(record.seq, spill.append(scratch).map_err(spill_error)?),
            Place::Next | Place::Taken => {
                tracing::error!(seq = record.seq, "a task was settled twice, which is a bug; its first record counts");
            }
        }
        Ok(())
    }

    /// Writes what waited for the record that was just written.
    fn emit_ready(&mut self) -> Result<(), Error> {
        loop {
            let Some(Waiting { window, spill, .. }) = &mut self.waiting else {
                return Ok(());
            };
            let Some(ready) = window.pop() else {
                return Ok(());
            };
            let gathered = self.output.record(|into| match ready {
                Ready::InMemory(payload) => {
                    into.extend_from_slice(&payload);
                    Ok(())
                }
                Ready::Spilled(span) => spill.take(span, into).map_err(spill_error),
            })?;
            self.after(gathered);
        }
    }

    fn after(&mut self, gathered: Gathered) {
        if gathered == Gathered::Flushed {
            self.unflushed_since = None;
        }
        if gathered == Gathered::Flushed || self.output.records().is_multiple_of(PUBLISH) {
            self.publish();
        }
    }

    fn publish(&self) {
        self.shared.emitted.store(self.output.records(), Relaxed);
        self.shared.changed.notify_one();
    }

    fn finish(self) -> Result<Written, Error> {
        if let Some(Waiting { window, .. }) = &self.waiting
            && window.waiting() > 0
        {
            let (missing, waiting) = (window.next(), window.waiting());
            let kept = match self.output.part() {
                Some(part) => format!("; what comes before it stays in `{}`", part.display()),
                None => String::new(),
            };
            self.output.stop()?;
            return Err(Error::io(format!(
                "write all records: task {missing} has none and {waiting} wait for it, which is a bug{kept}"
            )));
        }
        self.output.finish()
    }
}

fn spill_error(error: std::io::Error) -> Error {
    Error::io(
        "keep finished records that wait for an earlier one in a temporary file: free some space in the folder of \
         the output (TMPDIR for standard output), or write with --order completion",
    )
    .because(error)
}
