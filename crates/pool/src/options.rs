use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use super::{Sandbox, User};

/// The settings of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many worker processes run jobs at the same time.
    pub workers: NonZeroUsize,
    /// How many jobs each worker holds at once.
    pub concurrency: NonZeroUsize,
    /// After how many jobs a worker is replaced by a new process; `None` means never.
    pub quota: Option<NonZeroU32>,
    /// Each worker's quota is reduced by a random number of at most this. So workers are not all replaced at once.
    pub quota_jitter: u32,
    /// A worker is killed above this many resident bytes. Above three quarters of it, it is replaced after its jobs.
    pub max_memory: Option<u64>,
    /// How many bytes a serialized task or output may have. More than about 4 GiB counts as 4 GiB.
    pub max_item: usize,
    /// How many bytes of large outputs may be in this process at once; `None` means no limit. Outputs that the
    /// submitter has not dropped yet count as well. Workers with more output wait, and their deadlines are paused. The
    /// submitter must drop each output without waiting for another one. If it keeps outputs, it waits for ever.
    pub in_hand: Option<usize>,
    /// How long a new worker may take until it is ready.
    pub start_limit: Duration,
    /// Whether workers give up what their job does not need.
    pub sandbox: Sandbox,
    /// Names of environment variables that workers get from this process. Workers always get the variables that any
    /// program may need: language, time zone, libraries, backtraces, the resolver's options. A star at the end of a
    /// name stands for any ending: `"*"` means all variables.
    pub environment: Vec<String>,
    /// The user that workers run as; `None` means the user of this process. Only root can change it.
    pub user: Option<User>,
    /// The environment variable that makes a process a worker. [`serve`](crate::serve) recognizes it by its value and
    /// does not need its name.
    pub worker_variable: String,
    /// The executable of the workers. The default is the executable of this process.
    pub program: PathBuf,
    /// The arguments of the executable.
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
