use std::collections::HashMap;
use std::time::Duration;

/// Configures the schedule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The most redirects that one try of a task follows.
    pub max_redirects: u32,
    /// The most retries of a task.
    pub max_retries: u32,
    /// The longest `Retry-After` that the schedule waits for. A longer one fails its task. If three different pages of
    /// a host in a row have a longer one, the other tasks of the host fail as well.
    pub max_retry_after: Duration,
    /// The budget of retries that the tasks of a host share. Each retry costs one, and each success gives one back.
    pub max_host_retries: u32,
    /// After this number of failed tasks, the other tasks of a host fail at once; 0 = no limit. Only requests that were
    /// sent count.
    pub max_host_failures: u64,
    /// The most bytes of stored answers that are handed out at once, unless one answer alone has more. A worker holds an
    /// answer twice while it reads it, and this must fit into its memory even if one worker gets all of them.
    pub max_stored_out: usize,
    /// The rules for every host without rules of its own.
    pub politeness: Politeness,
    /// Rules for single hosts, by their names as [`Politeness::group_by`] groups them.
    pub hosts: HashMap<String, HostRules>,
}

/// The limits for a host without rules of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Politeness {
    /// Whether to request and obey robots.txt.
    pub robots: bool,
    /// The most requests under way at a host at the same time; 0 = no limit.
    pub concurrency: u32,
    /// The time between sending one request to a host and sending the next one.
    pub delay: Duration,
    /// The longest random addition to the delay. It is drawn anew for each request.
    pub delay_jitter: Duration,
    /// The time between two requests of the run, to any hosts.
    pub interval: Duration,
    /// Which hosts share these limits.
    pub group_by: GroupBy,
    /// The longest `Crawl-delay` that counts. A longer one is cut to this.
    pub max_crawl_delay: Duration,
    /// A delay that follows how fast a host answers.
    pub adaptive: Option<Adaptive>,
}

impl Politeness {
    /// No limits at all. Only for servers of one's own.
    pub fn none() -> Self {
        Self { max_crawl_delay: Duration::MAX, ..Self::default() }
    }
}

/// Which hosts share the limits of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// A host's name, with its port where that is unusual ([`HostKey`](crate::model::HostKey)).
    #[default]
    Host,
    /// All hosts of a registrable domain (`a.example.co.uk` and `b.example.co.uk`).
    Domain,
}

/// Scrapy's `AutoThrottle`: the delay moves half-way towards the time that a page takes, divided by `target`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Adaptive {
    /// The average number of requests that should be under way at a host.
    pub target: f64,
    /// The longest adaptive delay.
    pub max_delay: Duration,
}

/// Rules for one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Replaces [`Politeness::robots`].
    pub robots: Option<bool>,
    /// Replaces [`Politeness::concurrency`].
    pub concurrency: Option<u32>,
    /// Replaces [`Politeness::delay`].
    pub delay: Option<Duration>,
}
