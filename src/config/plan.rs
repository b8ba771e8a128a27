//! What is meant: settings without a question left open. [`load`](super::load) makes them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::pool::Sandbox;
use crate::scrape;
use crate::sink::{Order, Shape};

/// All that a run needs to know from its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The worker processes.
    pub pool: PoolPlan,
    /// What every worker gets to know. Its `fetch.site` is `None` here: the command line knows the site, not the settings.
    pub scrape: scrape::Settings,
    /// How many redirects in a row a task may follow; 0 follows none.
    pub max_redirects: u32,
    /// How many times a task is tried again after a failure that may pass.
    pub max_retries: u32,
    /// The longest `Retry-After` that is waited for.
    pub max_retry_after: Duration,
    /// The file of the cache, if there is to be one.
    pub cache: Option<PathBuf>,
    /// What is written, and in which order.
    pub output: OutputPlan,
}

/// The worker processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolPlan {
    /// How many there are at once.
    pub workers: NonZeroUsize,
    /// How many tasks each has in flight.
    pub concurrency: NonZeroUsize,
    /// After how many jobs a worker is replaced; `None` is never.
    pub quota: Option<NonZeroU32>,
    /// Up to this many fewer, drawn for each worker. Less than the quota, where there is one.
    pub quota_jitter: u32,
    /// In bytes of resident memory.
    pub max_memory_per_worker: u64,
    /// After this long on one task the worker is killed.
    pub task_timeout: Duration,
    /// Whether a worker gives up what it does not need.
    pub sandbox: Sandbox,
}

/// What is written, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPlan {
    /// The format, unless it goes by the output's name.
    pub format: FormatChoice,
    /// How much of each record.
    pub record: Shape,
    /// In which order.
    pub order: Order,
    /// How many bytes of finished records may wait in memory for an earlier one; more go to disk.
    pub window_memory: u64,
    /// How many tasks may be finished ahead of the earliest unfinished one before no more are begun.
    pub ahead_limit: u64,
}

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatChoice {
    /// By the extension of the output's name, else JSON.
    Auto,
    /// One array, a record a line.
    Json,
    /// A record a line.
    Jsonl,
}
