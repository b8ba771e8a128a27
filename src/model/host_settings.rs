use std::fmt;

use serde::{Deserialize, Serialize};

use super::Proxies;

/// What the settings define for the requests to one host alone.
///
/// It may contain secrets: headers, credentials and the password of a proxy. So it travels with each request to that host
/// ([`Visit::host`](super::Visit)) and is not among the settings that every worker gets at its start. A worker holds only
/// the secrets of the hosts that it asks.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSettings {
    /// Request headers, in the order of the settings. They replace headers of the same names for all hosts.
    pub headers: Vec<(String, String)>,
    /// Which proxies requests to this host use, instead of those for all hosts.
    pub proxy: Option<Proxies>,
}

/// Leaves out the values of headers and the passwords of proxies.
impl fmt::Debug for HostSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HostSettings").field("headers", &names).field("proxy", &self.proxy).finish()
    }
}
