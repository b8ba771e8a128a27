//! The thread that writes the output. It handles one message after another, until there are no more.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::archive::Archive;
use super::failed_out::FailedOut;
use super::format::Layout;
use super::journal::{Journal, Outlast};
use super::kept::Kept;
use super::made::{Made, Rules};
use super::output::{Gathered, Output, way_out};
use super::waiting::{self, Waiting, temporary_file};
use super::{Conversion, Error, Written};
use crate::model::{FailureKind, ListPoint, Outcome, Record};

/// A checkpoint stores records that have waited this long for an earlier one. Newer ones usually do not wait much
/// longer.
const LONG_WAIT: Duration = Duration::from_millis(50);

/// When many waiting records are written at once, the counters are updated after this many records.
const PUBLISH: u64 = 1024;

/// After this many bytes of an older output, messages are handled first.
const STRETCH: u64 = 4 << 20;

/// A message to the thread.
pub(super) enum Message {
    /// How far the list has been read.
    Consumed(ListPoint),
    /// Members for the archive, and their share of the backlog. They come before the records of their pages.
    Archived(Vec<Bytes>, u64),
    /// Records, and their share of the backlog.
    Records(Vec<Record>, u64),
    /// There are no more records, and the output is complete.
    Finish,
    /// This run has no more records, but the output is not complete.
    Stop,
}

/// The state that both sides can read at any time.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) emitted: AtomicU64,
    pub(super) backlog: AtomicU64,
    pub(super) window: AtomicU64,
    pub(super) failed: OnceLock<Error>,
    pub(super) changed: Notify,
}

/// Everything that the thread owns.
pub(super) struct Writer {
    messages: Receiver<Message>,
    shared: Arc<Shared>,
    layout: Arc<Layout>,
    parts: Parts,
    /// Whether records may be ready that were not written yet, because there were too many at once.
    has_ready: bool,
    /// The number of failures among the records, including those of earlier runs.
    failed: u64,
}

/// The files and streams that the thread writes.
pub(super) struct Parts {
    pub(super) output: Output,
    /// `None` if records are written as they arrive.
    pub(super) waiting: Option<Waiting>,
    /// `None` if the output is a stream.
    pub(super) journal: Option<Journal>,
    /// `None` if the run has no archive.
    pub(super) archive: Option<Archive>,
    /// The records of an older output, if this one takes over some.
    pub(super) kept: Option<Kept>,
    /// The list of the failed tasks, if there is one.
    pub(super) failed_out: Option<FailedOut>,
    /// What stands beside the complete output about its rules, if anything.
    pub(super) rules: Option<Rules>,
    /// Makes the final file of the records; `None` if the output grows with them.
    pub(super) conversion: Option<Conversion>,
}

impl Parts {
    /// The number of records that need no more work. Those of an older output count from the beginning, because nobody
    /// waits for them.
    pub(super) fn emitted(&self) -> u64 {
        self.output.records() + self.kept.as_ref().map_or(0, Kept::left)
    }
}

impl Writer {
    pub(super) fn new(
        messages: Receiver<Message>,
        shared: Arc<Shared>,
        layout: Arc<Layout>,
        parts: Parts,
        failed: u64,
    ) -> Self {
        Self { messages, shared, layout, parts, has_ready: false, failed }
    }

    /// Writes until the end. After an error, no further record is written.
    pub(super) fn run(mut self) -> Result<Written, Error> {
        let whole = self.write_until_end();
        if whole.is_err() {
            self.rescue();
        }
        let made = self.made();
        let Parts { output, waiting, journal, mut archive, conversion, .. } = self.parts;
        match whole {
            Ok(true) => {
                let part = output.path();
                if let Some(target) = output.target() {
                    let forgotten =
                        made.as_ref().map_or_else(|| Made::forget(target), |made| made.forget_other(target));
                    let context = "remove the file of the rules of the older output";
                    forgotten.map_err(|error| Error::io(context).because(error).keeping(part.clone()))?;
                }
                // The archive comes first. If the run dies in between, a resume finds both.
                archive.as_mut().map_or(Ok(()), Archive::finish).map_err(|error| error.keeping(part.clone()))?;
                let is_stream = output.is_stream();
                let written = output.finish(conversion).map_err(|error| error.keeping(part));
                if let Some(archive) = archive.filter(|_| is_stream || written.is_ok()) {
                    archive.publish();
                }
                let written = written?;
                if let (Some(made), Some(path)) = (made, &written.path) {
                    // The output is complete. Without this file, later runs ask for --allow-changed-rules.
                    let made = Made { bytes: written.bytes, ..made }.write(path);
                    made.unwrap_or_else(|error| tracing::warn!("write {}: {error}", Made::path(path).display()));
                }
                if let Some(journal) = journal {
                    // The output is complete and has its name. If the log cannot be removed, that does no harm.
                    let log = journal.path();
                    journal.remove().unwrap_or_else(|error| tracing::warn!("remove {}: {error}", log.display()));
                }
                Ok(written)
            }
            unfinished => {
                let count = waiting.as_ref().map_or(0, Waiting::count);
                let path = keep_or_remove(&output, count, journal, archive);
                match unfinished {
                    Ok(_) => Ok(Written { records: output.records(), bytes: output.flushed(), path }),
                    Err(error) => Err(error.keeping(path)),
                }
            }
        }
    }

