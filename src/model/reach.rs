use serde::{Deserialize, Serialize};

/// How Gleaner got a URL. This decides which addresses the request may reach and which secrets it carries.
///
/// The reader of the list makes it, and the schedule changes it when it follows a redirect. The code that sends the
/// request applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// The URL is a line of the list.
    Listed,
    /// A server named the URL: it is the target of a redirect, or an entry of a sitemap.
    Redirected {
        /// The origin of the URL that the list itself names: the task's own, or the sitemap's (WHATWG URL, "ASCII serialization": `http://h:8080`).
        own: String,
    },
}
