use std::fmt;

use serde::Serialize;

/// How records and log lines name a worker. Nothing is decided by it: whatever runs the jobs gives it, for people and
/// scripts. A process of this machine goes by its process id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct WorkerLabel(u32);

impl WorkerLabel {
    /// That of a process of this machine.
    pub fn of_process(pid: u32) -> Self {
        Self(pid)
    }
}

impl fmt::Display for WorkerLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
