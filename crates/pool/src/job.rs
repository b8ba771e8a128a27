use std::error::Error;
use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Confinement, Death};

/// Work that can be done in another process.
///
/// One value of the type lives in each worker; it is made from `Init`, which is sent there once, and runs one task
/// after the other, or up to `concurrency` at once. Nothing is kept between tasks that another worker would miss: any
/// task may go to any worker, and a worker may be replaced between any two.
///
/// Values travel as [postcard](https://docs.rs/postcard), a format without field names: what is sent must not use
/// serde's `untagged`, `flatten` or `skip_serializing_if`.
pub trait Job: Send + Sync + Sized + 'static {
    /// Tells the jobs of one program apart, in [`serve`](super::serve) and in messages.
    const NAME: &'static str;
    /// What each worker is given at its start.
    type Init: Serialize + DeserializeOwned + Send + 'static;
    /// What a task is made of.
    type Task: Serialize + DeserializeOwned + Send + 'static;
    /// What a task gives.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// How two outputs become one, for [`Pool::map_reduce`](super::Pool::map_reduce). Results arrive in any order, so
    /// it must be associative and commutative, as addition is.
    const MERGE: Option<Merge<Self::Output>> = None;

    /// Sets the worker up. Called once in each worker process, inside its tokio runtime (a current-thread one).
    ///
    /// # Errors
    /// An error ends the worker; a pool whose workers all fail to start gives up, with this reason.
    fn start(init: Self::Init) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// What the worker still needs of the system from now on, once it is set up; it gives up all else before its first
    /// task, as far as [`Options::sandbox`](super::Options::sandbox) and the system have it. `None`: it gives up nothing.
    ///
    /// Threads that [`start`](Self::start) has started keep what they can read.
    fn confinement(&self) -> Option<Confinement> {
        None
    }

    /// Does one task. A panic becomes a [`JobError::Panic`] and the worker lives on.
    ///
    /// The worker has one thread for all its tasks: a task that computes keeps the others waiting.
    fn run(&self, task: Self::Task) -> impl Future<Output = Self::Output> + Send;
}

/// Makes one output of two.
pub type Merge<O> = fn(O, O) -> O;

/// Why a task has no output. The other tasks of the same worker, batch or call are not touched by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JobError {
    /// The task panicked. The worker goes on.
    Panic {
        /// What `panic!` was given.
        message: String,
        /// `file:line:column`.
        location: String,
        /// The stack at the panic, as text.
        backtrace: String,
    },
    /// The output has more bytes than may travel.
    TooLarge {
        /// Bytes of the output.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The task or its output is no value that postcard can write and read.
    Unserializable(String),
    /// The task's worker died with this task alone in it, again and again: the task is to blame.
    Poison(Death),
    /// The pool stopped before the task was done.
    Stopped(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic { message, location, .. } => write!(f, "panicked at {location}: {message}"),
            Self::TooLarge { size, limit } => write!(f, "gave {size} bytes, where {limit} is the limit"),
            Self::Unserializable(reason) => write!(f, "cannot travel between processes: {reason}"),
            Self::Poison(death) => write!(f, "its worker {death}"),
            Self::Stopped(reason) => write!(f, "not done: {reason}"),
        }
    }
}

impl Error for JobError {}
