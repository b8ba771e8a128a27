//! The limit on open files and connections of a process.

use gleaner_pool as pool;

/// Approximate number of descriptors of a process that are not for pages or workers: standard streams, pipes, the
/// output and the files beside it.
#[cfg(unix)]
const OWN: usize = 32;
/// Number of the coordinator's descriptors for each worker: three pipes, and the process itself.
#[cfg(unix)]
const PER_WORKER: usize = 4;

/// Raises the soft limit (1024 on most systems) to the hard limit. Workers inherit it; each page in flight needs one
/// descriptor. If the system refuses, the limit stays unchanged.
#[cfg(unix)]
pub(super) fn take_all() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Fails if the limit is too low for a run: pages would fail as if their hosts were down. With `serves_site`, the run
/// is also a server with a connection for each page in flight. Those who watch it have `watchers` connections.
#[cfg(unix)]
pub(super) fn suffice(pool: &pool::Options, serves_site: bool, watchers: usize) -> anyhow::Result<()> {
    use rustix::process::{Resource, getrlimit};
    let Some(limit) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    let (workers, concurrency) = (pool.workers.get(), pool.concurrency.get());
    let of_worker = concurrency.saturating_add(OWN);
    let served = if serves_site { workers.saturating_mul(concurrency) } else { 0 };
    let of_coordinator =
        workers.saturating_mul(PER_WORKER).saturating_add(served).saturating_add(OWN).saturating_add(watchers);
    let needed = of_worker.max(of_coordinator);
    anyhow::ensure!(
        needed as u64 <= limit,
        "run with `pool.workers` {workers} and `pool.concurrency` {concurrency}: one process needs about {needed} open files and \
         connections, but this system allows {limit}: raise the limit (ulimit -n), or lower one of the two settings"
    );
    Ok(())
}

#[cfg(windows)]
pub(super) fn take_all() {}

#[cfg(windows)]
pub(super) fn suffice(_: &pool::Options, _: bool, _: usize) -> anyhow::Result<()> {
    Ok(())
}
