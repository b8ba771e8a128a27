use serde::{Deserialize, Serialize};

/// What the list says about a task. It travels with a request only if a rule needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// The task's number.
    pub seq: u64,
    /// The task's line, without user name and password.
    pub url: String,
    /// The other columns of its row: names and values.
    pub input: Vec<(String, String)>,
}
