//! The loop: waits for whatever happens next, lets `state` decide what follows, and does that.

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

/// No more tasks are begun while so many bytes of records wait for the sink's thread.
const BACKLOG: u64 = 64 << 20;

/// Records are handed to the sink when there are so many of them, or after so long. Nobody reads the output faster.
const RECORDS_AT_ONCE: usize = 64;
const HAND_OVER_AFTER: Duration = Duration::from_millis(5);

/// How long jobs in flight may take after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// How long the output may still take after a second signal.
const HASTE: Duration = Duration::from_millis(100);

/// What a run is made of.
#[derive(Debug)]
pub struct RunParts<E> {
    /// Runs the jobs.
    pub executor: E,
    /// Jobs that it can hold at once.
    pub places: usize,
    /// The list.
    pub input: input::Receiver,
    /// Where the records go.
    pub sink: Sink,
    /// Politeness, redirects and retries.
    pub schedule: schedule::Options,
    /// Tasks that may be under way, to find hosts among them that may be asked.
    pub read_ahead: usize,
    /// Tasks that may be begun past the first one that is not written yet.
    pub ahead_limit: u64,
    /// How long a job may keep its worker.
    pub task_timeout: Duration,
    /// Which answers are possible.
    pub plausible: Plausible,
    /// Request headers that the settings have for one host alone. They travel with the requests to it.
    pub host_headers: BTreeMap<HostKey, Vec<(String, String)>>,
    /// When the run stops of its own accord.
    pub limits: RunLimits,
    /// The cookies that the run begins with; `None` where it keeps none.
    pub cookies: Option<Jar>,
    /// Answers of earlier runs.
    pub cached: Option<Cached>,
    /// Is told how far the run has come.
    pub progress: Arc<Progress>,
}

/// How a run ended, if it met no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every task has its record.
    Complete,
    /// The reader of the output has closed it.
    ReaderGone,
    /// It was stopped before the end of its list.
    Stopped(Reason),
}

/// How a run went.
#[derive(Debug)]
pub struct Ended {
    /// How it ended, or why it could not go on.
    pub ending: Result<Ending, RunError>,
    /// What it did until then.
    pub summary: Summary,
    /// The file from which a later run can go on, if this run is not complete and there is one.
    pub kept: Option<PathBuf>,
    /// The cookies at the end, if the run keeps cookies.
    pub cookies: Option<Jar>,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The list could not be read to its end.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// The output could not be written.
    #[error(transparent)]
    Sink(#[from] sink::Error),
    /// The executor cannot go on.
    #[error("keep workers running: {0}")]
    Executor(String),
    /// The system does not let this process listen for signals.
    #[error("listen for signals ({0})")]
    Signals(#[source] std::io::Error),
}

/// Runs a list to its end. If the run ends before that, the work is kept: in the output's `.part` and the files beside it, or
/// in the output itself if that is a stream.
///
/// # Errors
/// When it cannot even begin.
pub async fn run<E: Executor>(parts: RunParts<E>) -> Result<Ended, RunError> {
    let interrupts = Interrupts::of_process().map_err(RunError::Signals)?;
    Ok(run_until(parts, interrupts).await)
}

/// As [`run`], with the signals from wherever they come.
async fn run_until<E: Executor>(parts: RunParts<E>, mut interrupts: Interrupts) -> Ended {
    let bounds = Bounds {
        places: parts.places,
        read_ahead: parts.read_ahead,
        ahead: parts.ahead_limit,
        backlog: BACKLOG,
        task_timeout: parts.task_timeout,
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
                // The last records could not be written. Whoever waits for them must know.
                (Ok(Ending::Stopped(_)), Some(Err(error))) => unwritable(error),
                // The run has ended for a reason that matters more than how writing the rest went.
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
    Ended { ending, summary: state.into_summary(Instant::now()), kept, cookies }
}

/// A run that ends because its output cannot be written.
fn unwritable(error: sink::Error) -> (Result<Ending, RunError>, Option<PathBuf>) {
    let kept = error.kept().map(Path::to_owned);
    (Err(error.into()), kept)
}

/// Returns the first signal of this run, a little after the second one has come: whoever sends two does not want to wait for
/// a disk, nor for a reader that does not read.
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
    /// `None` once the list has ended.
    input: Option<input::Receiver>,
    sink: Sink,
    state: State,
    progress: Arc<Progress>,
    actions: Vec<Action>,
    /// Records that are not handed to the sink yet.
    records: Vec<Record>,
    records_since: Option<Instant>,
}

impl<E: Executor> Loop<E> {
    async fn until_the_end(&mut self, interrupts: &mut Interrupts) -> Result<Ending, RunError> {
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
            // All that has come meanwhile belongs to the same turn, so that jobs and records go on in batches.
            while let Some(event) = self.executor.try_next() {
                // A turn may take long, and delays count from the time of each event.
                self.state.handle(Event::Executor(event), Instant::now(), &mut self.actions);
            }
        }
    }

    /// The executor has nothing more to say.
    fn over(&mut self) -> Result<Ending, RunError> {
        match (self.state.fatal.take(), self.state.stopped()) {
            (Some(reason), _) => Err(RunError::Executor(reason)),
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
        if self.records.len() >= RECORDS_AT_ONCE || waited >= HAND_OVER_AFTER {
            self.hand_over();
        }
    }

    /// Gives the sink the records. That wakes its thread, which costs as much as a small page.
    fn hand_over(&mut self) {
        self.records_since = None;
        if !self.records.is_empty() {
            self.sink.push(std::mem::take(&mut self.records));
        }
    }

    /// When something must be done even if nothing happens.
    fn next_wake_up(&self) -> Option<Instant> {
        let hand_over = self.records_since.map(|since| since + HAND_OVER_AFTER);
        self.state.next_wake_up(self.outside()).into_iter().chain(hand_over).min()
    }

    /// Stops all workers and waits until they are gone.
    async fn stop(&mut self) {
        self.executor.kill();
        while let Some(event) = self.executor.next().await {
            self.state.handle(Event::Executor(event), Instant::now(), &mut Vec::new());
        }
    }
}

/// One log line for each task: which worker did it, how it went and why, and how long it took.
fn log(record: &Record) {
    if !tracing::enabled!(target: "gleaner::task", tracing::Level::INFO) {
        return;
    }
    let ms = record.elapsed.as_millis();
    // A URL that was given as an argument may have line breaks. Other characters that a terminal obeys are taken out where log
    // lines are written.
    let url = record.url.replace('\n', "\u{FFFD}");
    let worker = record.worker.map_or_else(|| "no worker".to_owned(), |label| format!("worker {label}"));
    let line = match &record.outcome {
        Outcome::Page(page) => format!("{} in {ms} ms: {url}", page.status),
        // The status says all.
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

/// A failure and its causes on one line. The message of a panic may have several lines.
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

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