    /// Writes until a message ends it. Returns whether the output is complete, except for its last bytes.
    fn write_until_end(&mut self) -> Result<bool, Error> {
        // An earlier run that failed to write may have cut off the end of the `.part`. Then a waiting record may be the
        // next one.
        self.emit_ready()?;
        self.changed(Instant::now())?;
        while let Some(message) = self.next_message()? {
            match message {
                Message::Consumed(list) => {
                    if let Some(journal) = &mut self.parts.journal {
                        journal.consumed(list);
                    }
                    self.has_ready = self.parts.kept.is_some();
                }
                Message::Archived(members, weight) => {
                    if let Some(archive) = &mut self.parts.archive {
                        archive.append(&members)?;
                    }
                    self.shared.backlog.fetch_sub(weight, Relaxed);
                    self.publish();
                }
                Message::Records(records, weight) => {
                    let now = Instant::now();
                    for record in &records {
                        self.record(record, now)?;
                    }
                    if self.has_ready {
                        self.emit_ready()?;
                    }
                    self.changed(now)?;
                    self.shared.backlog.fetch_sub(weight, Relaxed);
                    self.publish();
                }
                Message::Finish => {
                    while self.has_ready {
                        self.write_ready()?;
                    }
                    self.check_for_missing_record()?;
                    if self.parts.archive.is_some() || self.parts.conversion.is_some() {
                        // So a run that dies before the output has its name can be resumed, with the whole archive. If a
                        // conversion does not come to its end, a later run only repeats the conversion.
                        self.checkpoint(Outlast::PowerCut, Instant::now())?;
                    }
                    // If this fails, the records that were written are kept. The rest is only the end of the layout.
                    self.parts.output.flush()?;
                    if let Some(list) = &mut self.parts.failed_out {
                        list.flush()?;
                        list.sync()?;
                    }
                    return Ok(true);
                }
                Message::Stop => break,
            }
        }
        self.checkpoint(Outlast::PowerCut, Instant::now())?;
        self.parts.output.flush()?;
        self.parts.archive.as_mut().map_or(Ok(()), Archive::flush)?;
        Ok(false)
    }

    /// Notes that there may be records that are not on disk yet.
    fn changed(&mut self, now: Instant) -> Result<(), Error> {
        match &mut self.parts.journal {
            Some(journal) => {
                journal.change(now);
                Ok(())
            }
            None => self.replace_wasteful_file(),
        }
    }

