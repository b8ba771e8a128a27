//! What a pool needs of the system, where the system is a Unix.

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

/// Big enough that a batch of results seldom meets a full pipe, small enough that 64 workers stay within the budget
/// of an unprivileged user (`pipe-user-pages-soft`, 16,384 pages), past which pipes shrink without a word.
#[cfg(target_os = "linux")]
const PIPE_SIZE: usize = 256 << 10;

/// Has the system keep how a child ended until this process asks. It does not where SIGCHLD was ignored when this process
/// began: then a worker that was killed looks like one that left. To be called in a tokio runtime.
pub(super) fn keep_ends_of_children() {
    // A signal that somebody has listened to once is not ignored any more.
    let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child());
}

/// The executable that runs now. On Linux the link leads to it even when its file has been replaced or removed.
pub(super) fn own_executable() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && link.exists() { Ok(link) } else { std::env::current_exe() }
}

/// Tells one executable from the next; parent and worker must be of the same.
pub(super) fn build_id() -> io::Result<String> {
    let file = std::fs::metadata(own_executable()?)?;
    Ok(format!("{} {:x}.{:x}.{:x}.{:x}", env!("CARGO_PKG_VERSION"), file.dev(), file.ino(), file.size(), file.mtime()))
}

/// The worker's ends of the wire: what was standard input and output when it started.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
}

/// Takes over standard input and output. From here on a stray `println!` goes to standard error, and a stray read
/// finds nothing, so that neither can break a frame.
pub(super) fn take_over_stdio() -> io::Result<Wire> {
    let input = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(Wire { input, output })
}

/// Asks the kernel to kill this process when its parent dies, and checks that this has not happened already.
///
/// On Linux the kernel goes by the *thread* that started us, which is why one that never ends does all the starting.
pub(super) fn die_with_parent(parent: u32) -> bool {
    #[cfg(target_os = "linux")]
    if rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).is_err() {
        return false;
    }
    rustix::process::getppid().is_some_and(|pid| u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent))
}

/// Takes back what [`die_with_parent`] asked for, once a thread watches for the parent's death: the kernel would kill this
/// process alone, and before the thread could kill what it has started. What the kernel does instead is to set it going
/// again, in case that it has been stopped. To be called on the thread that asked.
pub(super) fn wake_with_parents_death() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::CONT));
}

/// Waits until nobody holds the other end of `input` any more, which is true, or until some time has passed. Data in
/// it is left alone and wakes nobody.
pub(super) fn hung_up_within(input: &OwnedFd, time: Duration) -> bool {
    let mut watched = [PollFd::new(input, PollFlags::empty())];
    let time = rustix::event::Timespec::try_from(time).ok();
    match rustix::event::poll(&mut watched, time.as_ref()) {
        Ok(_) => watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

/// Ends this worker and whatever it has started, at once.
pub(super) fn kill_own_group() -> ! {
    let own = rustix::process::getpid();
    if rustix::process::getpgrp() == own {
        let _ = rustix::process::kill_process_group(own, Signal::KILL);
    }
    loop {
        let _ = rustix::process::kill_process(own, Signal::KILL);
    }
}

/// Kills a worker and whatever it has started. The worker must not have been waited for, or its pid may be another's.
pub(super) fn kill_group(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
}

/// Makes a pipe hold more, where the system lets us.
pub(super) fn enlarge_pipe(pipe: &impl AsFd) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE);
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

/// Resident memory of a process in bytes; `None` where the system does not tell, or there is no such process.
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
