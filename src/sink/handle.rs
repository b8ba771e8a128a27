//! The caller's side. Only `finish` and `stop` wait for a disk, because that is their purpose.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::archive::{self, Archive, Place};
use super::destination::{self, Found, Target};
use super::failed_out::FailedOut;
use super::format::Layout;
use super::journal::{self, Claim};
use super::kept::Kept;
use super::output::Output;
use super::packing::Packer;
use super::spill::Make;
use super::waiting::{Waiting, temporary_file};
use super::writer::{Message, Parts, Shared, Writer};
use super::{Conversion, Error, LeftOver, Options, Order};
use crate::model::{Done, FailureKind, ListPoint, Outcome, Record};

/// The result of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The number of records.
    pub records: u64,
    /// The number of bytes.
    pub bytes: u64,
    /// The file with the records: the output after `finish`, its `.part` after `stop`. `None` if they were written to a
    /// stream, or if there are none to keep.
    pub path: Option<PathBuf>,
}

/// The open output. If it is dropped without `finish`, it leaves the ordered records in `<name>.part`, like `stop`.
#[derive(Debug)]
pub struct Sink {
    /// `None` only while the sink is being dropped.
    messages: Option<mpsc::Sender<Message>>,
    shared: Arc<Shared>,
    end: oneshot::Receiver<Result<Written, Error>>,
    /// The thread to wait for at the end, if it writes a file. The thread of a stream is not waited for, because the
    /// reader of the stream may never read again.
    thread: Option<JoinHandle<()>>,
    before: Before,
    /// The `.part`, if the output is a file.
    part: Option<PathBuf>,
    sitemaps: Option<File>,
    /// The number of the run, if there is an archive.
    archive_run: Option<u128>,
}

/// The work of an earlier run that the output already had when it was opened. Everything is zero unless the output was
/// resumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The tasks that have records, and the state of the list at that time.
    pub done: Done,
    /// The number of failure records, by kind.
    pub failures: BTreeMap<FailureKind, u64>,
}

impl Sink {
    /// Opens the output and starts the thread that writes it. An existing file with the name of the output stays
    /// unchanged. The options say what to do with an unfinished output of an earlier run.
    ///
    /// Opening a FIFO waits for its reader, as in any program.
    ///
    /// # Errors
    /// For every problem that can be detected before the first record: a folder that is missing or not writable, a name
    /// that is a folder, another run with the same output, the `.part` of an unfinished run, a stream that is not
    /// writable.
    pub fn open(options: &Options) -> Result<Self, Error> {
        Self::open_with(options, None)
    }

    /// Like [`open`](Self::open). `conversion` makes the final file of the records, if the format is one that
    /// [is converted](super::Format::is_converted).
    ///
    /// # Errors
    /// Also for a destination that is not a regular file, if there is a conversion.
    pub fn open_with(options: &Options, conversion: Option<Conversion>) -> Result<Self, Error> {
        Self::open_keeping(options, conversion, None)
    }

    /// Like [`open_with`](Self::open_with), for an output that takes over records of an older one. `kept` needs the order
    /// of the list.
    ///
    /// # Errors
    /// Also for a destination that is not a regular file, if there are such records.
    pub fn open_keeping(options: &Options, conversion: Option<Conversion>, kept: Option<Kept>) -> Result<Self, Error> {
        if kept.is_some() && options.order == Order::Completion {
            return Err(Error::unusable("take over records: the output needs the order of the list"));
        }
        match destination::find(&options.destination, options.left_over)? {
            Found::Stream(_, name) if conversion.is_some() => Err(Error::unusable(format!(
                "write this format to {name}: it needs a regular file; name one with --output"
            ))),
            Found::Stream(_, name) if kept.is_some() => {
                Err(Error::unusable(format!("take over records into {name}: name a regular file with --output")))
            }
            Found::Stream(stream, name) => Self::stream(options, stream, name, temporary_file),
            Found::File(target, permissions) => {
                let packer = packer(options)?;
                let Claim { part, journal, pending, sitemaps, confirmed, archive } =
                    journal::claim(target, permissions, options)?;
                let waiting = pending.map(|pending| Waiting::journalled(options.window_memory, pending, &confirmed));
                let layout = Arc::new(Layout::new(options));
                let output = Output::new(Target::Part(part), Arc::clone(&layout), packer, confirmed.records);
                let mut before = Before { done: confirmed.done, failures: confirmed.failures };
                let failed_out = open_failed_out(options, &before)?;
                let kept = kept.map(|kept| with_kept(kept, confirmed.records, &mut before)).transpose()?;
                let rules = options.rules.clone();
                let parts =
                    Parts { output, waiting, journal: Some(journal), archive, kept, failed_out, rules, conversion };
                let mut sink = Self::start(layout, parts, before)?;
                sink.sitemaps = sitemaps;
                Ok(sink)
            }
        }
    }

