use std::fmt;

use serde::{Deserialize, Serialize};

/// How a worker ended that was not asked to end.
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
    /// It could not be started, or could not be set up, for this reason. It held no jobs.
    Unready(String),
    /// It exited with this status, without having been asked to. Status 0 is not a success either.
    Exited(i32),
    /// A signal killed it that the pool did not send.
    Signal(i32),
    /// The pool killed it because it broke the protocol, for this reason.
    Corrupt(String),
    /// The pool killed it because some of its jobs had exceeded their deadline.
    Timeout {
        /// The jobs that were late, by the ids they were submitted under.
        late: Vec<u64>,
    },
    /// The pool killed it because a job had exceeded its deadline while the worker gave no sign of life, as if it had been
    /// stopped. Its jobs are not to blame.
    Silent,
    /// The pool killed it because its resident memory had exceeded the limit.
    Memory {
        /// Resident bytes when it was noticed.
        resident: u64,
        /// Bytes allowed.
        limit: u64,
    },
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Unready(reason) => write!(f, "did not come to work: {reason}")?,
            Cause::Exited(status) => write!(f, "exited with status {status}, unasked")?,
            Cause::Signal(number) => write!(f, "was killed by {}", signal_name(*number))?,
            Cause::Corrupt(reason) => write!(f, "was killed, having sent {reason}")?,
            Cause::Silent => write!(f, "was killed, having given no sign of life")?,
            Cause::Timeout { .. } => write!(f, "was killed at the task's time limit")?,
            Cause::Memory { resident, limit } => {
                write!(
                    f,
                    "was killed with {} MiB of memory in use, where {} are allowed",
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

/// The name of a signal, as `kill -l` has it; numbers are those of Linux and macOS where these agree.
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
