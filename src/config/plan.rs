//! What is meant: settings without a question left open. [`load`](super::load) makes them.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use gleaner_pool::{Sandbox, User};

use crate::model::MaxFailures;
use crate::schedule;
use crate::scrape;
use crate::sink::{Order, Shape};

/// All that a run needs to know from its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The worker processes.
    pub pool: PoolPlan,
    /// What every worker gets to know. The `site` of its `fetch` is `None` here: the command line knows the site, not the settings.
    pub scrape: scrape::Settings,
    /// Which task is fetched when, what servers are spared, and what hosts have settings of their own for that. What each
    /// host gets sent besides is in `scrape.fetch.hosts`.
    pub schedule: schedule::Options,
    /// How many tasks of the list may be read ahead, to find hosts that are free.
    pub read_ahead: u64,
    /// When the run stops of its own accord.
    pub limits: LimitsPlan,
    /// The settings whose values come from environment variables, in part or whole, by their dotted names, as they were
    /// written (`Bearer ${TOKEN}`): what may be kept of them.
    pub from_environment: BTreeMap<String, String>,
    /// The files that `[tls]` names. What is in them is in `scrape.fetch.tls`.
    pub tls_files: Vec<PathBuf>,
    /// The cookies of the run; `None` keeps none.
    pub cookies: Option<CookiesPlan>,
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
    /// The user that workers are, where this process is root.
    pub user: UserChoice,
}

/// Which user workers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChoice {
    /// One that is nobody else, where this process is root and such a user can be had.
    Auto,
    /// That of this process.
    Same,
    /// This one.
    Given(User),
    /// The one of this name.
    Named(String),
}

/// What a run must not exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitsPlan {
    /// How many of the records may be failures; `None` is no limit.
    pub max_failures: Option<MaxFailures>,
    /// How long the run may take; `None` is as long as it takes.
    pub deadline: Option<Duration>,
}

/// Where cookies come from and go to, in the format of `cookies.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookiesPlan {
    /// What the run begins with; `None` is nothing.
    pub load: Option<PathBuf>,
    /// Where they are written when the run ends; `None` is nowhere.
    pub save: Option<PathBuf>,
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
