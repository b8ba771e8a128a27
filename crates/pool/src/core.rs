//! The pool's core: jobs of bytes go in, events come out. It carries out the decisions of the [`Roster`].

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::child::{self, ChildHandle, Hearing, Said};
use super::credit::Credit;
use super::event::{Event, Hints, JobId, WorkerId};
use super::heard::{Check, ChildEvent, Heard};
use super::roster::{Action, Limits, Roster, Submission, Ticket};
use super::status::WorkerStatus;
use super::wire::{self, Frames, PROTOCOL, ToWorker, WireJob};
use super::{Options, unix, worker};

/// How often the clock and the workers' memory are checked. Every time limit is inexact by up to this much.
const TICK: Duration = Duration::from_millis(100);

/// A pool of worker processes that runs jobs made of bytes.
///
/// It uses the caller's tokio runtime and does nothing unless [`next`](Self::next) is awaited. It never runs a job
/// twice. If a worker is lost, [`Event::Lost`] returns its jobs, and they may be submitted again.
///
/// Dropping it closes the workers' standard input. The workers then end at once, even if they hold jobs.
#[derive(Debug)]
pub struct Core {
    roster: Roster,
    children: HashMap<WorkerId, Live>,
    options: Options,
    check: Option<Check>,
    role: String,
    greeting: Bytes,
    credit: Option<Credit>,
    sender: UnboundedSender<Said>,
    inbox: UnboundedReceiver<Said>,
    ready: VecDeque<Event>,
    ticks: tokio::time::Interval,
    unsettled: bool,
    noted_unconfined: bool,
}

#[derive(Debug)]
struct Live {
    handle: ChildHandle,
    pid: Option<u32>,
    /// It must be killed as soon as its process exists.
    condemned: bool,
}

