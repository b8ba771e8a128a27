//! The caller's side: nothing here ever waits for a disk but `finish` and `stop`, which are asked to.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::destination::{self, Found, Target};
use super::journal::{self, Claim};
use super::output::Output;
use super::spill::Make;
use super::waiting::{Waiting, temporary_file};
use super::writer::{Message, Parts, Shared, Writer};
use super::{Error, Options, Order};
use crate::model::{Done, FailureKind, ListPoint, Outcome, Record};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many records.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The file that holds them: the output after `finish`, its `.part` after `stop`; `None` where they went into a
    /// stream, or where there is nothing to keep.
    pub path: Option<PathBuf>,
}

/// The open output. Dropped without `finish`, it leaves what is in order in `<name>.part`, as `stop` does.
#[derive(Debug)]
pub struct Sink {
    /// `None` only while the sink is dropped.
    messages: Option<mpsc::Sender<Message>>,
    shared: Arc<Shared>,
    end: oneshot::Receiver<Result<Written, Error>>,
    /// The thread that is waited for at the end: one that writes a file. The reader of a stream may never read again.
    thread: Option<JoinHandle<()>>,
    before: Before,
    /// The `.part`, where the output is a file.
    part: Option<PathBuf>,
}

/// What the output had already when it was opened: the work of an earlier run. All of it is zero unless that is gone on
/// with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The tasks that have their records, and the list as it was read then.
    pub done: Done,
    /// How many of the records are failures, by kind.
    pub failures: BTreeMap<FailureKind, u64>,
}

impl Sink {
    /// Opens the output and starts the thread that writes it. What is under its name stays untouched; what an earlier run
    /// has left of it is treated as the options say.
    ///
    /// Opening a FIFO waits for its reader, as it does in every program.
    ///
    /// # Errors
    /// With everything that can be known before the first record: a folder that is missing or takes no files, a name
    /// that is a folder's, another run on the same output, the `.part` of one that died, a stream that cannot be written to.
    pub fn open(options: &Options) -> Result<Self, Error> {
        match destination::find(&options.destination, options.left_over)? {
            Found::Stream(stream, name) => Self::stream(options, stream, name, temporary_file),
            Found::File(target, permissions) => {
                let Claim { part, journal, pending, confirmed } = journal::claim(target, permissions, options)?;
                let waiting = pending.map(|pending| Waiting::journalled(options.window_memory, pending, &confirmed));
                let output = Output::new(Target::Part(part), options.format, confirmed.records);
                let before = Before { done: confirmed.done, failures: confirmed.failures };
                Self::start(options, Parts { output, waiting, journal: Some(journal) }, before)
            }
        }
    }

    /// A sink that writes into `stream`.
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
        let output = Output::new(Target::Stream(stream, name), options.format, 0);
        let waiting = (options.order == Order::Input).then(|| Waiting::anonymous(options.window_memory, temporary));
        Self::start(options, Parts { output, waiting, journal: None }, Before::default())
    }

    fn start(options: &Options, parts: Parts, before: Before) -> Result<Self, Error> {
        let (messages, receiver) = mpsc::channel();
        let (ended, end) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        shared.emitted.store(parts.output.records(), Relaxed);
        let (is_stream, part) = (parts.output.is_stream(), parts.output.path());
        let writer = Writer::new(receiver, Arc::clone(&shared), (options.format, options.shape), parts);
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
        Ok(Self { messages: Some(messages), shared, end, thread: (!is_stream).then_some(thread), before, part })
    }

    /// What an earlier run has done of this output.
    pub fn before(&self) -> &Before {
        &self.before
    }

    /// Where the records are until the output is whole; `None` where they go into a stream.
    pub fn part(&self) -> Option<&Path> {
        self.part.as_deref()
    }

    /// Says how far the list has been read. To be told before any record of a task up to there is pushed: a record whose
    /// task nobody could compare with the list would not be trusted by a later run.
    pub fn consumed(&self, list: ListPoint) {
        self.send(Message::Consumed(list));
    }

    /// Hands records over to be written. Never waits; after a failure it does nothing.
    ///
    /// With `Order::Input` each number must come exactly once, in any order; a second record of one number is dropped.
    pub fn push(&self, records: Vec<Record>) {
        let weight = records.iter().map(weight).sum();
        self.shared.backlog.fetch_add(weight, Relaxed);
        self.send(Message::Records(records, weight));
    }

    /// How many records have been written so far, in their order, those of an earlier run included. The last ones may still be in a buffer.
    pub fn emitted(&self) -> u64 {
        self.shared.emitted.load(Relaxed)
    }

    /// Bytes that were handed over and neither written nor put where they wait for an earlier record. It grows while
    /// the disk or the reader of standard output is slower than the pages come; then no more should be fetched.
    pub fn backlog(&self) -> u64 {
        self.shared.backlog.load(Relaxed)
    }

    /// Why nothing more will be written, if so.
    pub fn failed(&self) -> Option<&Error> {
        self.shared.failed.get()
    }

    /// Waits until `emitted`, `backlog` or `failed` may have changed since the last wait. For one waiter; may be
    /// dropped half-way without losing a change.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Writes what is left, ends the output, and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written or renamed, or could not before; when a record is missing before others. The `.part`
    /// stays then.
    pub async fn finish(self) -> Result<Written, Error> {
        self.end_with(Message::Finish).await
    }

    /// Writes what is left and in order, and leaves the output as it is then: a `.part`, or a stream without an end.
    ///
    /// Waits for the reader of a stream for as long as that takes; may be dropped half-way.
    ///
    /// # Errors
    /// When that cannot be written, or could not before.
    pub async fn stop(self) -> Result<Written, Error> {
        self.end_with(Message::Stop).await
    }

    async fn end_with(mut self, message: Message) -> Result<Written, Error> {
        self.send(message);
        // Whoever drops this half-way does not want to wait for the thread either.
        let thread = self.thread.take();
        let ended = (&mut self.end).await.unwrap_or_else(|_| Err(bug()));
        thread.map(JoinHandle::join);
        ended
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // It fails when the thread has ended, and `failed` says why.
            messages.send(message).ok();
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn bug() -> Error {
    Error::io("write the output: its thread panicked, which is a bug").because(io::Error::other("a panic"))
}

/// About what a record takes in memory, in bytes.
fn weight(record: &Record) -> u64 {
    let outcome = match &record.outcome {
        Outcome::Page(page) => page.final_url.len() + page.data.len(),
        Outcome::Failure(failure) => failure.message.len() + failure.causes.iter().map(String::len).sum::<usize>(),
    };
    (size_of::<Record>() + record.url.len() + outcome) as u64
}
