//! Observes other processes through Linux's `/proc`.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use super::{PROMPTLY, wait_until};

/// One process. A later process with the same pid is not equal to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    /// The process id.
    pub(crate) pid: u32,
    /// The start time in clock ticks since boot, which distinguishes processes with the same pid.
    started: u64,
}

impl Process {
    /// The running process with this pid; `None` if there is none, or it is a zombie.
    pub(crate) fn running(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The command's name is in parentheses and may contain anything. After the last parenthesis, fields are
        // separated by spaces (proc(5)).
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
        let (state, started) = (*fields.first()?, fields.get(19)?.parse().ok()?);
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    /// The running children of all threads of a process.
    pub(crate) fn children_of(pid: u32) -> Vec<Self> {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return Vec::new();
        };
        let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let pids: Vec<u32> = lists.flat_map(|list| numbers(&list)).collect();
        pids.into_iter().filter_map(Self::running).collect()
    }

    /// Whether it still runs. A zombie does not run: it only waits for its parent to reap it.
    pub(crate) fn is_running(&self) -> bool {
        Self::running(self.pid) == Some(*self)
    }

    /// Sends a signal if the process still runs.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_running() {
            let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).expect("a pid is positive");
            // The process may have ended in the meantime.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Fails the test if one of the processes still runs after [`PROMPTLY`].
#[track_caller]
pub(crate) fn assert_no_process_left(processes: &[Process]) {
    wait_until(&format!("the end of {processes:?}"), PROMPTLY, || !processes.iter().any(Process::is_running));
}

fn numbers(list: &str) -> Vec<u32> {
    list.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}
