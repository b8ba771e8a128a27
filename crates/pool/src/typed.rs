//! The pool as a library offers it: typed, blocking, in the manner of Python's `multiprocessing.Pool`.

use std::collections::{HashMap, VecDeque};
use std::marker::PhantomData;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::core::Error;
use super::driver::{Reply, Request, drive};
use super::event::JobId;
use super::job::{Job, JobError};
use super::options::Options;
use super::{Sandbox, panics};

pub use super::roll_call::WorkerReport;

/// How many tasks a stream keeps under way for each place that the workers have.
const OVERLAP: usize = 2;
/// How far a stream in input order may run ahead of its slowest task, for each place and besides.
const AHEAD: usize = 16;
const LEAST_AHEAD: usize = 256;

/// A pool of worker processes that run the job `J`.
///
/// ```no_run
/// # use gleaner_pool::{Job, Pool, JobError};
/// # fn demo<Square: Job<Init = (), Task = u64, Output = u64>>() -> Result<(), gleaner_pool::Error> {
/// let pool = Pool::<Square>::builder().build(())?;
/// let squares: Vec<Result<u64, JobError>> = pool.map(0..10);
/// # Ok(()) }
/// ```
///
/// Dropping it ends all its workers, whatever they are doing, and waits until they are gone.
/// [`close`](Self::close) lets them finish.
#[derive(Debug)]
pub struct Pool<J: Job> {
    requests: UnboundedSender<Request>,
    next_job: AtomicU64,
    /// Why the pool has stopped, once it has.
    ended: Arc<OnceLock<String>>,
    places: usize,
    thread: Option<JoinHandle<Vec<WorkerReport>>>,
    job: PhantomData<fn() -> J>,
}

/// Sets a [`Pool`] up. What is not set is as in [`Options::default`].
#[derive(Debug)]
pub struct Builder<J: Job> {
    options: Options,
    deadline: Option<Duration>,
    job: PhantomData<fn() -> J>,
}

impl<J: Job> Builder<J> {
    /// How many worker processes; by default as many as the machine has processors for us (`processes=N`).
    #[must_use]
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.options.workers = workers;
        self
    }

    /// How many tasks each worker has in hand at once; by default 1. More than one pays for jobs that wait, and for
    /// jobs so short that the way to the worker takes longer.
    #[must_use]
    pub fn concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.options.concurrency = concurrency;
        self
    }

    /// After how many tasks a worker is replaced by a new process (`maxtasksperchild`); by default never.
    #[must_use]
    pub fn max_tasks_per_worker(mut self, quota: NonZeroU32) -> Self {
        self.options.quota = Some(quota);
        self
    }

    /// Takes up to so many off each worker's quota, at random, so that they are not all replaced at once.
    #[must_use]
    pub fn quota_jitter(mut self, jitter: u32) -> Self {
        self.options.quota_jitter = jitter;
        self
    }

    /// Resident bytes above which a worker is killed, and its tasks are run again.
    #[must_use]
    pub fn max_memory_per_worker(mut self, bytes: u64) -> Self {
        self.options.max_memory = Some(bytes);
        self
    }

    /// How long a task may take before its worker is killed and the task fails, with an error of 0.1 s.
    ///
    /// That a task computes, so that those beside it stand still, is known after half a second at the latest. With a shorter
    /// limit they fail with it.
    #[must_use]
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// How many bytes a task or an output may have; by default 64 MiB, and never more than some 4 GiB.
    #[must_use]
    pub fn max_item(mut self, bytes: usize) -> Self {
        self.options.max_item = bytes;
        self
    }

    /// Whether workers give up what their job's [`confinement`](Job::confinement) does not name.
    #[must_use]
    pub fn sandbox(mut self, sandbox: Sandbox) -> Self {
        self.options.sandbox = sandbox;
        self
    }

    /// Names of environment variables that workers get from this process, besides those that any program may need. A star at the
    /// end stands for any end: `"*"` is all.
    #[must_use]
    pub fn environment(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.environment.extend(names.into_iter().map(Into::into));
        self
    }

    /// Makes the pool. `init` is sent to each worker, once. No process is started before there is a task for it.
    ///
    /// # Errors
    /// When this process is itself a worker, since `main` did not begin with [`serve`](super::serve); when the
    /// system gives us no thread.
    #[expect(clippy::needless_pass_by_value, reason = "it is the workers' from here on")]
    pub fn build(self, init: J::Init) -> Result<Pool<J>, Error> {
        let places = self.options.workers.get() * self.options.concurrency.get();
        let init = postcard::to_stdvec(&init).map_err(|error| Error::Init(error.to_string()))?;
        let (requests, inbox) = unbounded_channel();
        let (report, started) = mpsc::channel();
        let (options, deadline) = (self.options, self.deadline);
        let ended = Arc::new(OnceLock::new());
        let reason = Arc::clone(&ended);
        let thread = std::thread::Builder::new()
            .name("pool".to_owned())
            .spawn(move || drive(J::NAME, &init, options, deadline, inbox, &report, reason))
            .map_err(Error::Thread)?;
        match started.recv() {
            Ok(Some(error)) => Err(error),
            _ => Ok(Pool {
                requests,
                next_job: AtomicU64::new(0),
                ended,
                places,
                thread: Some(thread),
                job: PhantomData,
            }),
        }
    }
}

