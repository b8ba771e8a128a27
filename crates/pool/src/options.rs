use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use super::{Sandbox, User};

/// The shape of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many worker processes work at the same time.
    pub workers: NonZeroUsize,
    /// Tasks in flight in each worker.
    pub concurrency: NonZeroUsize,
    /// After how many jobs a worker is replaced by a new process; `None` means never.
    pub quota: Option<NonZeroU32>,
    /// Up to how many jobs each worker's quota is reduced, at random, so that workers are not all replaced at once.
    pub quota_jitter: u32,
    /// Resident bytes above which a worker is killed. From three quarters of it on, it is replaced after its tasks.
    pub max_memory: Option<u64>,
    /// How many bytes one task or one output may have when it is serialized. More than about 4 GiB counts as 4 GiB.
    pub max_item: usize,
    /// Bytes of large outputs that may be in this process at once, those included that the submitter has not dropped yet.
    /// Workers that finish more wait, and their clocks stand still. For a submitter that drops each output soon, without
    /// waiting for any other: one that keeps outputs would wait for ever. `None`: no limit.
    pub in_hand: Option<usize>,
    /// How long a new worker may take until it is ready.
    pub start_limit: Duration,
    /// Whether workers give up what their job does not need.
    pub sandbox: Sandbox,
    /// Names of environment variables that workers get from this process. They always get those that any program may need:
    /// language, time zone, libraries, backtraces, the resolver's options. A star at the end of a name stands for any ending:
    /// `"*"` is all variables.
    pub environment: Vec<String>,
    /// The user that workers become; `None` leaves them the user of this process. Only root can change it.
    pub user: Option<User>,
    /// The environment variable that makes a process a worker. [`serve`](crate::serve) knows it by its value, whatever its
    /// name is.
    pub worker_variable: String,
    /// The executable of the workers. The default is that of this process.
    pub program: PathBuf,
    /// Arguments for it.
    pub args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            concurrency: NonZeroUsize::MIN,
            quota: None,
            quota_jitter: 0,
            max_memory: None,
            max_item: 64 << 20,
            in_hand: None,
            start_limit: Duration::from_secs(20),
            sandbox: Sandbox::default(),
            environment: Vec::new(),
            user: None,
            worker_variable: crate::WORKER_VARIABLE.to_owned(),
            program: super::unix::own_executable().unwrap_or_else(|_| PathBuf::from("/proc/self/exe")),
            args: Vec::new(),
        }
    }
}
