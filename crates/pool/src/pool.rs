//! The pool that programs use. It adds types to the pool's thread (`driver`) and does little else.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::driver::{Reply, Request, drive};
use crate::outputs::{Arrived, MapIter, MapUnordered, OrderedStream, Unordered, UnorderedStream, block_on, decode};
use crate::{Builder, Error, Job, JobError, JobId, Options, WorkerReport, panics};

/// A pool of worker processes that run the job `J`.
///
/// ```no_run
/// # use gleaner_pool::{Job, JobError, Pool};
/// # fn demo<Square: Job<Init = (), Task = u64, Output = u64>>() -> Result<(), gleaner_pool::Error> {
/// let pool = Pool::<Square>::builder().workers(4).build(())?;
/// let squares: Vec<Result<u64, JobError>> = pool.map(0..10);
/// # Ok(()) }
/// ```
///
/// # Blocking and async
///
/// | | blocking | async |
/// |---|---|---|
/// | one task | [`run_one`](Self::run_one) | [`run`](Self::run) |
/// | many tasks, outputs in order | [`map`](Self::map), [`map_iter`](Self::map_iter) | [`stream`](Self::stream) |
/// | many tasks, outputs as they arrive | [`map_unordered`](Self::map_unordered) | [`stream_unordered`](Self::stream_unordered) |
/// | merged outputs | [`map_reduce`](Self::map_reduce) | |
/// | close the pool | [`close`](Self::close) | [`close_async`](Self::close_async) |
///
/// Both may be used at the same time, from any number of threads and tasks. Put the pool in an [`Arc`] to share it. The
/// pool has a thread of its own, so the async methods work in any runtime. A call that is slow to take its outputs does
/// not delay other calls.
///
/// # Closing and dropping
///
/// [`close`](Self::close) lets the workers finish. Dropping the pool kills its workers, even if they have tasks, and
/// waits until they are gone. This takes some milliseconds.
#[doc(alias = "terminate")]
pub struct Pool<J: Job> {
    requests: UnboundedSender<Request>,
    next_job: AtomicU64,
    /// Why the pool has stopped; empty while it runs.
    ended: Arc<OnceLock<String>>,
    /// How many tasks all workers together can hold at once.
    places: usize,
    thread: Option<JoinHandle<()>>,
    reports: Option<oneshot::Receiver<Vec<WorkerReport>>>,
    job: PhantomData<fn() -> J>,
}

impl<J: Job> Pool<J> {
    /// Returns a builder with the default settings.
    pub fn builder() -> Builder<J> {
        Builder::new()
    }

    pub(crate) fn start(init: &J::Init, options: Options, task_timeout: Option<Duration>) -> Result<Self, Error> {
        let places = options.workers.get() * options.concurrency.get();
        let init = postcard::to_stdvec(init).map_err(|error| Error::Init(error.to_string()))?;
        let (requests, inbox) = unbounded_channel();
        let (tell_started, started) = mpsc::channel();
        let (tell_reports, reports) = oneshot::channel();
        let ended = Arc::new(OnceLock::new());
        let reason = Arc::clone(&ended);
        let work = move || {
            let reports = drive(J::NAME, &init, options, task_timeout, inbox, &tell_started, reason);
            // If the pool was dropped, nobody reads the reports.
            let _ = tell_reports.send(reports);
        };
        let thread = std::thread::Builder::new().name("pool".to_owned()).spawn(work).map_err(Error::Thread)?;
        match started.recv() {
            Ok(Some(error)) => Err(error),
            _ => Ok(Self {
                requests,
                next_job: AtomicU64::new(0),
                ended,
                places,
                thread: Some(thread),
                reports: Some(reports),
                job: PhantomData,
            }),
        }
    }

    /// Runs all tasks and returns their results in the order of the tasks. Blocks until all are done.
    ///
    /// A task that fails is an error in its own place and does not affect the other tasks. To stop at the first error,
    /// collect [`map_iter`](Self::map_iter) into a `Result`.
    #[doc(alias = "starmap")]
    #[doc(alias = "map_async")]
    pub fn map(&self, tasks: impl IntoIterator<Item = J::Task>) -> Vec<Result<J::Output, JobError>> {
        self.map_iter(tasks).without_limit().collect()
    }

