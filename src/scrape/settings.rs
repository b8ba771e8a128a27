use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::extract::Fields;

/// All that a worker needs to know to turn a URL into an answer. Sent to each worker once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How to fetch.
    pub fetch: FetchSettings,
    /// What to extract; `None` gives the page's title, description, canonical, language, headings and links.
    pub extract: Option<Fields>,
}

/// How a page is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchSettings {
    /// From the request to the end of the body.
    pub timeout: Duration,
    /// For name look-up, TCP and TLS. Time counts in which a neighbour's page keeps the thread, unless all is set up when
    /// that ends (see `fetch/limit.rs`).
    pub connect_timeout: Duration,
    /// Between two pieces of the body.
    pub idle_timeout: Duration,
    /// The largest body, in decompressed bytes; a larger one is `too_large`.
    pub max_body: u64,
    /// What the worker may take of memory, in bytes: so many large pages are in hand at once as fit into half of it.
    pub memory: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Further request headers, in the order in which they were written.
    pub headers: Vec<(String, String)>,
    /// Which visits may reach addresses that are not on the public internet.
    pub private_addresses: PrivateAddresses,
    /// Where `http://site.localhost/` really is, in a run with `--site`.
    pub site: Option<SocketAddr>,
}

/// Who may reach private, loopback, link-local and other addresses that are not on the public internet.
///
/// The site of the run is its own server: its own pages may always reach it, and no redirect from elsewhere may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrivateAddresses {
    /// A listed URL may. A redirect may at the origin of the task's own URL, and nowhere else.
    Direct,
    /// Whoever wants to.
    Allow,
    /// Nobody.
    Deny,
}
