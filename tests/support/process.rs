//! Other processes, seen through Linux's `/proc`.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use super::{PROMPTLY, wait_until};

/// One process, and no other that may get its number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: u32,
    /// When it was started, in clock ticks since boot: tells it from a later process with the same number.
    started: u64,
}

impl Process {
    /// The running process with this number; `None` where there is none, or one that only waits to be reaped.
    pub(crate) fn running(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The command's name stands in brackets and may hold anything; what follows the last one is plain (proc(5)).
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
        let (state, started) = (*fields.first()?, fields.get(19)?.parse().ok()?);
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    /// The running children of a process, of whichever of its threads.
    pub(crate) fn children_of(pid: u32) -> Vec<Self> {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return Vec::new();
        };
        let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let pids: Vec<u32> = lists.flat_map(|list| numbers(&list)).collect();
        pids.into_iter().filter_map(Self::running).collect()
    }

    /// Whether it still runs. A zombie does not: who reaps it is not its own doing.
    pub(crate) fn is_running(&self) -> bool {
        Self::running(self.pid) == Some(*self)
    }

    /// Sends a signal, unless the process is gone.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_running() {
            let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).expect("a process has a positive number");
            // It may end between the look and the signal; then there is nothing left to do.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Fails the test if one of the processes still runs after a fair time to end.
#[track_caller]
pub(crate) fn assert_no_process_left(processes: &[Process]) {
    wait_until(&format!("the end of {processes:?}"), PROMPTLY, || !processes.iter().any(Process::is_running));
}

fn numbers(list: &str) -> Vec<u32> {
    list.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}