    /// Runs tasks while the caller asks for outputs, and returns the outputs in the order of the tasks.
    ///
    /// `tasks` may be endless. The iterator takes a task only if a worker will soon be free for it. It keeps a bounded
    /// number of outputs that wait for a slower task before them.
    #[doc(alias = "imap")]
    pub fn map_iter<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> MapIter<'_, J, I::IntoIter> {
        MapIter::new(self, tasks.into_iter())
    }

    /// Runs tasks while the caller asks for outputs. Returns outputs as they arrive, each with the index of its task.
    ///
    /// `tasks` may be endless.
    #[doc(alias = "imap_unordered")]
    pub fn map_unordered<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> MapUnordered<'_, J, I::IntoIter> {
        MapUnordered(Unordered::new(self, tasks.into_iter(), None))
    }

    /// Runs one task and blocks until it is done.
    ///
    /// # Errors
    /// If the task has no output: see [`JobError`].
    #[doc(alias = "apply")]
    pub fn run_one(&self, task: J::Task) -> Result<J::Output, JobError> {
        self.map_iter(std::iter::once(task)).next().unwrap_or_else(|| Err(self.stopped()))
    }

    /// Runs one task.
    ///
    /// Any number of these futures may be awaited at once. Tasks wait in the pool until a worker is free. If the future
    /// is dropped while its task waits, the task never starts. If a worker has started the task, the task runs to its
    /// end and its output is discarded.
    ///
    /// # Errors
    /// If the task has no output: see [`JobError`].
    #[doc(alias = "apply_async")]
    pub async fn run(&self, task: J::Task) -> Result<J::Output, JobError> {
        let (reply, mut replies) = unbounded_channel();
        self.submit(&task, None, &reply);
        // The task is not needed while this waits. The sender is dropped so that the channel closes when the pool ends.
        drop((task, reply));
        let reply = replies.recv().await.ok_or_else(|| self.stopped())?;
        decode::<J>(&reply.result?)
    }

    /// Runs tasks while the stream is polled, and returns the outputs in the order of the tasks.
    ///
    /// The number of tasks under way is bounded as in [`map_iter`](Self::map_iter). A stream that nobody polls starts
    /// no more tasks.
    pub fn stream<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> OrderedStream<'_, J, I::IntoIter> {
        OrderedStream::new(self, tasks.into_iter())
    }

    /// Runs tasks while the stream is polled. Returns outputs as they arrive, each with the index of its task.
    pub fn stream_unordered<I: IntoIterator<Item = J::Task>>(&self, tasks: I) -> UnorderedStream<'_, J, I::IntoIter> {
        UnorderedStream(Unordered::new(self, tasks.into_iter(), None))
    }

    /// Runs all tasks and merges their outputs into one by [`Job::MERGE`]. The output is `None` if no task has an
    /// output.
    ///
    /// Workers merge outputs that wait to be sent, and this method merges outputs that have arrived. Tasks that fail
    /// are left out, and their errors are returned in the list. If the merge of two outputs panics, all tasks whose
    /// outputs were part of the two fail.
    ///
    /// If the job has no [`Job::MERGE`], a call of this method does not compile.
    pub fn map_reduce(&self, tasks: impl IntoIterator<Item = J::Task>) -> (Option<J::Output>, Vec<JobError>) {
        let join = const { J::MERGE.expect("the job has a MERGE") };
        // Only outputs of the same call are merged. The number identifies the call.
        let group = self.next_job.fetch_add(1, Ordering::Relaxed);
        let mut results = Unordered::new(self, tasks.into_iter(), Some(group));
        let (mut sum, mut errors) = (None, Vec::new());
        while let Some(Arrived { mut tasks, result, .. }) = block_on(|context| results.poll_next(context)) {
            let joined = result.and_then(|bytes| decode::<J>(&bytes)).and_then(|output| match sum.take() {
                None => Ok(output),
                // Two outputs may be merged here or in a worker, by chance. So a panic has the same effect in both
                // places.
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

    /// Lets the workers finish. Returns a report of each worker, in the order in which they ended. Blocks until all are
    /// gone.
    #[doc(alias = "join")]
    pub fn close(mut self) -> Vec<WorkerReport> {
        let reports = self.begin_to_close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        reports.and_then(|mut reports| reports.try_recv().ok()).unwrap_or_default()
    }

    /// Does the same as [`close`](Self::close) and blocks no thread. It is for async programs.
    pub async fn close_async(mut self) -> Vec<WorkerReport> {
        let reports = match self.begin_to_close() {
            Some(reports) => reports.await.unwrap_or_default(),
            None => Vec::new(),
        };
        // The thread is about to end, so this does not wait long.
        drop(self);
        reports
    }

    fn begin_to_close(&mut self) -> Option<oneshot::Receiver<Vec<WorkerReport>>> {
        let _ = self.requests.send(Request::Close);
        self.reports.take()
    }

    pub(crate) fn places(&self) -> usize {
        self.places
    }

    fn stopped(&self) -> JobError {
        JobError::Stopped(self.ended.get().cloned().unwrap_or_else(|| "the pool's thread has ended".to_owned()))
    }

    /// Hands a task to the pool's thread. Its result always comes as a [`Reply`], even if the pool has stopped.
    pub(crate) fn submit(&self, task: &J::Task, merge: Option<u64>, reply: &UnboundedSender<Reply>) -> JobId {
        let id = self.next_job.fetch_add(1, Ordering::Relaxed);
        let refusal = match postcard::to_stdvec(task) {
            Ok(payload) => {
                let request = Request::Run { id, payload: payload.into(), merge, reply: reply.clone() };
                self.requests.send(request).err().map(|_| self.stopped())
            }
            Err(error) => Some(JobError::Unserializable(error.to_string())),
        };
        if let Some(error) = refusal {
            let _ = reply.send(Reply { jobs: vec![id], result: Err(error) });
        }
        id
    }
}

impl<J: Job> fmt::Debug for Pool<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("job", &J::NAME).finish_non_exhaustive()
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
