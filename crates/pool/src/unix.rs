//! Functions that need the operating system. They work on Unix systems only.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};

use super::Cause;

/// The size of a pipe in bytes. It is large enough that a batch of results seldom finds the pipe full. It is small enough
/// that 64 workers stay within the limit of an unprivileged user (`pipe-user-pages-soft`, 16,384 pages). Above that
/// limit, Linux makes pipes smaller without an error.
#[cfg(target_os = "linux")]
const PIPE_SIZE: usize = 256 << 10;

/// Makes the system keep a child's exit status until this process asks for it. The system does not keep it if SIGCHLD was
/// ignored when this process started. A worker that was killed would then look like one that ended by itself. Must be
/// called in a tokio runtime.
pub(super) fn keep_ends_of_children() {
    // A signal is no longer ignored after a handler was installed for it once.
    let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child());
}

/// Returns the path of the running executable. On Linux this is a link that works even if the file was replaced or removed.
pub(super) fn own_executable() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && link.exists() { Ok(link) } else { std::env::current_exe() }
}

/// Identifies this version of the executable. Parent and worker must have the same one.
pub(super) fn build_id() -> io::Result<String> {
    let file = std::fs::metadata(own_executable()?)?;
    Ok(format!("{} {:x}.{:x}.{:x}.{:x}", env!("CARGO_PKG_VERSION"), file.dev(), file.ino(), file.size(), file.mtime()))
}

/// The worker's ends of the two pipes. They were its standard input and output when it started.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
}

/// Takes over standard input and output. After that, a stray `println!` goes to standard error, and a stray read from
/// standard input finds it empty. So neither can damage a frame.
pub(super) fn take_over_stdio() -> io::Result<Wire> {
    let input = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(Wire { input, output })
}

/// Asks the kernel to kill this process when its parent dies. Returns false if the parent is already dead.
///
/// Linux does so when the *thread* that started this process ends. So one thread that never ends starts all processes.
pub(super) fn die_with_parent(parent: u32) -> bool {
    #[cfg(target_os = "linux")]
    if rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).is_err() {
        return false;
    }
    rustix::process::getppid().is_some_and(|pid| u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent))
}

/// Cancels the request of [`die_with_parent`] once a thread watches for the parent's death. The kernel would kill only this
/// process, before the thread could kill the processes that this one has started. Instead, the kernel now continues this
/// process when the parent dies, in case it is stopped. Must be called on the thread that called [`die_with_parent`].
pub(super) fn wake_with_parents_death() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::CONT));
}

/// Waits until nobody holds the other end of `input` any more, or until `time` has passed. Returns true in the first case.
/// Data in the pipe is not read and does not end the wait.
pub(super) fn hung_up_within(input: &OwnedFd, time: Duration) -> bool {
    let mut watched = [PollFd::new(input, PollFlags::empty())];
    let time = rustix::event::Timespec::try_from(time).ok();
    match rustix::event::poll(&mut watched, time.as_ref()) {
        Ok(_) => watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

/// Kills this worker and all processes that it has started.
pub(super) fn kill_own_group() -> ! {
    let own = rustix::process::getpid();
    if rustix::process::getpgrp() == own {
        let _ = rustix::process::kill_process_group(own, Signal::KILL);
    }
    loop {
        let _ = rustix::process::kill_process(own, Signal::KILL);
    }
}

/// Kills a worker and all processes that it has started. Must be called before the worker is waited for, because the
/// system may give its pid to another process after that.
pub(super) fn kill_group(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
}

/// Makes a pipe larger, if the system allows it.
pub(super) fn enlarge_pipe(pipe: &impl AsFd) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE);
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

/// Returns the resident memory of a process in bytes; `None` if the system does not report it or the process is gone.
pub(super) fn resident_memory(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

pub(super) fn cause_of(status: ExitStatus) -> Cause {
    match (status.signal(), status.code()) {
        (Some(number), _) => Cause::Signal(number),
        (None, Some(code)) => Cause::Exited(code),
        (None, None) => Cause::Exited(-1),
    }
}
