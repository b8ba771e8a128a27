//! The loop: waits for whatever happens next, lets `state` decide, and does what it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::cookies::Cookies;
use super::executor::Executor;
use super::interrupts::Interrupts;
use super::limits::Reason;
use super::state::{Action, Bounds, Event, Outside, State};
use super::summary::Summary;
use super::{Cached, Plausible, Progress};
use crate::cookies::Jar;
use crate::input;
use crate::model::{Failure, FailureKind, HostKey, Outcome, Record, RunLimits};
use crate::schedule;
use crate::sink::{self, Sink};

/// Bytes of records that may wait for the sink's thread before no more tasks are begun.
const BACKLOG: u64 = 64 << 20;

/// Settled tasks are handed to the sink so many at a time, or after so long: nobody reads faster.
const RECORDS: usize = 64;
const PATIENCE: Duration = Duration::from_millis(5);

/// How long what is in flight may take after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// How long a second signal lets the output take to write down what is done.
const HASTE: Duration = Duration::from_millis(100);

/// What a run is made of.
#[derive(Debug)]
pub struct Parts<E> {
    /// Runs the jobs.
    pub executor: E,
    /// Jobs that it can hold.
    pub places: usize,
    /// The list.
    pub input: input::Receiver,
    /// Where the records go.
    pub sink: Sink,
    /// Redirects and retries.
    pub schedule: schedule::Options,
    /// Tasks that may be under way to find hosts that may be asked.
    pub read_ahead: usize,
    /// Tasks that may be begun past the first one that is not written yet.
    pub ahead_limit: u64,
    /// How long a job may keep its worker.
    pub task_timeout: Duration,
    /// What workers can bring back.
    pub plausible: Plausible,
    /// Request headers of the settings for one host alone: they travel with what is asked of it.
    pub host_headers: BTreeMap<HostKey, Vec<(String, String)>>,
    /// When the run stops of its own accord.
    pub limits: RunLimits,
    /// The cookies that the run begins with; `None` where it keeps none.
    pub cookies: Option<Jar>,
    /// Answers of earlier runs.
    pub cached: Option<Cached>,
    /// Told how far the run has come.
    pub progress: Arc<Progress>,
}

/// How a run ended that met no error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every task has its record.
    Complete,
    /// Whoever read the output has had enough.
    ReaderGone,
    /// It was stopped before the end of its list.
    Stopped(Reason),
}

