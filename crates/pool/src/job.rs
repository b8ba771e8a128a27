use std::error::Error;
use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Confinement, Death};

/// Work that can be done in another process.
///
/// Each worker has one value of the type. [`start`](Self::start) makes it from `Init`. Then [`run`](Self::run) is
/// called for one task after the other, or for up to [`concurrency`](crate::Builder::concurrency) tasks at once.
///
/// Any task may go to any worker, and a worker may be replaced between any two tasks. So a job may keep a cache, but a
/// task must not need anything that an earlier task has left.
///
/// Values are sent as [postcard](https://docs.rs/postcard), a format without field names. So their types must not use
/// serde's `untagged`, `flatten` or `skip_serializing_if`.
pub trait Job: Send + Sync + Sized + 'static {
    /// A name that no other job of the program has. [`serve`](super::serve) and messages use it.
    const NAME: &'static str;
    /// The value that each worker gets when it starts.
    type Init: Serialize + DeserializeOwned + Send + 'static;
    /// A task: the argument of [`run`](Self::run).
    type Task: Serialize + DeserializeOwned + Send + 'static;
    /// The return value of [`run`](Self::run). It may be a `Result`. [`RemoteError`](crate::RemoteError) can be its
    /// error.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// Merges two outputs into one, for [`Pool::map_reduce`](super::Pool::map_reduce). Outputs arrive in any order, so
    /// the function must be associative and commutative, as addition is.
    const MERGE: Option<Merge<Self::Output>> = None;

    /// Sets the worker up. It is called once in each worker process, inside the worker's tokio runtime, which has one
    /// thread.
    ///
    /// # Errors
    /// An error ends the worker. If no worker can start, the pool stops, and every task fails with this error as the
    /// reason.
    #[doc(alias = "initializer")]
    fn start(init: Self::Init) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// Returns the access to the system that the worker still needs after [`start`](Self::start). The worker gives up
    /// everything else before its first task, as far as [`Options::sandbox`](super::Options::sandbox) says and the
    /// system can. With `None` it gives up nothing.
    ///
    /// Threads that [`start`](Self::start) has started can still read what they could read before.
    fn confinement(&self) -> Option<Confinement> {
        None
    }

    /// Does one task. A panic becomes a [`JobError::Panic`], and the worker continues.
    ///
    /// The worker has one thread for all its tasks. While one task computes, the others wait.
    fn run(&self, task: Self::Task) -> impl Future<Output = Self::Output> + Send;
}

/// A function that merges two outputs into one.
pub type Merge<O> = fn(O, O) -> O;

/// Why a task has no output. Other tasks of the same worker or call may have succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JobError {
    /// The task panicked. The worker continues.
    Panic {
        /// The message that was given to `panic!`.
        message: String,
        /// `file:line:column`.
        location: String,
        /// The stack at the panic, as text.
        backtrace: String,
    },
    /// The task or its output is larger than [`max_item`](crate::Builder::max_item).
    TooLarge {
        /// Bytes of the task or the output.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The task or its output cannot be serialized or deserialized.
    Unserializable(String),
    /// The task is to blame for the end of its worker. Either two workers died that held only this task, or the task
    /// took longer than [`task_timeout`](crate::Builder::task_timeout).
    Poison(Death),
    /// The pool stopped before the task was done.
    Stopped(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic { message, location, .. } => write!(f, "panicked at {location}: {message}"),
            Self::TooLarge { size, limit } => write!(f, "has {size} bytes, and the limit is {limit}"),
            Self::Unserializable(reason) => {
                write!(f, "the task or its output cannot be serialized or deserialized: {reason}")
            }
            Self::Poison(death) => write!(f, "its worker {death}"),
            Self::Stopped(reason) => write!(f, "not done: {reason}"),
        }
    }
}

impl Error for JobError {}
