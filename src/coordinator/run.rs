//! The loop of a run: waits for the next event, lets `state` decide which actions follow, and does them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

use super::archived::Archived;
use super::cookies::Cookies;
use super::executor::{Executor, ExecutorEvent};
use super::interrupts::{Interrupts, Questions};
use super::limits::{Reason, to_stop_now};
use super::state::{Action, Bounds, Event, Outside, State};
use super::turnover::Turnover;
use super::{Cached, Observers, Plausible};
use crate::cookies::Jar;
use crate::input::{self, Delivery};
use crate::model::{Failure, FailureKind, HostKey, HostSettings, Outcome, Record, RunLimits};
use crate::observation::{Glance, RunState, Summary};
use crate::schedule;
use crate::scrape::extract::FieldInfo;
use crate::sink::{self, Sink};

/// Maximum bytes of records that wait for the sink's thread. No new tasks are begun while so many wait.
const BACKLOG: u64 = 64 << 20;

/// Records are handed to the sink when there are this many of them, or after this time. Nobody reads the output faster.
const RECORDS_AT_ONCE: usize = 64;
const HAND_OVER_AFTER: Duration = Duration::from_millis(5);

/// How long jobs in flight may take after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// How long the output may still take after a second signal.
const HASTE: Duration = Duration::from_millis(100);

/// The parts of a run.
#[derive(Debug)]
pub struct RunParts<E> {
    /// Runs the jobs.
    pub executor: E,
    /// How many jobs the executor can hold at once.
    pub places: usize,
    /// The list.
    pub input: input::Receiver,
    /// The destination of the records.
    pub sink: Sink,
    /// Politeness, redirects and retries.
    pub schedule: schedule::Options,
    /// How many tasks may be under way. The schedule searches them for hosts that may receive a request.
    pub read_ahead: usize,
    /// How many tasks may be begun after the first task whose record is not written yet.
    pub ahead_limit: u64,
    /// How long a job may keep its worker.
    pub task_timeout: Duration,
    /// Which answers are possible.
    pub plausible: Plausible,
    /// The fields of the data, at any depth.
    pub fields: Vec<FieldInfo>,
    /// Whether a rule needs to know what the list says about a task.
    pub reads_task: bool,
    /// What the settings define for single hosts. Each request to such a host carries it.
    pub hosts: BTreeMap<HostKey, HostSettings>,
    /// The limits at which the run stops by itself.
    pub limits: RunLimits,
    /// The cookies that the run begins with; `None` if the run does not keep cookies.
    pub cookies: Option<Jar>,
    /// The cache, with answers of earlier runs.
    pub cached: Option<Cached>,
    /// How far the list has been read.
    pub list: input::Progress,
    /// Those who watch the run.
    pub observers: Observers,
}

/// How a run ended, if there was no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every task has its record.
    Complete,
    /// The reader of the output has closed it.
    ReaderGone,
    /// The run was stopped before the end of its list.
    Stopped(Reason),
}

/// How a run went.
#[derive(Debug)]
pub struct Ended {
    /// How the run ended, or why it could not continue.
    pub ending: Result<Ending, RunError>,
    /// What the run did until its end.
    pub summary: Summary,
    /// The file from which a later run can resume, if this run is not complete and there is such a file.
    pub kept: Option<PathBuf>,
    /// The cookies at the end, if the run keeps cookies.
    pub cookies: Option<Jar>,
}