impl<J: Job> Pool<J> {
    /// A pool with default settings, to be changed.
    pub fn builder() -> Builder<J> {
        Builder { options: Options::default(), deadline: None, job: PhantomData }
    }

    /// Runs one task and waits for it.
    ///
    /// # Errors
    /// What kept the task from giving an output.
    pub fn apply(&self, task: J::Task) -> Result<J::Output, JobError> {
        self.imap(std::iter::once(task)).next().unwrap_or_else(|| Err(self.stopped()))
    }

    /// Runs all tasks and returns their outputs in the order of the tasks. A task that fails is an error in its own
    /// place; the others are not touched by it.
    pub fn map(&self, tasks: impl IntoIterator<Item = J::Task>) -> Vec<Result<J::Output, JobError>> {
        let mut stream = self.imap(tasks);
        stream.ahead = usize::MAX;
        stream.collect()
    }

    /// Runs tasks while they are asked for, and gives their outputs in the order of the tasks.
    ///
    /// `tasks` may be endless: no more is taken from it than the workers have in hand, and a bounded number of
    /// outputs that wait for a slower one before them.
    pub fn imap<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> Imap<'_, J, I::IntoIter> {
        let stream = self.imap_unordered(tasks);
        let ahead = (self.places * AHEAD).max(LEAST_AHEAD);
        Imap { stream, waiting: VecDeque::new(), next: 0, ahead }
    }

    /// Runs tasks while they are asked for, and gives their outputs as they come, each with its task's index.
    pub fn imap_unordered<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> ImapUnordered<'_, J, I::IntoIter> {
        let (reply, replies) = mpsc::channel();
        ImapUnordered {
            pool: self,
            tasks: Some(tasks.into_iter()),
            reply,
            replies,
            indices: HashMap::new(),
            begun: 0,
            merge: None,
        }
    }

    /// Runs all tasks and merges their outputs by [`Job::MERGE`]: those that wait in a worker to be sent together are
    /// merged there, and what arrives is merged here. `None` if there are no outputs.
    ///
    /// The outputs of tasks that failed are left out, and their errors returned beside. Where the merging of two outputs
    /// panics, all tasks whose outputs were in them have failed.
    pub fn map_reduce(&self, tasks: impl IntoIterator<Item = J::Task>) -> (Option<J::Output>, Vec<JobError>) {
        let join = const { J::MERGE.expect("the job has a MERGE") };
        let mut stream = self.imap_unordered(tasks);
        // Another thread's call may be under way: its outputs are none of ours.
        stream.merge = Some(self.next_job.fetch_add(1, Ordering::Relaxed));
        let (mut sum, mut errors) = (None, Vec::new());
        while let Some(Arrived { mut tasks, result, .. }) = stream.next_arrived() {
            let joined = result.and_then(|bytes| deserialize::<J>(&bytes)).and_then(|output| match sum.take() {
                None => Ok(output),
                // Where two outputs meet is chance, so a panic is the same here as in a worker.
                Some((so_far, before)) => {
                    tasks += before;
                    panics::caught(|| join(so_far, output))
                }
            });
            match joined {
                Ok(output) => sum = Some((output, tasks)),
                Err(error) => errors.extend(std::iter::repeat_n(error, tasks)),
            }
        }
        (sum.map(|(output, _)| output), errors)
    }

    /// Lets the workers finish what was begun, and returns what each of them did, in the order of their ends.
    pub fn close(mut self) -> Vec<WorkerReport> {
        let _ = self.requests.send(Request::Close);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }

    fn stopped(&self) -> JobError {
        JobError::Stopped(self.ended.get().cloned().unwrap_or_else(|| "the pool is gone".to_owned()))
    }

    fn submit(&self, task: &J::Task, merge: Option<u64>, reply: &mpsc::Sender<Reply>) -> JobId {
        let id = self.next_job.fetch_add(1, Ordering::Relaxed);
        let request = match postcard::to_stdvec(task) {
            Ok(payload) => Request::Run { id, payload: payload.into(), merge, reply: reply.clone() },
            Err(error) => {
                let error = JobError::Unserializable(error.to_string());
                let _ = reply.send(Reply { jobs: vec![id], result: Err(error) });
                return id;
            }
        };
        if self.requests.send(request).is_err() {
            let _ = reply.send(Reply { jobs: vec![id], result: Err(self.stopped()) });
        }
        id
    }
}

