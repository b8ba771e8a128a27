use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::extract::Fields;
use super::proxy::Proxies;
use super::tls::TlsSettings;
use crate::model::HostKey;

/// All that a worker needs to know to turn a URL into an answer. Sent to each worker once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How to fetch.
    pub fetch: FetchSettings,
    /// What to extract; `None` gives the page's title, description, canonical, language, headings and links.
    pub extract: Option<Fields>,
    /// What parses pages.
    pub parser: PageParser,
}

/// What makes a document of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageParser {
    /// Gleaner's own parser, which follows the Standard. The few pages that it declines are parsed by html5ever.
    #[default]
    Own,
    /// html5ever, for all pages.
    Reference,
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
    /// Names of response headers, in lower case, that are handed back with the answer.
    pub kept_headers: Vec<String>,
    /// Hosts that are asked in a way of their own.
    pub hosts: BTreeMap<HostKey, HostSettings>,
    /// Which proxies requests go through. Those for the site of the run go through none.
    pub proxies: Proxies,
    /// How https servers are trusted.
    pub tls: TlsSettings,
    /// Whether `<meta http-equiv="refresh">`, or a `Refresh` header, of a few seconds is a redirect.
    pub meta_refresh: bool,
    /// Types of pages beside text and XML, in lower case: `type/subtype`, or `type/*`.
    pub content_types: Vec<String>,
    /// The HTTP statuses after which another try may help.
    pub retry_statuses: Vec<u16>,
    /// Which visits may reach addresses that are not on the public internet.
    pub private_addresses: PrivateAddresses,
    /// Where `http://site.localhost/` really is, in a run with `--site`.
    pub site: Option<SocketAddr>,
}

/// What is said to one host alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSettings {
    /// Request headers, in the order in which they were written. They take the place of those of the same names in
    /// [`FetchSettings::headers`]. A scraper is given them with each visit ([`Visit::host_headers`](crate::model::Visit)), so
    /// that it has only those of the hosts that it visits; here it does not look for them.
    pub headers: Vec<(String, String)>,
    /// Which proxies its requests go through, if not those of [`FetchSettings::proxies`].
    pub proxy: Option<Proxies>,
}

impl fmt::Debug for HostSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HostSettings").field("headers", &names).field("proxy", &self.proxy).finish()
    }
}

impl FetchSettings {
    /// Takes the headers that hosts have of their own out of the settings.
    pub fn take_host_headers(&mut self) -> BTreeMap<HostKey, Vec<(String, String)>> {
        let hosts = self.hosts.iter_mut().map(|(key, host)| (key.clone(), std::mem::take(&mut host.headers)));
        hosts.filter(|(_, headers)| !headers.is_empty()).collect()
    }

    /// The `User-Agent` that is sent: one among the further headers comes before `user_agent`.
    pub(super) fn sent_user_agent(&self) -> &str {
        let header = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        header.map_or(&self.user_agent, |(_, value)| value)
    }
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

/// Settings for tests: short times, no limits that a test would meet.
#[cfg(any(test, fuzzing))]
pub(crate) fn sample() -> FetchSettings {
    FetchSettings {
        timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        max_body: 1 << 20,
        memory: 512 << 20,
        user_agent: "test".to_owned(),
        headers: Vec::new(),
        kept_headers: Vec::new(),
        hosts: BTreeMap::new(),
        proxies: Proxies::None,
        tls: TlsSettings {
            authorities: Vec::new(),
            client: None,
            min_version: super::TlsVersion::Tls12,
            insecure: false,
        },
        meta_refresh: false,
        content_types: Vec::new(),
        retry_statuses: vec![408, 429, 500, 502, 503, 504, 522, 524],
        private_addresses: PrivateAddresses::Direct,
        site: None,
    }
}
