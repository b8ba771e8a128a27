use std::collections::HashMap;
use std::time::Duration;

/// What the schedule goes by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Redirects that one try of a task may follow.
    pub max_redirects: u32,
    /// Tries after the first one.
    pub max_retries: u32,
    /// The longest `Retry-After` that is waited for. A longer one fails its task, and the host's others once three
    /// different pages in a row were answered so.
    pub max_retry_after: Duration,
    /// Retries that the tasks of a host may be ahead of their successes.
    pub max_host_retries: u32,
    /// Failed tasks of a host after which its others fail at once; 0 = no limit. Only requests that were sent count.
    pub max_host_failures: u64,
    /// What holds for every host.
    pub politeness: Politeness,
    /// What holds for some hosts instead, by their names as [`Politeness::group_by`] groups them.
    pub hosts: HashMap<String, HostRules>,
}

/// How a host is treated that no rule of its own speaks of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Politeness {
    /// Whether robots.txt is asked for and obeyed.
    pub robots: bool,
    /// Requests under way at a host at the same time; 0 = no limit.
    pub concurrency: u32,
    /// From when one request to a host is sent until the next one is.
    pub delay: Duration,
    /// Up to so much more, drawn for each request.
    pub delay_jitter: Duration,
    /// From one request of the run to the next, whichever their hosts.
    pub interval: Duration,
    /// What shares these limits.
    pub group_by: GroupBy,
    /// A longer `Crawl-delay` counts as this.
    pub max_crawl_delay: Duration,
    /// A delay that follows how fast a host answers.
    pub adaptive: Option<Adaptive>,
}

impl Politeness {
    /// Nobody is spared anything: for servers of one's own.
    pub fn none() -> Self {
        Self { max_crawl_delay: Duration::MAX, ..Self::default() }
    }
}

/// What shares the limits of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// A host's name, with its port where that is unusual ([`HostKey`](crate::model::HostKey)).
    #[default]
    Host,
    /// All hosts of a registrable domain (`a.example.co.uk` and `b.example.co.uk`).
    Domain,
}

/// Scrapy's `AutoThrottle`: the delay moves half-way to the time that a page takes, divided by `target`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Adaptive {
    /// Requests that should be under way at a host on average.
    pub target: f64,
    /// The longest such delay.
    pub max_delay: Duration,
}

/// Where a host is treated otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules {
    /// In place of [`Politeness::robots`].
    pub robots: Option<bool>,
    /// In place of [`Politeness::concurrency`].
    pub concurrency: Option<u32>,
    /// In place of [`Politeness::delay`].
    pub delay: Option<Duration>,
}
