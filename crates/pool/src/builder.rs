use std::fmt;
use std::marker::PhantomData;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use crate::{Error, Job, Options, Pool, Sandbox, User};

/// The most workers, and the most tasks in each worker at once. A larger number is a mistake.
const MOST: usize = 1 << 16;

/// Configures a [`Pool`]. Settings that are not set have the values of [`Options::default`].
///
/// The setters take any number. [`build`](Self::build) returns an error if a number is not valid.
pub struct Builder<J: Job> {
    workers: Option<usize>,
    concurrency: usize,
    max_tasks_per_worker: usize,
    quota_jitter: usize,
    max_memory_per_worker: Option<usize>,
    task_timeout: Option<Duration>,
    /// The settings that need no check.
    options: Options,
    job: PhantomData<fn() -> J>,
}

impl<J: Job> Builder<J> {
    pub(crate) fn new() -> Self {
        Self {
            workers: None,
            concurrency: 1,
            max_tasks_per_worker: 0,
            quota_jitter: 0,
            max_memory_per_worker: None,
            task_timeout: None,
            options: Options::default(),
            job: PhantomData,
        }
    }

    /// Sets how many worker processes there are. The default is the number of processors that this process may use.
    #[doc(alias = "processes")]
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets how many tasks each worker holds at once. The default is 1.
    ///
    /// More than one task is useful if tasks wait (for a network, for example), or if sending a task takes longer than
    /// running it.
    #[doc(alias = "chunksize")]
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets after how many tasks a worker is replaced by a new process. The default is 0, which means never.
    ///
    /// The number is exact: a worker never gets more tasks.
    #[doc(alias = "maxtasksperchild")]
    #[doc(alias = "max_tasks_per_child")]
    #[must_use]
    pub fn max_tasks_per_worker(mut self, tasks: usize) -> Self {
        self.max_tasks_per_worker = tasks;
        self
    }

    /// Reduces each worker's [`max_tasks_per_worker`](Self::max_tasks_per_worker) by a random number of at most
    /// `tasks`. So workers are not all replaced at once. The default is 0.
    #[must_use]
    pub fn quota_jitter(mut self, tasks: usize) -> Self {
        self.quota_jitter = tasks;
        self
    }

    /// Sets how many bytes of resident memory a worker may take. There is no limit by default.
    ///
    /// A worker that takes more is killed, and its tasks run again in other workers. If a task exceeds the limit twice
    /// while it is alone in its worker, it fails with [`JobError::Poison`](crate::JobError::Poison).
    #[must_use]
    pub fn max_memory_per_worker(mut self, bytes: usize) -> Self {
        self.max_memory_per_worker = Some(bytes);
        self
    }

    /// Sets how long a task may take. There is no limit by default.
    ///
    /// If a task takes longer, its worker is killed and the task fails with
    /// [`JobError::Poison`](crate::JobError::Poison). The other tasks of that worker run again. The limit is checked
    /// every 0.1 s.
    ///
    /// If several tasks share a worker ([`concurrency`](Self::concurrency)), the pool needs up to 0.5 s to find out
    /// which of them keeps the thread busy. With a shorter limit, the other tasks fail as well.
    #[must_use]
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.task_timeout = Some(limit);
        self
    }

    /// Sets how many bytes a serialized task or output may have. The default is 64 MiB. The maximum is about 4 GiB.
    #[must_use]
    pub fn max_item(mut self, bytes: usize) -> Self {
        self.options.max_item = bytes;
        self
    }

    /// Sets whether workers give up what their job's [`confinement`](Job::confinement) does not name. The default is
    /// [`Sandbox::Auto`].
    #[must_use]
    pub fn sandbox(mut self, sandbox: Sandbox) -> Self {
        self.options.sandbox = sandbox;
        self
    }

    /// Adds names of environment variables that workers get from this process. [`Options::environment`] lists the
    /// variables that they always get. A star at the end of a name stands for any ending: `"*"` means all variables.
    #[must_use]
    pub fn environment(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.environment.extend(names.into_iter().map(Into::into));
        self
    }

    /// Makes workers run as another user. Only root can do that.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.options.user = Some(user);
        self
    }

    /// Sets the name of the environment variable that makes a process a worker. The default is
    /// [`WORKER_VARIABLE`](crate::WORKER_VARIABLE).
    ///
    /// [`serve`](crate::serve) does not need this name, because it recognizes the variable by its value.
    #[must_use]
    pub fn worker_variable(mut self, name: impl Into<String>) -> Self {
        self.options.worker_variable = name.into();
        self
    }

    /// Makes the pool. Each worker gets a copy of `init` when it starts; see [`Job::start`].
    ///
    /// Processes start when there are tasks for them.
    ///
    /// # Errors
    /// - [`Error::Setting`] if a setting is not valid.
    /// - [`Error::InWorker`] if this process is itself a worker, because `main` does not begin with
    ///   [`serve`](crate::serve).
    /// - The other errors if the system does not give the pool what it needs.
    #[expect(clippy::needless_pass_by_value, reason = "the workers get the value")]
    pub fn build(self, init: J::Init) -> Result<Pool<J>, Error> {
        let task_timeout = self.task_timeout;
        let options = self.options()?;
        Pool::start(&init, options, task_timeout)
    }

    fn options(self) -> Result<Options, Error> {
        let quota = NonZeroU32::new(saturated(self.max_tasks_per_worker));
        let quota_jitter = saturated(self.quota_jitter);
        if quota.is_some_and(|quota| quota_jitter >= quota.get()) {
            return Err(Error::Setting(format!(
                "quota_jitter({quota_jitter}) must be less than max_tasks_per_worker({})",
                self.max_tasks_per_worker
            )));
        }
        if self.task_timeout.is_some_and(|limit| limit.is_zero()) {
            return Err(must_not_be_zero("task_timeout", "do not set it if tasks may take any time"));
        }
        if self.max_memory_per_worker == Some(0) {
            return Err(must_not_be_zero("max_memory_per_worker", "do not set it if workers may take any memory"));
        }
        if self.options.max_item == 0 {
            return Err(must_not_be_zero("max_item", "the default is 64 MiB"));
        }
        Ok(Options {
            workers: match self.workers {
                None => self.options.workers,
                Some(workers) => count("workers", workers, "do not set it to have one for each processor")?,
            },
            concurrency: count("concurrency", self.concurrency, "1 means one task at a time")?,
            quota,
            quota_jitter,
            max_memory: self.max_memory_per_worker.map(|bytes| bytes as u64),
            ..self.options
        })
    }
}

