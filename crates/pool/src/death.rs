use std::fmt;

use serde::{Deserialize, Serialize};

/// How a worker ended without being asked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// What happened.
    pub cause: Cause,
    /// The last lines of the worker's standard error, oldest first.
    pub last_words: Vec<String>,
}

/// What ended a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cause {
    /// It could not be started or set up, for this reason. It held no jobs.
    Unready(String),
    /// It exited with this status without being asked to. Status 0 does not count as a success.
    Exited(i32),
    /// This signal killed it, and the pool did not send the signal.
    Signal(i32),
    /// The pool killed it because it broke the protocol, for this reason.
    Corrupt(String),
    /// The pool killed it because some of its jobs exceeded their deadline.
    Timeout {
        /// The ids of the late jobs, as they were submitted.
        late: Vec<u64>,
    },
    /// The pool killed it because a job exceeded its deadline and the worker gave no sign of life. Such a worker has
    /// probably been stopped. Its jobs are not to blame.
    Silent,
    /// The pool killed it because its resident memory exceeded the limit.
    Memory {
        /// Resident bytes when the pool noticed it.
        resident: u64,
        /// Bytes allowed.
        limit: u64,
    },
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Unready(reason) => write!(f, "did not become ready: {reason}")?,
            Cause::Exited(status) => write!(f, "exited with status {status} without being asked to")?,
            Cause::Signal(number) => write!(f, "was killed by {}", signal_name(*number))?,
            Cause::Corrupt(reason) => write!(f, "was killed because it sent {reason}")?,
            Cause::Silent => write!(f, "was killed because it gave no sign of life")?,
            Cause::Timeout { .. } => write!(f, "was killed at the task's time limit")?,
            Cause::Memory { resident, limit } => {
                write!(
                    f,
                    "was killed because it used {} MiB of memory, and the limit is {} MiB",
                    resident >> 20,
                    limit >> 20
                )?;
            }
        }
        match self.last_words.last() {
            Some(line) => write!(f, "; its last words: {line}"),
            None => Ok(()),
        }
    }
}

/// Returns the name of a signal, as `kill -l` prints it. The numbers are those of Linux, and most are the same on
/// macOS.
pub fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}