impl Core {
    /// Makes a pool for the job with the name `job` ([`Job::NAME`](crate::Job::NAME)). Each worker first gets `init`,
    /// the job's `Init` as postcard writes it.
    ///
    /// Must be called within a tokio runtime. Processes start when there are jobs for them. When the first one starts,
    /// all open files of this process except the three standard streams are marked as not inheritable. This also
    /// applies to other programs that this process starts later.
    ///
    /// # Errors
    /// - If this process is itself a worker, because `main` does not begin with [`serve`](super::serve).
    /// - If a setting is not valid.
    /// - If the executable of this process cannot be read.
    pub fn new(job: &str, init: &[u8], options: Options) -> Result<Self, Error> {
        if worker::is_worker() {
            return Err(Error::InWorker);
        }
        if options.worker_variable.is_empty() || options.worker_variable.contains(['=', '\0']) {
            return Err(Error::Setting(format!(
                "worker_variable({:?}) cannot name an environment variable: it must not be empty, and have no `=`",
                options.worker_variable
            )));
        }
        let build = unix::build_id().map_err(Error::Executable)?;
        let mut greeting = BytesMut::new();
        let options = Options { max_item: options.max_item.min(wire::MOST), ..options };
        let max_output = options.max_item as u64;
        let (sandbox, user) = (options.sandbox, options.user);
        let hello = ToWorker::Hello { protocol: PROTOCOL, build: &build, init, max_output, sandbox, user };
        wire::encode(&hello, &mut greeting).map_err(Error::Executable)?;
        let (sender, inbox) = unbounded_channel();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            roster: Roster::new(Limits {
                workers: options.workers.get(),
                concurrency: options.concurrency.get(),
                quota: options.quota.map(std::num::NonZero::get),
                quota_jitter: options.quota_jitter,
                max_memory: options.max_memory,
                start_limit: options.start_limit,
                build,
                sandbox: options.sandbox,
            }),
            children: HashMap::new(),
            role: worker::role(job),
            credit: options.in_hand.map(Credit::new),
            options,
            check: None,
            greeting: greeting.freeze(),
            sender,
            inbox,
            ready: VecDeque::new(),
            ticks,
            unsettled: true,
            noted_unconfined: false,
        })
    }

    /// Checks each output with `check` before it is reported. A worker whose output does not pass broke the protocol: it
    /// is killed, and its jobs are reported as lost. Long outputs are checked on another thread, so the check may take
    /// as long as reading the output.
    #[must_use]
    pub fn check_outputs(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Takes a job. A later call of [`next`](Self::next) sends it to a worker, together with other jobs.
    pub fn submit(&mut self, id: JobId, payload: Bytes, hints: Hints) {
        self.unsettled = true;
        if payload.len() > self.options.max_item {
            let error = super::JobError::TooLarge { size: payload.len() as u64, limit: self.options.max_item as u64 };
            self.ready.push_back(Event::Failed { job: id, worker: None, error });
            return;
        }
        self.roster.submit(Submission { id, payload, hints });
    }

    /// Returns how many more jobs the workers could hold. If more jobs are submitted, they wait in the pool's queue.
    pub fn room(&self) -> usize {
        self.roster.room()
    }

    /// Sets an estimate of how many more jobs will be submitted. So the pool starts no worker for jobs that do not
    /// come. Each submitted job reduces the estimate by one. Without an estimate, the pool always expects more jobs.
    pub fn expect(&mut self, jobs: usize) {
        self.roster.expect(jobs);
    }

    /// Declares that no more jobs are submitted, except those that are reported as lost. Workers end when all jobs are
    /// done.
    pub fn close(&mut self) {
        self.unsettled = true;
        self.roster.close();
    }

    /// Kills all workers. Their jobs are not reported. [`next`](Self::next) must be called until it returns `None`.
    /// Then the workers are gone.
    pub fn kill(&mut self) {
        let actions = self.roster.kill_all();
        self.carry_out(actions);
    }

    /// Waits for the next event. Returns `None` when the pool is closed (or failed) and the last worker is gone.
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if self.unsettled && self.ready.is_empty() {
                // Handles all messages that have arrived before it plans, so that the next jobs are sent together.
                while let Ok(said) = self.inbox.try_recv() {
                    self.hear(said);
                }
                self.unsettled = false;
                let actions = self.roster.plan(Instant::now());
                self.carry_out(actions);
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.roster.is_over() {
                return None;
            }
            tokio::select! {
                // The pool holds a sender itself, so this channel never closes.
                Some(said) = self.inbox.recv() => self.hear(said),
                _ = self.ticks.tick() => self.tick(),
            }
            self.unsettled = true;
        }
    }

    /// Returns the next event if one has already arrived.
    pub fn try_next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            let said = self.inbox.try_recv().ok()?;
            self.unsettled = true;
            self.hear(said);
        }
        self.ready.pop_front()
    }

    /// Says what each worker is doing now. Asks the system for the memory of each process, so this should not be called
    /// for each job.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        let mut workers = self.roster.workers();
        for worker in &mut workers {
            worker.pid = self.children.get(&worker.worker).and_then(|child| child.pid);
            worker.resident = worker.pid.and_then(unix::resident_memory);
        }
        workers
    }

    /// Refuses data of a worker because it is impossible. The worker is killed because it broke the protocol, and its
    /// jobs are reported as lost. `job` is a job that [`Event::Done`] reported, and whose output is refused. It is
    /// reported as lost as well.
    pub fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String) {
        self.unsettled = true;
        let actions = self.roster.refuse(worker, job, reason);
        self.carry_out(actions);
    }

    fn hear(&mut self, Said { worker, event, .. }: Said) {
        match &event {
            ChildEvent::Started { pid } => {
                if let Some(child) = self.children.get_mut(&worker) {
                    child.pid = Some(*pid);
                    if child.condemned {
                        child.handle.kill();
                    }
                }
            }
            ChildEvent::Ready { lacks, .. } => self.note_unconfined(lacks),
            ChildEvent::Exited(_) => drop(self.children.remove(&worker)),
            _ => {}
        }
        let actions = self.roster.hear(worker, event, Instant::now());
        self.carry_out(actions);
    }

    /// Logs once which parts of the sandbox this system lacks. They are the same for all workers.
    fn note_unconfined(&mut self, lacks: &str) {
        if !lacks.is_empty() && !self.noted_unconfined {
            self.noted_unconfined = true;
            tracing::info!("the workers' sandbox lacks {lacks}, because this system does not have it");
        }
    }

    fn tick(&mut self) {
        let mut actions = self.roster.tick(Instant::now());
        if self.options.max_memory.is_some() {
            for (worker, child) in &self.children {
                if let Some(resident) = child.pid.and_then(unix::resident_memory) {
                    actions.extend(self.roster.memory(*worker, resident));
                }
            }
        }
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            self.log(&action);
            match action {
                Action::Spawn { worker } => self.spawn(worker),
                Action::Send { worker, jobs } => self.hand_over(worker, &jobs),
                Action::Drain { worker } => self.tell(worker, &ToWorker::Drain),
                Action::Kill { worker } => {
                    if let Some(child) = self.children.get_mut(&worker) {
                        child.condemned = true;
                        if child.pid.is_some() {
                            child.handle.kill();
                        }
                    }
                }
                Action::Emit(event) => self.ready.push_back(event),
            }
        }
    }

    /// Logs what the pool does.
    fn log(&self, action: &Action) {
        let pid = |worker: &WorkerId| self.children.get(worker).and_then(|child| child.pid).unwrap_or_default();
        match action {
            Action::Send { worker, jobs } => {
                tracing::debug!("pool: pid {} gets {}", pid(worker), counted(jobs.len() as u64));
            }
            Action::Drain { worker } => {
                tracing::debug!("pool: pid {} gets no more jobs, and ends after those that it has", pid(worker));
            }
            Action::Kill { worker } => tracing::debug!("pool: pid {} is killed", pid(worker)),
            Action::Emit(Event::Started { pid, .. }) => tracing::debug!("pool: pid {pid} is started"),
            Action::Emit(Event::Ended { slot: Some(slot), generation, jobs, end, .. }) => {
                let (end, jobs) = (end.as_str(), counted(*jobs));
                tracing::debug!(
                    "pool: the worker of slot {slot}, generation {generation}, is gone: {end} after {jobs}"
                );
            }
            Action::Emit(Event::Ended { slot: None, .. }) => tracing::debug!("pool: a spare is gone"),
            Action::Spawn { .. } | Action::Emit(_) => {}
        }
    }

    fn spawn(&mut self, worker: WorkerId) {
        let command = child::command(&self.options, &self.role);
        let hearing = Hearing {
            frames: Frames::new(self.options.max_item),
            heard: Heard::new(self.options.concurrency.get(), self.check),
            credit: self.credit.clone(),
            gone: CancellationToken::new(),
        };
        let handle = child::start(worker, command, self.greeting.clone(), hearing, self.sender.clone());
        self.children.insert(worker, Live { handle, pid: None, condemned: false });
    }

    fn hand_over(&self, worker: WorkerId, jobs: &[(Ticket, Submission)]) {
        for batch in wire::batches(jobs, |(_, job)| job.payload.len()) {
            let jobs = batch
                .iter()
                .map(|(id, job)| WireJob { id: *id, merge: job.hints.merge, payload: &job.payload })
                .collect();
            self.tell(worker, &ToWorker::Jobs(jobs));
        }
    }

    fn tell(&self, worker: WorkerId, message: &ToWorker<'_>) {
        let mut frame = BytesMut::new();
        if let Some(child) = self.children.get(&worker)
            && wire::encode(message, &mut frame).is_ok()
        {
            child.handle.send(frame.freeze());
        }
    }
}

fn counted(jobs: u64) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{jobs} jobs") }
}

/// Why a pool cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of the pool is not valid.
    #[error("{0}")]
    Setting(String),
    /// This process is a worker.
    #[error(
        "this process is a worker of a pool and was about to start a pool of its own: call gleaner_pool::serve at \
         the start of main and return when it says so"
    )]
    InWorker,
    /// The executable of this process cannot be found or read.
    #[error("the running executable cannot be read, and workers are copies of it ({0})")]
    Executable(#[source] io::Error),
    /// No thread could be started for the pool.
    #[error("no thread could be started for the pool ({0})")]
    Thread(#[source] io::Error),
    /// The value for the workers cannot be serialised.
    #[error("the workers' init value cannot be serialised ({0})")]
    Init(String),
}
