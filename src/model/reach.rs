use serde::{Deserialize, Serialize};

/// How a URL came to be asked for. What it may reach, and which secrets go with the request, follow from that.
///
/// Made by the schedule, which knows the way of a task; obeyed where the request is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// A line of the list names it.
    Listed,
    /// A server's redirect leads to it.
    Redirected {
        /// The origin of the task's own URL (WHATWG URL, "ASCII serialization": `http://h:8080`).
        own: String,
    },
}
