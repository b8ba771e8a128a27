//! How many files and connections this process may have open.

use crate::pool;

/// What a process has open besides, about: standard streams, pipes, the output and what belongs to it.
#[cfg(unix)]
const OWN: usize = 32;
/// What a worker takes of the coordinator's: three pipes, and the process itself.
#[cfg(unix)]
const OF_A_WORKER: usize = 4;

/// Takes as many as may be had: the soft limit, which is 1024 on most systems, becomes the hard one. Workers inherit it, and
/// each page in flight takes one. Where that is refused, things stay as they are.
#[cfg(unix)]
pub(super) fn take_all() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Errs where they are too few for a run. Pages would fail as if their hosts were down. `serves_site`: the run is a server,
/// too, with a connection for each page in flight.
#[cfg(unix)]
pub(super) fn suffice(pool: &pool::Options, serves_site: bool) -> anyhow::Result<()> {
    use rustix::process::{Resource, getrlimit};
    let Some(limit) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    let (workers, concurrency) = (pool.workers.get(), pool.concurrency.get());
    let of_worker = concurrency.saturating_add(OWN);
    let served = if serves_site { workers.saturating_mul(concurrency) } else { 0 };
    let of_coordinator = workers.saturating_mul(OF_A_WORKER).saturating_add(served).saturating_add(OWN);
    let needed = of_worker.max(of_coordinator);
    anyhow::ensure!(
        needed as u64 <= limit,
        "run with `pool.workers` {workers} and `pool.concurrency` {concurrency}: one process would have some {needed} files and \
         connections open, and this system allows {limit}, allow more (ulimit -n), or lower one of the two"
    );
    Ok(())
}

#[cfg(windows)]
pub(super) fn take_all() {}

#[cfg(windows)]
pub(super) fn suffice(_: &pool::Options, _: bool) -> anyhow::Result<()> {
    Ok(())
}
