//! The sandbox: takes rights from a worker after its job is set up and before its first task.
//!
//! A worker reads pages of strangers with large parsers. A page that takes over a worker must not gain anything: it can
//! write no file, read few files, start no program and inspect no other process. The pool knows how to give up rights. The
//! job says which ones it still needs ([`Confinement`]).
//!
//! On Linux there are two walls, which do not depend on each other:
//!
//! - `files` (landlock): only what the job named can be opened, and only for reading; nothing can be executed.
//! - `calls` (seccomp): a list of system calls that no worker needs fails with `EPERM`.
//!
//! A worker also has no capabilities, gains no privileges and leaves no core dump. When its process starts, it gets no open
//! file except its pipes, few environment variables (`environment`), and another user if one is set (`user`). A worker
//! cannot get back what it gave up, and neither can threads that it starts later. If the kernel lacks a wall, [`Sandbox`]
//! says whether the worker goes on.
//!
//! The sandbox costs each worker's start about 0.8 ms of CPU time, and the worker is ready about 0.5 ms later. This was
//! measured with 300 workers in turn, `auto` against `off`: medians of 7 pairs, release build without link-time
//! optimisation, Linux 6.18 on a busy machine with 2 cores. The thread of `watch` gives up its rights in both cases, so that
//! cost is not included. With 2,000 pages of 52 KB and a quota of 100, the difference was below the noise (2.085 s and
//! 2.084 s in one series, 2.29 s and 2.11 s in another one under more load). The kernel remembers which calls are always
//! allowed.
//!
//! Deliberately absent:
//!
//! - A list of calls that are *allowed*. It would have to name all calls that the C library, the runtime and their future
//!   versions use. If one were missing, workers would break on machines that nobody has tested. A list of refused calls can
//!   only be too short, and calls that are newer than the list are refused, too.
//! - Making the process "not dumpable". `/proc/<pid>` would then belong to root, and a parent that is not root could no
//!   longer read how much memory its workers use.
//!
//! Further files:
//!
//! - `linux`: the steps in their order
//! - `elsewhere`: systems without a sandbox

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
mod calls;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
mod files;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
#[path = "linux.rs"]
mod system;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))))]
#[path = "elsewhere.rs"]
mod system;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(super) use system::give_up_early;

/// Whether workers give up what their job does not need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// Workers give up as much as the system supports. What it lacks is logged once.
    #[default]
    Auto,
    /// Workers keep all rights of this process.
    Off,
    /// A worker that cannot be confined does not start, and the pool gives up.
    Require,
}

/// The rights that a job still needs after it is set up. All others are given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Files that may be read, and folders whose whole content may be read. Links are followed when the worker is confined: if
    /// a link changes later, its new target is not readable. Paths that do not exist are skipped.
    pub readable: Vec<PathBuf>,
    /// Whether UNIX sockets may be created. Neither wall can limit which sockets they connect to.
    pub unix_sockets: bool,
}

/// Confines this process. Returns what this system lacks for that; an empty text if it lacks nothing or nothing had to be
/// given up.
pub(super) fn confine(sandbox: Sandbox, wanted: Option<&Confinement>) -> String {
    match wanted {
        Some(wanted) if sandbox != Sandbox::Off => system::confine(wanted).join(", "),
        _ => String::new(),
    }
}

/// Returns the error for a pool whose workers must be confined and cannot be. `lacks` is what the system lacks, as reported
/// by a worker that has not read any page yet.
pub(super) fn required(lacks: &str) -> String {
    format!(
        "the workers' sandbox is required and this system lacks {lacks}; with `auto` instead of `require`, they start \
         without it"
    )
}