impl<J: Job> fmt::Debug for Builder<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("job", &J::NAME).finish_non_exhaustive()
    }
}

/// Converts a number of tasks. A quota of `u32::MAX` or more is never reached.
fn saturated(tasks: usize) -> u32 {
    u32::try_from(tasks).unwrap_or(u32::MAX)
}

fn count(setting: &str, value: usize, hint: &str) -> Result<NonZeroUsize, Error> {
    if value > MOST {
        return Err(Error::Setting(format!("{setting}({value}) must be at most {MOST}")));
    }
    NonZeroUsize::new(value).ok_or_else(|| must_not_be_zero(setting, hint))
}

fn must_not_be_zero(setting: &str, hint: &str) -> Error {
    Error::Setting(format!("{setting} must not be 0: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Job for Nothing {
        const NAME: &'static str = "nothing";
        type Init = ();
        type Task = ();
        type Output = ();

        fn start((): ()) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
            Ok(Self)
        }

        async fn run(&self, (): ()) {}
    }

    #[test]
    fn the_error_for_an_invalid_setting_says_which_value_is_valid() {
        type Set = fn(Builder<Nothing>) -> Builder<Nothing>;
        let table: &[(Set, &str)] = &[
            (|b| b.workers(0), "workers must not be 0: do not set it to have one for each processor"),
            (|b| b.workers(usize::MAX), "workers(18446744073709551615) must be at most 65536"),
            (|b| b.concurrency(0), "concurrency must not be 0: 1 means one task at a time"),
            (|b| b.concurrency(1 << 40), "concurrency(1099511627776) must be at most 65536"),
            (
                |b| b.task_timeout(Duration::ZERO),
                "task_timeout must not be 0: do not set it if tasks may take any time",
            ),
            (
                |b| b.max_memory_per_worker(0),
                "max_memory_per_worker must not be 0: do not set it if workers may take any memory",
            ),
            (|b| b.max_item(0), "max_item must not be 0: the default is 64 MiB"),
            (
                |b| b.max_tasks_per_worker(5).quota_jitter(5),
                "quota_jitter(5) must be less than max_tasks_per_worker(5)",
            ),
            (
                |b| b.worker_variable(""),
                "worker_variable(\"\") cannot name an environment variable: it must not be empty, and have no `=`",
            ),
            (
                |b| b.worker_variable("A=B"),
                "worker_variable(\"A=B\") cannot name an environment variable: it must not be empty, and have no `=`",
            ),
        ];
        for (set, expected) in table {
            let error = set(Pool::builder()).build(()).expect_err(expected);
            assert!(matches!(error, Error::Setting(_)), "{error:?}");
            assert_eq!(error.to_string(), *expected);
        }
    }

    #[test]
    fn a_quota_of_zero_means_no_quota_and_a_huge_quota_is_capped() {
        let quota = |tasks| {
            let options =
                Pool::<Nothing>::builder().max_tasks_per_worker(tasks).options().expect("the settings are valid");
            options.quota.map(NonZeroU32::get)
        };
        assert_eq!(quota(0), None);
        assert_eq!(quota(1), Some(1));
        assert_eq!(quota(usize::MAX), Some(u32::MAX));
        assert!(Pool::<Nothing>::builder().quota_jitter(3).options().is_ok(), "without a quota, any jitter is valid");
    }
}
