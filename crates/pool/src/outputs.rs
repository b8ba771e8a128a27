//! The outputs of one call of a [`Pool`], as an iterator or as a stream, in the order of the tasks or as they arrive.
//!
//! [`Unordered`] starts tasks and receives their results. [`Ordered`] puts the results in order. Both are polled. The
//! streams pass the poll on. The iterators block until the poll is ready.

use std::collections::{HashMap, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, ready};
use std::thread::Thread;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::driver::Reply;
use crate::{Job, JobError, JobId, Pool};

/// How many tasks a call keeps under way for each task that the workers can hold.
const OVERLAP: usize = 2;
/// How many outputs may wait for a slower task before them, for each task that the workers can hold.
const WAITING_EACH: usize = 16;
/// How many outputs may always wait for a slower task before them, however few tasks the workers can hold.
const WAITING_LEAST: usize = 256;

/// The result of a task, or of several tasks whose outputs were merged.
pub(crate) struct Arrived {
    /// The lowest index of its tasks.
    pub(crate) first: usize,
    pub(crate) tasks: usize,
    pub(crate) result: Result<Bytes, JobError>,
}

/// The index of a task, and its result.
type Indexed<J> = (usize, Result<<J as Job>::Output, JobError>);

/// The tasks of one call, and their results in the order in which they arrive.
///
/// Dropping it tells the pool's thread that nobody waits for the results any more. Tasks that still wait for a worker
/// are then never started.
#[derive(Debug)]
pub(crate) struct Unordered<'pool, J: Job, I> {
    pool: &'pool Pool<J>,
    /// `None` after the iterator has ended. It is not called again then.
    tasks: Option<I>,
    reply: UnboundedSender<Reply>,
    replies: UnboundedReceiver<Reply>,
    /// The index of each task that is under way.
    indices: HashMap<JobId, usize>,
    begun: usize,
    /// The group of jobs whose outputs may be merged; `None` if outputs must not be merged.
    merge: Option<u64>,
}

impl<'pool, J: Job, I: Iterator<Item = J::Task>> Unordered<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I, merge: Option<u64>) -> Self {
        let (reply, replies) = unbounded_channel();
        Self { pool, tasks: Some(tasks), reply, replies, indices: HashMap::new(), begun: 0, merge }
    }

    /// Starts tasks until the workers have enough, or until `most` tasks have been started in total.
    fn begin(&mut self, most: usize) {
        while self.indices.len() < self.pool.places() * OVERLAP && self.begun < most {
            let Some(task) = self.tasks.as_mut().and_then(Iterator::next) else {
                self.tasks = None;
                return;
            };
            let id = self.pool.submit(&task, self.merge, &self.reply);
            self.indices.insert(id, self.begun);
            self.begun += 1;
        }
    }

    /// Returns the next result; `None` when all tasks have a result.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Arrived>> {
        self.begin(usize::MAX);
        self.poll_arrival(context)
    }

    /// Returns the next result of a task that is under way; `None` if no task is under way.
    fn poll_arrival(&mut self, context: &mut Context<'_>) -> Poll<Option<Arrived>> {
        if self.indices.is_empty() {
            return Poll::Ready(None);
        }
        let Some(Reply { jobs, result }) = ready!(self.replies.poll_recv(context)) else { return Poll::Ready(None) };
        let first = jobs.iter().filter_map(|job| self.indices.remove(job)).min();
        Poll::Ready(first.map(|first| Arrived { first, tasks: jobs.len(), result }))
    }

    fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Option<Indexed<J>>> {
        let arrived = ready!(self.poll_next(context));
        Poll::Ready(arrived.map(|Arrived { first, result, .. }| (first, result.and_then(|bytes| decode::<J>(&bytes)))))
    }
}

/// The outputs of one call in the order of its tasks.
#[derive(Debug)]
struct Ordered<'pool, J: Job, I> {
    unordered: Unordered<'pool, J, I>,
    /// The results that have arrived for the task `next` and the tasks after it.
    waiting: VecDeque<Option<Result<Bytes, JobError>>>,
    next: usize,
    /// How many tasks may be started, counted from `next`.
    ahead: usize,
}

impl<'pool, J: Job, I: Iterator<Item = J::Task>> Ordered<'pool, J, I> {
    fn new(pool: &'pool Pool<J>, tasks: I) -> Self {
        let ahead = (pool.places() * WAITING_EACH).max(WAITING_LEAST);
        Self { unordered: Unordered::new(pool, tasks, None), waiting: VecDeque::new(), next: 0, ahead }
    }

    fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<J::Output, JobError>>> {
        loop {
            self.unordered.begin(self.next.saturating_add(self.ahead));
            if let Some(result) = self.waiting.front_mut().and_then(Option::take) {
                self.waiting.pop_front();
                self.next += 1;
                return Poll::Ready(Some(result.and_then(|bytes| decode::<J>(&bytes))));
            }
            let Some(Arrived { first, result, .. }) = ready!(self.unordered.poll_arrival(context)) else {
                return Poll::Ready(None);
            };
            let place = first - self.next;
            if self.waiting.len() <= place {
                self.waiting.resize_with(place + 1, || None);
            }
            self.waiting[place] = Some(result);
        }
    }
}

/// Deserializes an output of a worker.
pub(crate) fn decode<J: Job>(bytes: &[u8]) -> Result<J::Output, JobError> {
    postcard::from_bytes(bytes).map_err(|error| JobError::Unserializable(error.to_string()))
}

// ---- iterators and streams ------------------------------------------------------------------------------------------

/// The outputs of [`Pool::map_iter`], in the order of the tasks.
///
/// If it is dropped, tasks that were not started are never started.
#[derive(Debug)]
#[must_use = "tasks run only while the caller asks for outputs"]
pub struct MapIter<'pool, J: Job, I>(Ordered<'pool, J, I>);

impl<'pool, J: Job, I: Iterator<Item = J::Task>> MapIter<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I) -> Self {
        Self(Ordered::new(pool, tasks))
    }

    /// Lets any number of outputs wait for a slower task before them.
    pub(crate) fn without_limit(mut self) -> Self {
        self.0.ahead = usize::MAX;
        self
    }
}

impl<J: Job, I: Iterator<Item = J::Task>> Iterator for MapIter<'_, J, I> {
    type Item = Result<J::Output, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(|context| self.0.poll_output(context))
    }
}

/// The outputs of [`Pool::map_unordered`] as they arrive, each with the index of its task.
///
/// If it is dropped, tasks that were not started are never started.
#[derive(Debug)]
#[must_use = "tasks run only while the caller asks for outputs"]
pub struct MapUnordered<'pool, J: Job, I>(pub(crate) Unordered<'pool, J, I>);

impl<J: Job, I: Iterator<Item = J::Task>> Iterator for MapUnordered<'_, J, I> {
    type Item = (usize, Result<J::Output, JobError>);

    fn next(&mut self) -> Option<Self::Item> {
        block_on(|context| self.0.poll_output(context))
    }
}

/// The outputs of [`Pool::stream`], in the order of the tasks.
///
/// If it is dropped, tasks that were not started are never started.
#[derive(Debug)]
#[must_use = "tasks run only while the stream is polled"]
pub struct OrderedStream<'pool, J: Job, I>(Ordered<'pool, J, I>);

impl<'pool, J: Job, I: Iterator<Item = J::Task>> OrderedStream<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I) -> Self {
        Self(Ordered::new(pool, tasks))
    }
}

// None of its fields is ever pinned.
impl<J: Job, I> Unpin for OrderedStream<'_, J, I> {}

impl<J: Job, I: Iterator<Item = J::Task>> Stream for OrderedStream<'_, J, I> {
    type Item = Result<J::Output, JobError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_output(context)
    }
}

/// The outputs of [`Pool::stream_unordered`] as they arrive, each with the index of its task.
///
/// If it is dropped, tasks that were not started are never started.
#[derive(Debug)]
#[must_use = "tasks run only while the stream is polled"]
pub struct UnorderedStream<'pool, J: Job, I>(pub(crate) Unordered<'pool, J, I>);

// None of its fields is ever pinned.
impl<J: Job, I> Unpin for UnorderedStream<'_, J, I> {}

impl<J: Job, I: Iterator<Item = J::Task>> Stream for UnorderedStream<'_, J, I> {
    type Item = (usize, Result<J::Output, JobError>);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_output(context)
    }
}

// ---- blocking -------------------------------------------------------------------------------------------------------

/// Wakes a thread that waits in [`block_on`].
struct Wakeup {
    thread: Thread,
    /// Another wait on the same thread may take the thread's only token. So the wake-up is also stored here.
    is_woken: AtomicBool,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Polls until the result is there. The thread sleeps between two polls.
pub(crate) fn block_on<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let wakeup = Arc::new(Wakeup { thread: std::thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Arc::clone(&wakeup).into();
    let mut context = Context::from_waker(&waker);
    // In a tokio task, a channel returns only a limited number of messages until the task yields. This code never
    // yields, so it must not be limited.
    let mut future = pin!(tokio::task::coop::unconstrained(std::future::poll_fn(poll)));
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        while !wakeup.is_woken.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}