/// Why a run could not continue.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The list could not be read to its end.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// The output could not be written.
    #[error(transparent)]
    Sink(#[from] sink::Error),
    /// The executor cannot continue.
    #[error("keep workers running: {0}")]
    Executor(String),
    /// The system does not let this process listen for signals.
    #[error("listen for signals ({0})")]
    Signals(#[source] std::io::Error),
}

/// Runs a list to its end. If the run ends before that, its work is kept in the output's `.part` file and the files
/// beside it. If the output is a stream, the work is kept in the stream itself.
///
/// # Errors
/// If the run cannot begin.
pub async fn run<E: Executor>(parts: RunParts<E>) -> Result<Ended, RunError> {
    let interrupts = Interrupts::of_process().map_err(RunError::Signals)?;
    Ok(run_until(parts, interrupts).await)
}

/// Like [`run`], with the given source of signals.
async fn run_until<E: Executor>(parts: RunParts<E>, mut interrupts: Interrupts) -> Ended {
    let bounds = Bounds {
        places: parts.places,
        read_ahead: parts.read_ahead,
        ahead: parts.ahead_limit,
        backlog: BACKLOG,
        task_timeout: parts.task_timeout,
        grace: GRACE,
        plausible: parts.plausible,
        reads_task: parts.reads_task,
        hosts: parts.hosts,
        limits: parts.limits,
    };
    let now = Instant::now();
    let mut state = State::new(parts.schedule, bounds, parts.sink.before(), now);
    state.tally.expect_fields(parts.fields);
    state.cookies = parts.cookies.map(|jar| Cookies::new(jar, now, SystemTime::now()));
    state.cached = parts.cached;
    state.archived = parts.sink.archive_run().map(Archived::new);
    if parts.observers.counts_details() {
        state.tally.count_details();
        state.schedule.name_hosts();
    }
    let mut turn = Loop {
        executor: parts.executor,
        input: Some(parts.input),
        sink: parts.sink,
        state,
        list: parts.list,
        observers: parts.observers,
        questions: Questions::of_process(),
        turnover: Turnover::default(),
        actions: Vec::new(),
        archived: Vec::new(),
        records: Vec::new(),
        since: None,
    };
    let ending = turn.until_the_end(&mut interrupts).await;
    turn.hand_over();
    turn.show_the_end();
    turn.turnover.end();
    let Loop { sink, mut state, .. } = turn;
    state.wall = SystemTime::now();
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
                // The last records could not be written. The user waits for them, so this is the error of the run.
                (Ok(Ending::Stopped(_)), Some(Err(error))) => unwritable(error),
                // The reason for the end of the run matters more than an error when writing the rest.
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
    state.wall = SystemTime::now();
    let summary = state.summary(&[], Instant::now());
    Ended { ending, summary, kept, cookies }
}

/// The result of a run that ends because its output cannot be written.
fn unwritable(error: sink::Error) -> (Result<Ending, RunError>, Option<PathBuf>) {
    let kept = error.kept().map(Path::to_owned);
    (Err(error.into()), kept)
}

/// Returns the first signal of this run, shortly after the second signal has come. A user who sends two signals does
/// not want to wait for a disk, or for a reader that does not read.
async fn hurried(interrupts: &mut Interrupts) -> i32 {
    let first = if let Some(first) = interrupts.first() {
        first
    } else {
        let first = interrupts.next().await;
        tracing::warn!("stopping: writing the output; {}", to_stop_now(Reason::Signal(first)));
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
    list: input::Progress,
    observers: Observers,
    questions: Questions,
    turnover: Turnover,
    actions: Vec<Action>,
    /// Members of the archive, and records, that were not handed to the sink yet.
    archived: Vec<Bytes>,
    records: Vec<Record>,
    since: Option<Instant>,
}

impl<E: Executor> Loop<E> {
    async fn until_the_end(&mut self, interrupts: &mut Interrupts) -> Result<Ending, RunError> {
        loop {
            self.carry_out();
            self.show();
            let wake_up = self.next_wake_up();
            let event = tokio::select! {
                event = self.executor.next() => match event {
                    Some(event) => Event::Executor(event),
                    None => return self.over(),
                },
                tasks = more(&mut self.input), if self.state.wants_tasks(self.outside()) => match tasks {
                    Some(Ok(Delivery::Batch(batch))) => {
                        self.sink.consumed(batch.point);
                        Event::Tasks(batch.tasks)
                    }
                    Some(Ok(Delivery::Ask(ask))) => Event::Asked(ask),
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
                () = self.questions.next() => {
                    self.tell();
                    Event::Moved
                }
                wish = self.observers.next_wish() => wish.map_or(Event::Moved, Event::Wish),
            };
            let now = Instant::now();
            if matches!(event, Event::ListEnded | Event::ListBroken(_)) {
                self.input = None;
            }
            self.state.wall = SystemTime::now();
            self.handle(event, now);
            // Events that came meanwhile are handled in the same turn, so that jobs and records are passed on in
            // batches.
            while let Some(event) = self.executor.try_next() {
                // A turn may take long, and delays are counted from the time of each event.
                self.state.wall = SystemTime::now();
                self.handle(Event::Executor(event), Instant::now());
            }
            if !self.turnover.is_empty() {
                self.turnover.name_successors(&self.executor.workers());
            }
        }
    }

    fn handle(&mut self, event: Event, now: Instant) {
        if let Event::Executor(ExecutorEvent::Left { report: Some(report), .. }) = &event {
            self.turnover.left(report);
        }
        self.state.handle(event, now, &mut self.actions);
    }

    /// Decides how the run ended, after the last event of the executor.
    fn over(&mut self) -> Result<Ending, RunError> {
        match (self.state.fatal.take(), self.state.stopped()) {
            (Some(reason), _) => Err(RunError::Executor(reason)),
            (None, Some(reason)) => Ok(Ending::Stopped(reason)),
            (None, None) => Ok(Ending::Complete),
        }
    }

    /// Shows the run to those who watch it, if it is time for that.
    fn show(&mut self) {
        let now = Instant::now();
        if self.observers.is_due(now) {
            let workers = self.executor.workers();
            let glance = self.state.glance(&workers, &self.list, self.outside(), now);
            self.observers.publish(glance, &workers, &mut self.state, now);
        }
    }

    /// Shows that only the output is left, which may take long: a disk, a conversion, or a reader that does not read.
    fn show_the_end(&mut self) {
        let now = Instant::now();
        let glance = self.state.glance(&[], &self.list, self.outside(), now);
        let summary = self.state.summary(&[], now);
        self.observers.publish_last(Glance { state: RunState::Writing, ..glance }, summary);
    }

    /// Writes to the log what the run is doing.
    fn tell(&self) {
        let now = Instant::now();
        let glance = self.state.glance(&self.executor.workers(), &self.list, self.outside(), now);
        self.state.tell(&glance, now);
    }

    fn outside(&self) -> Outside {
        Outside {
            room: self.executor.room(),
            emitted: self.sink.emitted(),
            backlog: self.sink.backlog(),
            window: self.sink.window(),
        }
    }

    fn carry_out(&mut self) {
        self.state.issue(self.outside(), Instant::now(), &mut self.actions);
        let before = self.records.len();
        let archived_before = self.archived.len();
        for action in self.actions.drain(..) {
            match action {
                Action::Submit { id, payload, hints } => self.executor.submit(id, payload, hints),
                Action::Refuse { worker, job, reason } => self.executor.refuse(worker, job, reason),
                Action::Archive(members) => self.archived.push(members),
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
        if self.records.len() > before || self.archived.len() > archived_before {
            self.since.get_or_insert_with(Instant::now);
        }
        let waited = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        if self.records.len().max(self.archived.len()) >= RECORDS_AT_ONCE || waited >= HAND_OVER_AFTER {
            self.hand_over();
        }
    }

    /// Hands the records to the sink, after what the archive has of their pages. This wakes the sink's thread, which
    /// costs as much as a small page.
    fn hand_over(&mut self) {
        self.since = None;
        if !self.archived.is_empty() {
            self.sink.archive(std::mem::take(&mut self.archived));
        }
        if !self.records.is_empty() {
            self.sink.push(std::mem::take(&mut self.records));
        }
    }

    /// When the loop must do something even if no event comes.
    fn next_wake_up(&self) -> Option<Instant> {
        let hand_over = self.since.map(|since| since + HAND_OVER_AFTER);
        let others = hand_over.into_iter().chain(self.observers.next_wake_up());
        self.state.next_wake_up(self.outside()).into_iter().chain(others).min()
    }

    /// Stops all workers and waits until they are gone.
    async fn stop(&mut self) {
        self.executor.kill();
        while let Some(event) = self.executor.next().await {
            self.state.handle(Event::Executor(event), Instant::now(), &mut Vec::new());
        }
    }
}

/// Logs one line for each task: its worker, its result with the reason, and how long it took.
fn log(record: &Record) {
    if !tracing::enabled!(target: "gleaner::task", tracing::Level::INFO) {
        return;
    }
    let ms = record.elapsed.as_millis();
    // A URL that was given as an argument may contain line breaks. Other control characters are removed when the log
    // line is written.
    let url = record.url.replace('\n', "\u{FFFD}");
    let worker = record.worker.map_or_else(|| "no worker".to_owned(), |label| format!("worker {label}"));
    let line = match &record.outcome {
        Outcome::Page(page) => format!("{} in {ms} ms: {url}", page.status),
        Outcome::Failure(failure @ Failure { kind: FailureKind::HttpStatus, status: Some(_), .. }) => {
            format!("{} in {ms} ms: {url}", failure.reason())
        }
        Outcome::Failure(failure) => {
            let took = if record.attempts == 0 { String::new() } else { format!(", in {ms} ms") };
            format!("{} ({url}{took})", failure.reason())
        }
    };
    tracing::info!(target: "gleaner::task", "{worker}: {line}");
}

async fn more(input: &mut Option<input::Receiver>) -> Option<Result<Delivery, input::Error>> {
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
