//! What is meant: the options of a run, without a question left open. [`load`](super::load) makes them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::input;
use crate::model::{HostKey, HostSettings, RunLimits};
use crate::schedule;
use crate::scrape;
use crate::sink;
use gleaner_pool::{self as pool, User};

/// All that a run needs to know from its settings. Its default has everything off, empty or zero: the settings fill it in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The worker processes. The command line adds what is not a setting: the user, the environment and the arguments.
    pub pool: pool::Options,
    /// The user that workers run as, if this process is root.
    pub worker_user: UserChoice,
    /// After this long on one task, a worker is killed.
    pub task_timeout: Duration,
    /// What every worker gets to know. The `site` of its `fetch` is `None` here, because only the command line knows it.
    pub scrape: scrape::Settings,
    /// What requests to single hosts get. Workers receive it with these requests.
    pub hosts: BTreeMap<HostKey, HostSettings>,
    /// Which task is fetched when, and what load servers get. What a host gets with its requests is in `hosts`.
    pub schedule: schedule::Options,
    /// How many tasks of the list may be read ahead, to find hosts that are free.
    pub read_ahead: usize,
    /// When the run stops before the end of its list.
    pub limits: RunLimits,
    /// The files that `[tls]` names. What is in them is in `scrape.fetch.tls`.
    pub tls_files: Vec<PathBuf>,
    /// The cookies of the run; `None` keeps none.
    pub cookies: Option<CookiesPlan>,
    /// The file of the cache, if there is to be one.
    pub cache: Option<PathBuf>,
    /// How lists are read. The command line adds the columns that rules read.
    pub input: input::Options,
    /// What is written. The command line adds what is not a setting: the destination, what becomes of an earlier run's
    /// output, the identity, and the format if [`Plan::format`] is `None`.
    pub sink: sink::Options,
    /// How pages become rows, if the format is a table. The command line adds the delimiter, and copies it to `scrape`.
    pub table: scrape::TableSettings,
    /// The format; `None` is by the extension of the output.
    pub format: Option<sink::Format>,
    /// How many tasks may be finished ahead of the earliest unfinished one before no more are started.
    pub ahead_limit: u64,
    /// The settings that shape what is written.
    pub shaping: Shaping,
}

/// What a setting affects: what must be the same in two runs that share an output or a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Affects {
    /// Only how fast, how patiently and by which way pages are fetched. It may differ between two runs.
    #[default]
    Nothing,
    /// Which records there are or how they are written. A run resumes only an output that was begun with the same value.
    Output,
    /// The data that is extracted from an answer. As [`Affects::Output`], and the cache keeps the data of each value
    /// apart.
    Data,
}

/// The settings that affect the output or the data, by their dotted names, and what they mean. The meaning is the same for
/// all ways to write a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shaping {
    /// All but request headers.
    pub settings: BTreeMap<String, (Affects, String)>,
    /// Request headers, which may be secrets. One that names environment variables is as it was written
    /// (`Bearer ${TOKEN}`). Those that carry credentials are left out, because tokens expire.
    pub headers: BTreeMap<String, String>,
}

/// Which user workers run as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UserChoice {
    /// A user that nobody else has, if this process is root and the system allows it.
    #[default]
    Auto,
    /// The user of this process.
    Same,
    /// This one.
    Given(User),
    /// The one of this name.
    Named(String),
}

/// Where cookies come from and go to, in the format of `cookies.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookiesPlan {
    /// What the run begins with; `None` is nothing.
    pub load: Option<PathBuf>,
    /// Where they are written when the run ends; `None` is nowhere.
    pub save: Option<PathBuf>,
}
