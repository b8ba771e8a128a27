use serde::{Deserialize, Serialize};

/// How Gleaner got a URL. This decides which addresses the request may reach and which secrets it carries.
///
/// The schedule makes it, because it knows the redirects of a task. The code that sends the request applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// The URL is a line of the list.
    Listed,
    /// The URL is the target of a server's redirect.
    Redirected {
        /// The origin of the task's own URL (WHATWG URL, "ASCII serialization": `http://h:8080`).
        own: String,
    },
}
