//! The thread that writes: one message after another, until there are no more.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::format::{Format, Shape};
use super::journal::{Journal, Outlast};
use super::output::{Gathered, Output, way_out};
use super::waiting::{self, Waiting, temporary_file};
use super::{Error, Written};
use crate::model::{FailureKind, ListPoint, Outcome, Record};

/// A checkpoint writes down what has waited this long for an earlier record; the others mostly need not wait much longer.
const LONG_WAIT: Duration = Duration::from_millis(50);

/// While records that waited are written in one go, so many are written before the others learn of it.
const PUBLISH: u64 = 1024;

/// What is handed to the thread.
pub(super) enum Message {
    /// How far the list has been read.
    Consumed(ListPoint),
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
    parts: Parts,
}

/// What the thread writes to.
pub(super) struct Parts {
    pub(super) output: Output,
    /// `None` where records are written as they come.
    pub(super) waiting: Option<Waiting>,
    /// `None` where the output is a stream.
    pub(super) journal: Option<Journal>,
}

impl Writer {
    pub(super) fn new(
        messages: Receiver<Message>,
        shared: Arc<Shared>,
        (format, shape): (Format, Shape),
        parts: Parts,
    ) -> Self {
        Self { messages, shared, format, shape, parts }
    }

    /// Writes until the end. After an error nothing more is written.
    pub(super) fn run(mut self) -> Result<Written, Error> {
        let whole = self.until_the_end();
        if whole.is_err() {
            self.rescue();
        }
        let Parts { output, waiting, journal } = self.parts;
        match whole {
            Ok(true) => {
                let part = output.path();
                let written = output.finish().map_err(|error| error.keeping(part))?;
                if let Some(journal) = journal {
                    // The output is whole and has its name; what cannot be removed is only in the way.
                    let log = journal.path();
                    journal.remove().unwrap_or_else(|error| tracing::warn!("remove {}: {error}", log.display()));
                }
                Ok(written)
            }
            unfinished => {
                let count = waiting.as_ref().map_or(0, Waiting::count);
                let path = keep_if_any(&output, count, journal);
                match unfinished {
                    Ok(_) => Ok(Written { records: output.records(), bytes: output.end(), path }),
                    Err(error) => Err(error.keeping(path)),
                }
            }
        }
    }

    /// Says whether the output is whole, but for its last bytes.
    fn until_the_end(&mut self) -> Result<bool, Error> {
        // A run that could not write cut off the end of the `.part`, and what had waited may be next again.
        self.emit_ready()?;
        self.changed(Instant::now())?;
        while let Some(message) = self.next_message()? {
            match message {
                Message::Consumed(list) => {
                    if let Some(journal) = &mut self.parts.journal {
                        journal.consumed(list);
                    }
                }
                Message::Records(records, weight) => {
                    let now = Instant::now();
                    for record in &records {
                        self.record(record, now)?;
                    }
                    self.changed(now)?;
                    self.shared.backlog.fetch_sub(weight, Relaxed);
                    self.publish();
                }
                Message::Finish => {
                    self.check_for_a_hole()?;
                    // Where that fails, what has found room is kept; what comes after it is only the output's end.
                    self.parts.output.flush()?;
                    return Ok(true);
                }
                Message::Stop => break,
            }
        }
        self.checkpoint(Outlast::PowerCut, Instant::now())?;
        self.parts.output.flush()?;
        Ok(false)
    }

    /// Something may have come that is not on disk yet.
    fn changed(&mut self, now: Instant) -> Result<(), Error> {
        match &mut self.parts.journal {
            Some(journal) => {
                journal.change(now);
                Ok(())
            }
            None => self.give_up_waste(),
        }
    }