    /// A sink that writes to `stream`.
    #[cfg(test)]
    pub(super) fn to_stream(
        options: &Options,
        stream: impl io::Write + Send + 'static,
        name: &str,
    ) -> Result<Self, Error> {
        Self::stream(options, Box::new(stream), name.to_owned(), tempfile::tempfile)
    }

    fn stream(
        options: &Options,
        stream: Box<dyn io::Write + Send>,
        name: String,
        temporary: Make,
    ) -> Result<Self, Error> {
        let layout = Arc::new(Layout::new(options));
        let output = Output::new(Target::Stream(stream, name), Arc::clone(&layout), packer(options)?, 0);
        let waiting = (options.order == Order::Input).then(|| Waiting::anonymous(options.window_memory, temporary));
        let place = options.archive.as_ref().map(Place::find).transpose()?;
        let archive = place.map(|place| start_archive(&place, options.left_over)).transpose()?;
        let failed_out = open_failed_out(options, &Before::default())?;
        let (kept, rules, conversion) = (None, None, None);
        let parts = Parts { output, waiting, journal: None, archive, kept, failed_out, rules, conversion };
        Self::start(layout, parts, Before::default())
    }

    fn start(layout: Arc<Layout>, parts: Parts, before: Before) -> Result<Self, Error> {
        let (messages, receiver) = mpsc::channel();
        let (ended, end) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        shared.emitted.store(parts.emitted(), Relaxed);
        let (is_stream, part) = (parts.output.is_stream(), parts.output.path());
        let archive_run = parts.archive.as_ref().map(Archive::run);
        let failed_before = before.failures.values().sum();
        let writer = Writer::new(receiver, Arc::clone(&shared), layout, parts, failed_before);
        let on_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(|| writer.run())).unwrap_or_else(|_| Err(bug()));
                if let Err(error) = &result {
                    on_thread.failed.set(error.clone()).ok();
                }
                ended.send(result).ok();
                on_thread.changed.notify_one();
            })
            .map_err(|error| {
                Error::unusable("start a thread that writes the output (is there a limit on processes, ulimit -u?)")
                    .because(error)
            })?;
        Ok(Self {
            messages: Some(messages),
            shared,
            end,
            thread: (!is_stream).then_some(thread),
            before,
            part,
            archive_run,
            sitemaps: None,
        })
    }

    /// What an earlier run has done for this output.
    pub fn before(&self) -> &Before {
        &self.before
    }

    /// The file that has the records until the output is complete; `None` if they go to a stream.
    pub fn part(&self) -> Option<&Path> {
        self.part.as_deref()
    }

    /// The file beside the output for the sitemaps of the list, once. `None` if the list has none, or if the output is a
    /// stream.
    pub fn take_sitemaps(&mut self) -> Option<File> {
        self.sitemaps.take()
    }

    /// The number of the run, if it has an archive. A resumed run has the number of the run that it resumes.
    pub fn archive_run(&self) -> Option<u128> {
        self.archive_run
    }

    /// Tells how far the list has been read. Must be called before any record of a task up to there is pushed: a later
    /// run cannot compare other tasks with the list, so it would not trust their records.
    pub fn consumed(&self, list: ListPoint) {
        self.send(Message::Consumed(list));
    }

    /// Queues records to be written. Never waits. After a failure it does nothing.
    ///
    /// With `Order::Input`, each number must come exactly once, in any order. A second record with the same number is
    /// dropped.
    pub fn push(&self, records: Vec<Record>) {
        let weight = records.iter().map(weight).sum();
        self.shared.backlog.fetch_add(weight, Relaxed);
        self.send(Message::Records(records, weight));
    }

    /// Queues members for the archive. Must be called before the records of their pages are pushed. Never waits. Does
    /// nothing without an archive, and after a failure.
    pub fn archive(&self, members: Vec<Bytes>) {
        let weight = members.iter().map(|members| members.len() as u64).sum();
        self.shared.backlog.fetch_add(weight, Relaxed);
        self.send(Message::Archived(members, weight));
    }

    /// The number of records written so far in their final order, including those of an earlier run. The last ones may
    /// still be in a buffer. Records of an older output count from the beginning.
    pub fn emitted(&self) -> u64 {
        self.shared.emitted.load(Relaxed)
    }

    /// Bytes of records and members that were pushed, but neither written nor stored to wait for an earlier record. The
    /// number grows while the disk or the reader of standard output is slower than the pages arrive. The caller should
    /// then stop fetching.
    pub fn backlog(&self) -> u64 {
        self.shared.backlog.load(Relaxed)
    }

    /// Bytes of memory that records take while they wait for the record of an earlier task.
    pub fn window(&self) -> u64 {
        self.shared.window.load(Relaxed)
    }

    /// The error that ended writing, if there is one.
    pub fn failed(&self) -> Option<&Error> {
        self.shared.failed.get()
    }

    /// Waits until `emitted`, `backlog` or `failed` may have changed since the last wait. For one waiter only. Dropping
    /// the future loses no change.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Writes the remaining records, ends the output and renames it to its final name.
    ///
    /// # Errors
    /// If the output cannot be written or renamed, or if writing failed before, or if a record is missing. The `.part`
    /// stays in these cases.
    pub async fn finish(self) -> Result<Written, Error> {
        self.end_with(Message::Finish).await
    }

    /// Writes the remaining ordered records and leaves the output unfinished: a `.part`, or a stream without its end.
    ///
    /// Waits for the reader of a stream for any time. The future may be dropped while it waits.
    ///
    /// # Errors
    /// If the records cannot be written, or if writing failed before.
    pub async fn stop(self) -> Result<Written, Error> {
        self.end_with(Message::Stop).await
    }

    async fn end_with(mut self, message: Message) -> Result<Written, Error> {
        self.send(message);
        // If the caller drops this future, it does not want to wait for the thread either.
        let thread = self.thread.take();
        let ended = (&mut self.end).await.unwrap_or_else(|_| Err(bug()));
        thread.map(JoinHandle::join);
        ended
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // It fails when the thread has ended. Then `failed` has the reason.
            messages.send(message).ok();
        }
    }
}

