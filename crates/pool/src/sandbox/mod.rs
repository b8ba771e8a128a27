//! The sandbox: what a worker gives up once its job is set up, before its first task.
//!
//! A worker reads what strangers wrote, with parsers that are large. Should one of them be taken over, it shall find
//! nothing to take: no file to write, few to read, no program to start, no process to look into. The pool knows how to
//! give things up, and the job says what it still needs ([`Confinement`]); the pool knows nothing of what for.
//!
//! On Linux there are two walls, which do not lean on each other:
//!
//! - `files` (landlock): only what the job named can be opened, and only for reading; nothing can be executed.
//! - `calls` (seccomp): a list of system calls that no worker needs fails with `EPERM`.
//!
//! A worker also has no capabilities, gains no privileges and leaves no core dump. When the process is started, it is
//! given no file but its pipes, few variables of the environment (`environment`), and, if there is one for it, another
//! user (`user`). What a worker gives up is given up for good, by all threads that it starts from then on. If the
//! kernel lacks a wall, [`Sandbox`] says whether the worker goes on.
//!
//! It costs some 0.8 ms of CPU for each worker's start, and 0.5 ms until it is ready: 300 workers in turn, `auto` against
//! `off`, medians of 7 pairs, release build without link-time optimisation, Linux 6.18 on a busy machine of 2 cores.
//! What the thread of `watch` gives up by itself is in both and not in this figure. Over 2,000 pages of 52 KB with a quota
//! of 100 the difference was below the noise (2.085 s and 2.084 s in one series, 2.29 s and 2.11 s in another, under
//! more load): the kernel remembers which calls are always allowed.
//!
//! Absent on purpose: a list of calls that are *allowed*. It would have to name all that the C library, the runtime
//! and their next versions use, and a worker would break where one is missing, on machines that we never saw. A list of
//! those that are refused can only be too short; calls that are younger than the list are refused with it. Absent too:
//! making the process "not dumpable". `/proc/<pid>` would belong to root then, and a parent that is not root could no
//! longer read how much memory its workers take.
//!
//! Further files:
//!
//! - `linux`: the steps, one after the other
//! - `elsewhere`: systems without a sandbox of ours

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

pub(super) use system::forsake;

/// Whether workers give up what their job does not need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// As far as the system can. What it lacks is said once, in the log.
    #[default]
    Auto,
    /// They keep all that this process may do.
    Off,
    /// A worker that cannot be confined does not start, and the pool gives up.
    Require,
}

/// What a job still needs of the system once it is set up. All else is given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Files that may be read, and folders in which everything may be. Links are followed now, not later: where one
    /// leads tomorrow is not readable. What does not exist is left out.
    pub readable: Vec<PathBuf>,
    /// Whether UNIX sockets may be made. Neither wall can tell to whom they lead.
    pub unix_sockets: bool,
}

/// Confines this process and names what this system lacks for it; nothing, where nothing was to be given up.
pub(super) fn confine(sandbox: Sandbox, wanted: Option<&Confinement>) -> String {
    match wanted {
        Some(wanted) if sandbox != Sandbox::Off => system::confine(wanted).join(", "),
        _ => String::new(),
    }
}

/// Why a pool gives up whose workers must be confined and cannot be. `lacks`: what the system lacks, by the account of a
/// worker that had not read anything yet.
pub(super) fn required(lacks: &str) -> String {
    format!(
        "the workers' sandbox is required and this system lacks {lacks}; with `auto` in the place of `require` they go on \
         with what there is"
    )
}