    /// Waits for the next message; `None` if the sink was dropped. A stream is flushed before the wait, because a
    /// reader may wait for records; a packed stream is flushed later. A file is written at the next checkpoint.
    fn next_message(&mut self) -> Result<Option<Message>, Error> {
        loop {
            self.checkpoint_if_due()?;
            match self.messages.try_recv() {
                Ok(message) => return Ok(Some(message)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            if self.has_ready {
                self.write_ready()?;
                continue;
            }
            self.parts.failed_out.as_mut().map_or(Ok(()), FailedOut::flush)?;
            let now = Instant::now();
            let flush_in = self.parts.output.due_in(now);
            if flush_in == Some(Duration::ZERO) {
                self.parts.output.flush()?;
                self.publish();
                continue;
            }
            let checkpoint_in = self.parts.journal.as_ref().and_then(|journal| journal.due_in(now));
            let Some(due_in) = checkpoint_in.or(flush_in) else {
                return Ok(self.messages.recv().ok());
            };
            match self.messages.recv_timeout(due_in) {
                Ok(message) => return Ok(Some(message)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Writes some of the records that are ready, and makes the checkpoints that are due meanwhile.
    fn write_ready(&mut self) -> Result<(), Error> {
        self.emit_ready()?;
        self.changed(Instant::now())?;
        self.publish();
        self.checkpoint_if_due()
    }

    fn checkpoint_if_due(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        match self.parts.journal.as_ref().and_then(|journal| journal.due(now)) {
            Some(due) => {
                self.checkpoint(due, now.checked_sub(LONG_WAIT).unwrap_or(now))?;
                // A checkpoint moves waiting records to a file.
                self.publish_window();
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn record(&mut self, record: &Record, now: Instant) -> Result<(), Error> {
        let failed = failed(record);
        self.failed += u64::from(failed.is_some());
        if let (Some(list), Outcome::Failure(failure)) = (&mut self.parts.failed_out, &record.outcome) {
            list.failed(record, failure)?;
        }
        if let Some(waiting) = &mut self.parts.waiting
            && waiting.next() != record.seq
        {
            return waiting.put(&self.layout, record, failed, now);
        }
        let gathered = self.parts.output.record(|into| {
            self.layout.write(record, into);
            Ok(())
        })?;
        self.note_written(record.seq, failed, gathered);
        if let Some(waiting) = &mut self.parts.waiting {
            waiting.advance();
            self.emit_ready()?;
        }
        Ok(())
    }

    /// Writes the records that are next: those that waited for the record just written, and those of an older output. Of
    /// the latter, only some are written at once, and only up to where the list has been read, because a later run trusts
    /// no others.
    fn emit_ready(&mut self) -> Result<(), Error> {
        self.has_ready = self.parts.kept.is_some() && self.parts.waiting.is_some();
        let begin = self.parts.output.flushed();
        while let Parts { output, waiting: Some(waiting), journal, kept, .. } = &mut self.parts {
            if let Some(ready) = waiting.pop() {
                let gathered = output.record(|into| waiting.read(ready.bytes, into))?;
                self.note_written(ready.seq, ready.failed, gathered);
                continue;
            }
            let (seq, read) = (waiting.next(), journal.as_ref().map_or(0, |journal| journal.list().tasks));
            let Some(kept) = kept.as_mut().filter(|kept| seq < read && kept.tasks().contains(seq)) else {
                self.has_ready = false;
                break;
            };
            if output.flushed() - begin > STRETCH {
                break;
            }
            let mut failed = None;
            let gathered = output.record(|into| {
                failed = kept.copy(seq, into)?;
                Ok(())
            })?;
            waiting.advance();
            self.note_written(seq, failed, gathered);
        }
        Ok(())
    }

    fn note_written(&mut self, seq: u64, failed: Option<FailureKind>, gathered: Gathered) {
        if let Some(journal) = &mut self.parts.journal {
            journal.written(seq, failed, self.parts.output.end());
        }
        if gathered == Gathered::Flushed || self.parts.output.records().is_multiple_of(PUBLISH) {
            self.publish();
        }
    }

    /// Stores all finished records, so that they survive the end of the process, or also a power cut. Leaves out
    /// records that have waited in memory only since a time after `until`.
    fn checkpoint(&mut self, outlast: Outlast, until: Instant) -> Result<(), Error> {
        let Parts { output, waiting, journal: Some(journal), archive, failed_out, .. } = &mut self.parts else {
            return Ok(());
        };
        // A confirmed failure must be in the list, because a later run does not add it.
        if let Some(list) = failed_out {
            list.flush()?;
            if outlast == Outlast::PowerCut {
                list.sync()?;
            }
        }
        let since = waiting.as_mut().map_or(Ok(None), |waiting| waiting.spill_old(until))?;
        output.flush()?;
        archive.as_mut().map_or(Ok(()), Archive::flush)?;
        if let Some(part) = output.part() {
            let pending = waiting.as_ref().map(Waiting::file);
            let pending = pending.and_then(|(file, length)| Some((file?, length)));
            let made = journal.checkpoint(outlast, part, archive.as_mut().map(Archive::part), pending, since);
            made.map_err(|error| log_error(journal, error))?;
        }
        // Only after a sync: until then, a power cut may remove the entry that makes these records unnecessary.
        if outlast == Outlast::PowerCut {
            waiting.as_mut().map_or(Ok(()), Waiting::truncate_if_unused)?;
            self.replace_wasteful_file()?;
        }
        self.publish();
        Ok(())
    }

    /// Replaces the file of waiting records with a smaller one, if most of its records have been written. If there is a
    /// journal, this must be right after a sync. If no other file can be created or filled, the run continues with the
    /// old one.
    fn replace_wasteful_file(&mut self) -> Result<(), Error> {
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
                "move the waiting records to a smaller file: {error}; the run continues with the old file, which grows"
            );
            waiting.stop_replacing();
            return journal.as_ref().map_or(Ok(()), Journal::remove_successor).map_err(waiting::error);
        }
        let Some((journal, (Some(file), length))) = journal.as_mut().map(|journal| (journal, waiting.file())) else {
            return Ok(());
        };
        journal.install_successor(file, length).map_err(waiting::error)
    }

    /// Saves what can be saved, for example if the disk is full. The reason for the end of the run is known already. If
    /// this fails, only the records since the last checkpoint are lost.
    fn rescue(&mut self) {
        if let Parts { output, journal: Some(journal), waiting, archive, failed_out, .. } = &mut self.parts
            && let Some(part) = output.part()
        {
            let is_listed = failed_out.as_mut().is_none_or(|list| list.flush().and_then(|()| list.sync()).is_ok());
            let pending = waiting.as_ref().and_then(|waiting| waiting.file().0);
            journal
                .rescue(part, archive.as_mut().map(Archive::part), pending, is_listed)
                .unwrap_or_else(|error| tracing::debug!("the last checkpoint could not be made: {error}"));
        }
    }

    /// What the output will have been made with, except for its length.
    fn made(&self) -> Option<Made> {
        let Parts { output, journal: Some(journal), rules: Some(rules), .. } = &self.parts else { return None };
        let (rules, list) = (rules.clone(), journal.list());
        Some(Made { rules, list, records: output.records(), failed: self.failed, bytes: 0 })
    }

    fn publish(&self) {
        self.shared.emitted.store(self.parts.emitted(), Relaxed);
        self.publish_window();
        self.shared.changed.notify_one();
    }

    fn publish_window(&self) {
        self.shared.window.store(self.parts.waiting.as_ref().map_or(0, Waiting::memory), Relaxed);
    }

    fn check_for_missing_record(&mut self) -> Result<(), Error> {
        let left = self.parts.kept.as_ref().map_or(0, Kept::left);
        let is_missing = |waiting: &&Waiting| waiting.count() + left > 0;
        let Some(waiting) = self.parts.waiting.as_ref().filter(is_missing) else {
            return Ok(());
        };
        let (missing, count) = (waiting.next(), waiting.count() + left);
        self.checkpoint(Outlast::PowerCut, Instant::now())?;
        self.parts.output.flush()?;
        let kept = match self.parts.output.path() {
            Some(part) => format!("; the records before it stay in `{}`", part.display()),
            None => String::new(),
        };
        Err(Error::io(format!(
            "write all records: task {missing} has no record and {count} records wait for it, which is a bug{kept}"
        )))
    }
}

/// The path of the unfinished output. Without any record, the files are removed instead.
fn keep_or_remove(
    output: &Output,
    waiting: u64,
    journal: Option<Journal>,
    archive: Option<Archive>,
) -> Option<PathBuf> {
    let is_empty = output.records() == 0 && waiting == 0;
    match archive {
        Some(archive) if is_empty => archive.discard(),
        Some(archive) if output.is_stream() => {
            tracing::warn!("the archive is not complete: what it has is in `{}`", archive.path().display());
        }
        _ => {}
    }
    let path = output.path()?;
    if is_empty {
        std::fs::remove_file(&path).ok();
        journal.map(Journal::remove);
        return None;
    }
    Some(path)
}

fn log_error(journal: &Journal, error: io::Error) -> Error {
    let path = journal.path();
    let way_out = way_out(&error);
    Error::io(format!("write to the journal `{}`{way_out}", path.display())).because(error)
}

fn failed(record: &Record) -> Option<FailureKind> {
    match &record.outcome {
        Outcome::Page(_) => None,
        Outcome::Failure(failure) => Some(failure.kind),
    }
}
