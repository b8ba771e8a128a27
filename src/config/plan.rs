//! What is meant: settings without a question left open. [`load`](super::load) makes them.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{HostKey, MaxFailures};
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
    /// How many such tries all tasks of one host may take together.
    pub max_host_retries: u32,
    /// The longest `Retry-After` that is waited for.
    pub max_retry_after: Duration,
    /// What servers are spared.
    pub politeness: PolitenessPlan,
    /// Hosts with settings of their own. What each sends with its requests is in `scrape.fetch.hosts`.
    pub hosts: BTreeMap<HostKey, HostPlan>,
    /// When the run stops of its own accord, or gives a host up.
    pub limits: LimitsPlan,
    /// The settings whose values come from environment variables, in part or whole, by their dotted names, as they were
    /// written (`Bearer ${TOKEN}`): what may be kept of them.
    pub from_environment: BTreeMap<String, String>,
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
}

/// What servers are spared, for all workers together.
#[derive(Debug, Clone, PartialEq)]
pub struct PolitenessPlan {
    /// Whether robots.txt is asked for and obeyed.
    pub robots: bool,
    /// The most requests to one host at the same time; `None` is no limit.
    pub per_host_concurrency: Option<NonZeroU32>,
    /// From one request to a host to the next one.
    pub delay: Duration,
    /// Up to this much more, drawn for each request.
    pub delay_jitter: Duration,
    /// Requests per second of the whole run, more than 0; `None` is no limit.
    pub rate: Option<f64>,
    /// What shares these limits.
    pub group_by: GroupBy,
    /// A larger `Crawl-delay` is taken as this one.
    pub max_crawl_delay: Duration,
    /// Whether the delay follows how fast a host answers.
    pub adaptive: bool,
    /// Where `adaptive` leads: so many requests in flight to a host, on average. More than 0.
    pub adaptive_target: f64,
    /// The longest delay that `adaptive` leads to. More than 0.
    pub max_delay: Duration,
    /// How many tasks of the list may be read ahead, to find hosts that are free.
    pub read_ahead: u64,
}

/// What a run must not exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitsPlan {
    /// How many of the records may be failures; `None` is no limit.
    pub max_failures: Option<MaxFailures>,
    /// After how many failures of a host its other tasks fail at once; `None` is never.
    pub max_host_failures: Option<NonZeroU32>,
    /// How long the run may take; `None` is as long as it takes.
    pub deadline: Option<Duration>,
}

/// What shares the limits of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// A host's name, with its port where that is unusual ([`HostKey`]).
    Host,
    /// All hosts of a registrable domain (`a.example.co.uk` and `b.example.co.uk`).
    Domain,
}

/// What one host is spared: its own settings, and those for all hosts where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPlan {
    /// From one request to the next one.
    pub delay: Duration,
    /// The most requests at the same time; `None` is no limit.
    pub concurrency: Option<NonZeroU32>,
    /// Whether its robots.txt is asked for and obeyed.
    pub robots: bool,
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
