//! The outputs of one call of a [`Pool`], as an iterator or as a stream, in the order of the tasks or as they come.
//!
//! [`Unordered`] begins tasks and takes what comes back; [`Ordered`] puts that in order. Both are polled. The streams
//! hand the poll on, and the iterators block until it is ready.

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

/// How many tasks a call keeps under way for each task that the workers can have in hand.
const OVERLAP: usize = 2;
/// How many outputs may wait for a slower one before them: for each task that the workers can have in hand, ...
const WAITING_EACH: usize = 16;
/// ... and at least.
const WAITING_LEAST: usize = 256;

/// The result of a task, or of several whose outputs were merged.
pub(crate) struct Arrived {
    /// The lowest index of a task that it belongs to.
    pub(crate) first: usize,
    pub(crate) tasks: usize,
    pub(crate) result: Result<Bytes, JobError>,
}

/// What became of a task, and the index of it.
type Indexed<J> = (usize, Result<<J as Job>::Output, JobError>);

/// The tasks of one call, and their results in the order in which they arrive.
///
/// Dropping it tells the pool's thread that nobody waits for the results any more: tasks that wait for a worker are then
/// not begun.
#[derive(Debug)]
pub(crate) struct Unordered<'pool, J: Job, I> {
    pool: &'pool Pool<J>,
    /// `None` once it has ended: an iterator is not asked again.
    tasks: Option<I>,
    reply: UnboundedSender<Reply>,
    replies: UnboundedReceiver<Reply>,
    /// The place of each task that is under way.
    indices: HashMap<JobId, usize>,
    begun: usize,
    /// The group whose outputs may be merged, if they may.
    merge: Option<u64>,
}

impl<'pool, J: Job, I: Iterator<Item = J::Task>> Unordered<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I, merge: Option<u64>) -> Self {
        let (reply, replies) = unbounded_channel();
        Self { pool, tasks: Some(tasks), reply, replies, indices: HashMap::new(), begun: 0, merge }
    }

    /// Begins tasks until the workers have enough, or `most` have been begun in all.
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

    /// The next result; `None` when all tasks have one.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Arrived>> {
        self.begin(usize::MAX);
        self.poll_arrival(context)
    }

    /// The next result of a task that is under way; `None` when none is.
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
    /// What has arrived for the task `next` and those after it.
    waiting: VecDeque<Option<Result<Bytes, JobError>>>,
    next: usize,
    /// How far tasks may be begun beyond `next`.
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

/// Reads an output as the worker wrote it.
pub(crate) fn decode<J: Job>(bytes: &[u8]) -> Result<J::Output, JobError> {
    postcard::from_bytes(bytes).map_err(|error| JobError::Unserializable(error.to_string()))
}

// ---- what callers hold ----------------------------------------------------------------------------------------------

/// The outputs of [`Pool::map_iter`], in the order of the tasks.
///
/// Dropping it leaves the tasks that were not begun undone.
#[derive(Debug)]
#[must_use = "tasks run while their outputs are asked for"]
pub struct MapIter<'pool, J: Job, I>(Ordered<'pool, J, I>);

impl<'pool, J: Job, I: Iterator<Item = J::Task>> MapIter<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I) -> Self {
        Self(Ordered::new(pool, tasks))
    }

    /// Lets any number of outputs wait for a slower one before them.
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

/// The outputs of [`Pool::map_unordered`], each with the index of its task, as they come.
///
/// Dropping it leaves the tasks that were not begun undone.
#[derive(Debug)]
#[must_use = "tasks run while their outputs are asked for"]
pub struct MapUnordered<'pool, J: Job, I>(pub(crate) Unordered<'pool, J, I>);

impl<J: Job, I: Iterator<Item = J::Task>> Iterator for MapUnordered<'_, J, I> {
    type Item = (usize, Result<J::Output, JobError>);

    fn next(&mut self) -> Option<Self::Item> {
        block_on(|context| self.0.poll_output(context))
    }
}

/// The outputs of [`Pool::stream`], in the order of the tasks.
///
/// Dropping it leaves the tasks that were not begun undone.
#[derive(Debug)]
#[must_use = "tasks run while the stream is polled"]
pub struct OrderedStream<'pool, J: Job, I>(Ordered<'pool, J, I>);

impl<'pool, J: Job, I: Iterator<Item = J::Task>> OrderedStream<'pool, J, I> {
    pub(crate) fn new(pool: &'pool Pool<J>, tasks: I) -> Self {
        Self(Ordered::new(pool, tasks))
    }
}

// Nothing in it is ever pinned.
impl<J: Job, I> Unpin for OrderedStream<'_, J, I> {}

impl<J: Job, I: Iterator<Item = J::Task>> Stream for OrderedStream<'_, J, I> {
    type Item = Result<J::Output, JobError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_output(context)
    }
}

/// The outputs of [`Pool::stream_unordered`], each with the index of its task, as they come.
///
/// Dropping it leaves the tasks that were not begun undone.
#[derive(Debug)]
#[must_use = "tasks run while the stream is polled"]
pub struct UnorderedStream<'pool, J: Job, I>(pub(crate) Unordered<'pool, J, I>);

// Nothing in it is ever pinned.
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
    /// Another wait on the same thread may take the thread's one token, so the wake-up is kept here too.
    is_woken: AtomicBool,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Polls until the result is there; the thread sleeps in between.
pub(crate) fn block_on<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let wakeup = Arc::new(Wakeup { thread: std::thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Arc::clone(&wakeup).into();
    let mut context = Context::from_waker(&waker);
    // Within a task of tokio, a channel gives no more than some messages before that task must yield. This one does not.
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
