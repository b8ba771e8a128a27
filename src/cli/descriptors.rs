//! How many files and connections this process may have open.

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

#[cfg(windows)]
pub(super) fn take_all() {}