/// Opens the list of the failed tasks, if there is to be one.
fn open_failed_out(options: &Options, before: &Before) -> Result<Option<FailedOut>, Error> {
    let Some(path) = &options.failed_out else { return Ok(None) };
    if before.failures.values().any(|count| *count > 0) && !path.exists() {
        let shown = path.display();
        tracing::warn!("`{shown}` does not exist, so it will lack the failures of the earlier run that is resumed");
    }
    FailedOut::open(path, &before.done).map(Some)
}

/// Adds the records of an older output to the work that is done. The output has `records` records already.
fn with_kept(mut kept: Kept, records: u64, before: &mut Before) -> Result<Kept, Error> {
    let failures = kept.begin_at(records);
    let failures = failures.map_err(|error| Error::unusable("read which records are kept").because(error))?;
    for (kind, count) in failures {
        *before.failures.entry(kind).or_default() += count;
    }
    before.done.kept = Some(kept.tasks().clone());
    Ok(kept)
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Starts the archive of a run whose output is a stream, which no run can resume.
fn start_archive(place: &Place, left_over: LeftOver) -> Result<Archive, Error> {
    place.clear(left_over)?;
    let part = place.part().display();
    let started = archive::random_run().and_then(|run| place.start(run));
    started.map_err(|error| {
        Error::unusable(format!("create `{part}`: make its folder writable, or choose another with --archive"))
            .because(error)
    })
}

fn packer(options: &Options) -> Result<Option<Packer>, Error> {
    Packer::new(options.packing).map_err(|error| Error::unusable("set up the compression of the output").because(error))
}

fn bug() -> Error {
    Error::io("write the output: its thread panicked, which is a bug").because(io::Error::other("a panic"))
}

/// About how much memory a record uses, in bytes.
fn weight(record: &Record) -> u64 {
    let outcome = match &record.outcome {
        Outcome::Page(page) => page.final_url.len() + page.data.len(),
        Outcome::Failure(failure) => failure.message.len() + failure.causes.iter().map(String::len).sum::<usize>(),
    };
    (size_of::<Record>() + record.url.len() + record.input.weight() + outcome) as u64
}