/// How a run went.
#[derive(Debug)]
pub struct Ended {
    /// How it ended, or why it could not go on.
    pub ending: Result<Ending, Error>,
    /// What it did until then.
    pub summary: Summary,
    /// Where what is done waits to be gone on with, if the run is not complete and anything does.
    pub kept: Option<PathBuf>,
    /// The cookies that it had in the end, if it kept any.
    pub cookies: Option<Jar>,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list could not be read to its end.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// The output could not be written.
    #[error(transparent)]
    Sink(#[from] sink::Error),
    /// The workers do not work.
    #[error("keep workers running: {0}")]
    Executor(String),
    /// The system refused what every process gets.
    #[error("listen for signals ({0})")]
    Signals(#[source] std::io::Error),
}

/// Runs a list to its end. Where that cannot be reached, what is done is kept: in the output's `.part` and the files beside
/// it, or in the output itself where that is a stream.
///
/// # Errors
/// When it cannot even begin.
pub async fn run<E: Executor>(parts: Parts<E>) -> Result<Ended, Error> {
    let bounds = Bounds {
        places: parts.places,
        read_ahead: parts.read_ahead,
        ahead: parts.ahead_limit,
        backlog: BACKLOG,
        deadline: parts.task_timeout,
        grace: GRACE,
        plausible: parts.plausible,
        host_headers: parts.host_headers,
        limits: parts.limits,
    };
    let now = Instant::now();
    let mut state = State::new(parts.schedule, bounds, parts.sink.before(), now);
    state.cookies = parts.cookies.map(|jar| Cookies::new(jar, now, SystemTime::now()));
    state.cached = parts.cached;
    let (done, failed) = state.settled();
    parts.progress.set(done, failed);
    let mut turn = Loop {
        executor: parts.executor,
        input: Some(parts.input),
        sink: parts.sink,
        state,
        progress: parts.progress,
        actions: Vec::new(),
        records: Vec::new(),
        records_since: None,
    };
    let mut interrupts = Interrupts::new().map_err(Error::Signals)?;
    let ending = turn.until_the_end(&mut interrupts).await;
    turn.hand_over();
    let Loop { sink, mut state, .. } = turn;
    let part = sink.part().map(Path::to_owned);
    let unfinished = match ending {
        Ok(Ending::Complete) => state.list_error.take().map(|error| Err(error.into())),
        other => Some(other),
    };
    let (ending, kept) = match unfinished {
        None => tokio::select! {
            finished = sink.finish() => match finished {
                Ok(_) => (Ok(Ending::Complete), None),
                Err(error) if error.kind() == sink::ErrorKind::Closed => (Ok(Ending::ReaderGone), None),
                Err(error) => unwritable(error),
            },
            signal = hurried(&mut interrupts) => (Ok(Ending::Stopped(Reason::Signal(signal))), part),
        },
        Some(ending) => {
            let stopped = tokio::select! {
                stopped = sink.stop() => Some(stopped),
                _ = hurried(&mut interrupts) => None,
            };
            match (ending, stopped) {
                // The last records could not be kept, which those who wait for them must know.
                (Ok(Ending::Stopped(_)), Some(Err(error))) => unwritable(error),
                // Why the run ends is known already, and matters more than how that went.
                (ending, Some(Err(error))) => (ending, error.kept().map(Path::to_owned)),
                (ending, Some(Ok(written))) => (ending, written.path),
                (ending, None) => (ending, part),
            }
        }
    };
    if let Some(cached) = state.cached.take() {
        tokio::select! {
            () = cached.close() => {}
            _ = hurried(&mut interrupts) => {}
        }
    }
    let cookies = state.cookies.take().map(Cookies::into_jar);
    Ok(Ended { ending, summary: state.into_summary(Instant::now()), kept, cookies })
}

/// A run that ends because its output cannot be written.
fn unwritable(error: sink::Error) -> (Result<Ending, Error>, Option<PathBuf>) {
    let kept = error.kept().map(Path::to_owned);
    (Err(error.into()), kept)
}

/// Returns a little after the second signal of this run, with the first: whoever sends two does not want to wait for a disk,
/// nor for a reader who does not read.
async fn hurried(interrupts: &mut Interrupts) -> i32 {
    let first = if let Some(first) = interrupts.first() {
        first
    } else {
        let first = interrupts.next().await;
        tracing::warn!("stopping: waiting for the output to be written; another signal ends that");
        first
    };
    while !interrupts.again() {
        interrupts.next().await;
    }
    tokio::time::sleep(HASTE).await;
    first
}

struct Loop<E> {
    executor: E,
    /// `None` at its end.
    input: Option<input::Receiver>,
    sink: Sink,
    state: State,
    progress: Arc<Progress>,
    actions: Vec<Action>,
    /// Settled, and not yet handed to the sink.
    records: Vec<Record>,
    records_since: Option<Instant>,
}

impl<E: Executor> Loop<E> {
    async fn until_the_end(&mut self, interrupts: &mut Interrupts) -> Result<Ending, Error> {
        loop {
            self.carry_out();
            let wake_up = self.next_wake_up();
            let event = tokio::select! {
                event = self.executor.next() => match event {
                    Some(event) => Event::Executor(event),
                    None => return self.over(),
                },
                tasks = more(&mut self.input), if self.state.wants_tasks(self.outside()) => match tasks {
                    Some(Ok(batch)) => {
                        self.sink.consumed(batch.point);
                        Event::Tasks(batch.tasks)
                    }
                    Some(Err(error)) => Event::ListBroken(error),
                    None => Event::ListEnded,
                },
                () = self.sink.changed() => {
                    if let Some(error) = self.sink.failed().cloned() {
                        self.stop().await;
                        return if error.kind() == sink::ErrorKind::Closed { Ok(Ending::ReaderGone) } else { Err(error.into()) };
                    }
                    Event::Moved
                }
                () = until(wake_up) => Event::Moved,
                signal = interrupts.next() => Event::Signal(signal),
            };
            let now = Instant::now();
            if matches!(event, Event::ListEnded | Event::ListBroken(_)) {
                self.input = None;
            }
            self.state.handle(event, now, &mut self.actions);
            // Whatever else has come meanwhile belongs to the same turn: one batch out, one batch on.
            while let Some(event) = self.executor.try_next() {
                // A turn may take long, and delays count from what is said in it.
                self.state.handle(Event::Executor(event), Instant::now(), &mut self.actions);
            }
        }
    }

    /// The executor has nothing more to say.
    fn over(&mut self) -> Result<Ending, Error> {
        match (self.state.fatal.take(), self.state.stopped()) {
            (Some(reason), _) => Err(Error::Executor(reason)),
            (None, Some(reason)) => Ok(Ending::Stopped(reason)),
            (None, None) => Ok(Ending::Complete),
        }
    }

    fn outside(&self) -> Outside {
        Outside { room: self.executor.room(), emitted: self.sink.emitted(), backlog: self.sink.backlog() }
    }

    fn carry_out(&mut self) {
        self.state.issue(self.outside(), Instant::now(), &mut self.actions);
        let before = self.records.len();
        for action in self.actions.drain(..) {
            match action {
                Action::Submit { id, payload, hints } => self.executor.submit(id, payload, hints),
                Action::Refuse { worker, job, reason } => self.executor.refuse(worker, job, reason),
                Action::Record(record) => {
                    log(&record);
                    self.records.push(record);
                }
                Action::Close => self.executor.close(),
                Action::Halt => self.executor.kill(),
            }
        }
        if let Some(jobs) = self.state.to_come() {
            self.executor.expect(jobs);
        }
        if self.records.len() > before {
            self.records_since.get_or_insert_with(Instant::now);
            let (done, failed) = self.state.settled();
            self.progress.set(done, failed);
        }
        let waited = self.records_since.map_or(Duration::ZERO, |since| since.elapsed());
        if self.records.len() >= RECORDS || waited >= PATIENCE {
            self.hand_over();
        }
    }

    /// Gives the sink what is settled. Each time wakes its thread, which costs as much as a small page.
    fn hand_over(&mut self) {
        self.records_since = None;
        if !self.records.is_empty() {
            self.sink.push(std::mem::take(&mut self.records));
        }
    }

    /// When something must be done though nothing happens.
    fn next_wake_up(&self) -> Option<Instant> {
        let hand_over = self.records_since.map(|since| since + PATIENCE);
        self.state.next_wake_up(self.outside()).into_iter().chain(hand_over).min()
    }

    /// Stops all workers, and waits until they are gone.
    async fn stop(&mut self) {
        self.executor.kill();
        while let Some(event) = self.executor.next().await {
            self.state.handle(Event::Executor(event), Instant::now(), &mut Vec::new());
        }
    }
}

/// One line a task: who did it, how it went and why, how long it took.
fn log(record: &Record) {
    if !tracing::enabled!(target: "gleaner::task", tracing::Level::INFO) {
        return;
    }
    let ms = record.elapsed.as_millis();
    // A URL that was given as an argument may have lines. What else a terminal obeys is taken out where lines are written.
    let url = record.url.replace('\n', "\u{FFFD}");
    let worker = record.worker.map_or_else(|| "no worker".to_owned(), |pid| format!("worker {pid}"));
    let line = match &record.outcome {
        Outcome::Page(page) => format!("{} in {ms} ms: {url}", page.status),
        // The status says it all.
        Outcome::Failure(Failure { kind: kind @ FailureKind::HttpStatus, status: Some(status), .. }) => {
            format!("{status} {kind} in {ms} ms: {url}")
        }
        Outcome::Failure(failure) => {
            let took = if record.attempts == 0 { String::new() } else { format!(", in {ms} ms") };
            format!("{}: {} ({url}{took})", failure.kind, why(failure))
        }
    };
    tracing::info!(target: "gleaner::task", "{worker}: {line}");
}

/// A failure and its causes on one line. What a panic said may have several.
fn why(failure: &Failure) -> String {
    let parts = [&failure.message].into_iter().chain(&failure.causes);
    parts.filter_map(|part| part.lines().next()).collect::<Vec<_>>().join(": ")
}

async fn more(input: &mut Option<input::Receiver>) -> Option<Result<input::Batch, input::Error>> {
    input.as_mut()?.recv().await
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