impl<J: Job> Drop for Pool<J> {
    fn drop(&mut self) {
        let _ = self.requests.send(Request::Kill);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn deserialize<J: Job>(bytes: &[u8]) -> Result<J::Output, JobError> {
    postcard::from_bytes(bytes).map_err(|error| JobError::Unserializable(error.to_string()))
}

/// Outputs as they come. See [`Pool::imap_unordered`].
#[derive(Debug)]
pub struct ImapUnordered<'pool, J: Job, I> {
    pool: &'pool Pool<J>,
    /// `None` once it has ended: an iterator is not asked again.
    tasks: Option<I>,
    reply: mpsc::Sender<Reply>,
    replies: mpsc::Receiver<Reply>,
    indices: HashMap<JobId, usize>,
    begun: usize,
    merge: Option<u64>,
}

impl<J: Job, I: Iterator<Item = J::Task>> ImapUnordered<'_, J, I> {
    /// Begins tasks until the workers have enough, or `most` have been begun in all.
    fn begin(&mut self, most: usize) {
        while self.indices.len() < self.pool.places * OVERLAP && self.begun < most {
            let Some(task) = self.tasks.as_mut().and_then(Iterator::next) else {
                self.tasks = None;
                return;
            };
            let id = self.pool.submit(&task, self.merge, &self.reply);
            self.indices.insert(id, self.begun);
            self.begun += 1;
        }
    }

    fn next_arrived(&mut self) -> Option<Arrived> {
        self.begin(usize::MAX);
        self.await_arrival()
    }

    /// `None` when nothing is under way.
    fn await_arrival(&mut self) -> Option<Arrived> {
        if self.indices.is_empty() {
            return None;
        }
        let Reply { jobs, result } = self.replies.recv().ok()?;
        let first = jobs.iter().filter_map(|job| self.indices.remove(job)).min()?;
        Some(Arrived { first, tasks: jobs.len(), result })
    }
}

/// The result of a task, or of several whose outputs were merged.
struct Arrived {
    /// The least index of a task that it is of.
    first: usize,
    tasks: usize,
    result: Result<Bytes, JobError>,
}

impl<J: Job, I: Iterator<Item = J::Task>> Iterator for ImapUnordered<'_, J, I> {
    type Item = (usize, Result<J::Output, JobError>);

    fn next(&mut self) -> Option<Self::Item> {
        let Arrived { first, result, .. } = self.next_arrived()?;
        Some((first, result.and_then(|bytes| deserialize::<J>(&bytes))))
    }
}

/// Outputs in the order of their tasks. See [`Pool::imap`].
#[derive(Debug)]
pub struct Imap<'pool, J: Job, I> {
    stream: ImapUnordered<'pool, J, I>,
    /// What has come for `next` and its successors.
    waiting: VecDeque<Option<Result<Bytes, JobError>>>,
    next: usize,
    ahead: usize,
}

impl<J: Job, I: Iterator<Item = J::Task>> Iterator for Imap<'_, J, I> {
    type Item = Result<J::Output, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.stream.begin(self.next.saturating_add(self.ahead));
            if let Some(Some(_)) = self.waiting.front() {
                self.next += 1;
                return self.waiting.pop_front()?.map(|result| result.and_then(|bytes| deserialize::<J>(&bytes)));
            }
            let Arrived { first, result, .. } = self.stream.await_arrival()?;
            let place = first - self.next;
            if self.waiting.len() <= place {
                self.waiting.resize_with(place + 1, || None);
            }
            self.waiting[place] = Some(result);
        }
    }
}