    /// Waits for the next message; `None` when the sink was dropped. A stream is flushed before a wait, for somebody may be
    /// reading; what goes into a file is written with the next checkpoint.
    fn next_message(&mut self) -> Result<Option<Message>, Error> {
        loop {
            let now = Instant::now();
            if let Some(due) = self.parts.journal.as_ref().and_then(|journal| journal.due(now)) {
                self.checkpoint(due, now.checked_sub(LONG_WAIT).unwrap_or(now))?;
            }
            match self.messages.try_recv() {
                Ok(message) => return Ok(Some(message)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            if self.parts.output.is_stream() && !self.parts.output.is_flushed() {
                self.parts.output.flush()?;
                self.publish();
                continue;
            }
            let Some(due_in) = self.parts.journal.as_ref().and_then(|journal| journal.due_in(Instant::now())) else {
                return Ok(self.messages.recv().ok());
            };
            match self.messages.recv_timeout(due_in) {
                Ok(message) => return Ok(Some(message)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn record(&mut self, record: &Record, now: Instant) -> Result<(), Error> {
        let format = (self.format, self.shape);
        let failed = failed(record);
        if let Some(waiting) = &mut self.parts.waiting
            && waiting.next() != record.seq
        {
            return waiting.put(format, record, failed, now);
        }
        let gathered = self.parts.output.record(|into| {
            format.0.write(format.1, record, into);
            Ok(())
        })?;
        self.after(record.seq, failed, gathered);
        if let Some(waiting) = &mut self.parts.waiting {
            waiting.advance();
            self.emit_ready()?;
        }
        Ok(())
    }

    /// Writes what waited for the record that was just written.
    fn emit_ready(&mut self) -> Result<(), Error> {
        while let Parts { output, waiting: Some(waiting), .. } = &mut self.parts
            && let Some(ready) = waiting.pop()
        {
            let gathered = output.record(|into| waiting.read(ready.bytes, into))?;
            self.after(ready.seq, ready.failed, gathered);
        }
        Ok(())
    }

    fn after(&mut self, seq: u64, failed: Option<FailureKind>, gathered: Gathered) {
        if let Some(journal) = &mut self.parts.journal {
            journal.written(seq, failed, self.parts.output.end());
        }
        if gathered == Gathered::Flushed || self.parts.output.records().is_multiple_of(PUBLISH) {
            self.publish();
        }
    }

    /// Makes everything that is done outlast the process, or also a power cut. What has waited in memory only since a
    /// time after `until` is left out.
    fn checkpoint(&mut self, outlast: Outlast, until: Instant) -> Result<(), Error> {
        let Parts { output, waiting, journal: Some(journal) } = &mut self.parts else {
            return Ok(());
        };
        let since = waiting.as_mut().map_or(Ok(None), |waiting| waiting.spill_old(until))?;
        output.flush()?;
        if let Some(part) = output.part() {
            let pending = waiting.as_ref().map(Waiting::file);
            let pending = pending.and_then(|(file, length)| Some((file?, length)));
            let made = journal.checkpoint(outlast, part, pending, since);
            made.map_err(|error| log_error(journal, error))?;
        }
        // Not before a sync: until then a power cut may take what has made it superfluous.
        if outlast == Outlast::PowerCut {
            waiting.as_mut().map_or(Ok(()), Waiting::forget_spent)?;
            self.give_up_waste()?;
        }
        self.publish();
        Ok(())
    }

    /// Exchanges the file of records that wait for a smaller one, if most of what is in it has been written. Where there is
    /// a journal, right after a sync. Where no other file can be made or filled, the run goes on with the one it has.
    fn give_up_waste(&mut self) -> Result<(), Error> {
        let Parts { waiting: Some(waiting), journal, .. } = &mut self.parts else { return Ok(()) };
        if !waiting.is_wasteful() {
            return Ok(());
        }
        let successor = match journal {
            Some(journal) => journal.successor(),
            None => temporary_file(),
        };
        if let Err(error) = successor.and_then(|successor| waiting.move_to(successor)) {
            tracing::warn!(
                "make a smaller file of the records that wait: {error}; the run goes on, and its file grows"
            );
            waiting.keep_waste();
            return journal.as_ref().map_or(Ok(()), Journal::forget_successor).map_err(waiting::error);
        }
        let Some((journal, (Some(file), length))) = journal.as_mut().map(|journal| (journal, waiting.file())) else {
            return Ok(());
        };
        journal.succeed(file, length).map_err(waiting::error)
    }

    /// Keeps what can be kept when the disk is full. Why the run ends is known already; what fails here costs no more than
    /// what came after the last checkpoint.
    fn rescue(&mut self) {
        if let Parts { output, journal: Some(journal), waiting } = &mut self.parts
            && let Some(part) = output.part()
        {
            let pending = waiting.as_ref().and_then(|waiting| waiting.file().0);
            journal
                .rescue(part, pending)
                .unwrap_or_else(|error| tracing::debug!("the last checkpoint could not be made: {error}"));
        }
    }

    fn publish(&self) {
        self.shared.emitted.store(self.parts.output.records(), Relaxed);
        self.shared.changed.notify_one();
    }

    fn check_for_a_hole(&mut self) -> Result<(), Error> {
        let Some(waiting) = self.parts.waiting.as_ref().filter(|waiting| waiting.count() > 0) else {
            return Ok(());
        };
        let (missing, count) = (waiting.next(), waiting.count());
        self.checkpoint(Outlast::PowerCut, Instant::now())?;
        self.parts.output.flush()?;
        let kept = match self.parts.output.path() {
            Some(part) => format!("; what comes before it stays in `{}`", part.display()),
            None => String::new(),
        };
        Err(Error::io(format!(
            "write all records: task {missing} has none and {count} wait for it, which is a bug{kept}"
        )))
    }
}

/// Where what was written stays. Files without a single record would only be in the way.
fn keep_if_any(output: &Output, waiting: u64, journal: Option<Journal>) -> Option<PathBuf> {
    let path = output.path()?;
    if output.records() == 0 && waiting == 0 {
        std::fs::remove_file(&path).ok();
        journal.map(Journal::remove);
        return None;
    }
    Some(path)
}

fn log_error(journal: &Journal, error: io::Error) -> Error {
    let path = journal.path();
    let way_out = way_out(&error);
    Error::io(format!("write to `{}`, which says what is done{way_out}", path.display())).because(error)
}

fn failed(record: &Record) -> Option<FailureKind> {
    match &record.outcome {
        Outcome::Page(_) => None,
        Outcome::Failure(failure) => Some(failure.kind),
    }
}
