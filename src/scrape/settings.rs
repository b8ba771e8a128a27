use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::extract::Extraction;
use super::fetch::compressed;
use super::table::TableSettings;
use super::tls::TlsSettings;
use crate::model::{MAX_SITEMAP, Proxies};
use crate::warc::write;

/// All settings that a worker needs to turn a URL into an answer. Each worker receives them once. Those of single hosts
/// are not among them ([`HostSettings`](crate::model::HostSettings)).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How to fetch.
    pub fetch: FetchSettings,
    /// What to extract.
    pub extract: Extraction,
    /// What parses pages.
    pub parser: PageParser,
    /// How pages become rows of a table. If it is `None`, the data of a page is JSON.
    pub table: Option<TableSettings>,
    /// What workers make of a page.
    pub purpose: Purpose,
}

/// What a worker makes of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// The data that the rules extract.
    #[default]
    Data,
    /// The [response](super::Response) itself, to keep it.
    Response,
    /// A [report](super::extract::Report) of what the rules find.
    Report,
    /// The [rules](super::extract::Starter) that fit the page.
    Starter,
}

/// What makes a document of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageParser {
    /// Gleaner's own parser, which follows the Standard. Pages of more than 256 MiB are parsed by html5ever.
    #[default]
    Own,
    /// html5ever, for all pages.
    Reference,
}

/// How to fetch a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchSettings {
    /// Limits the time from the request to the end of the body.
    pub timeout: Duration,
    /// Limits name look-up, TCP and TLS together. The time during which another job blocks the thread counts too,
    /// unless the connection is ready when the thread is free again (see `fetch/limit.rs`).
    pub connect_timeout: Duration,
    /// Limits the time between two pieces of the body.
    pub idle_timeout: Duration,
    /// The largest body, in decompressed bytes. A larger one fails as `too_large`.
    pub max_body: u64,
    /// The memory that the worker may use, in bytes. Half of it limits how many large pages are handled at once.
    pub memory: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Further request headers, in the order of the settings.
    pub headers: Vec<(String, String)>,
    /// Names of the response headers, in lower case, that are returned with the answer.
    pub kept_headers: Vec<String>,
    /// Which proxies requests use, unless their host has its own. Requests to the run's own site use no proxy.
    pub proxies: Proxies,
    /// How TLS connections are made.
    pub tls: TlsSettings,
    /// Whether a `<meta http-equiv="refresh">` or a `Refresh` header with a short delay counts as a redirect.
    pub meta_refresh: bool,
    /// Types that count as pages in addition to text and XML, in lower case: `type/subtype`, or `type/*`.
    pub content_types: Vec<String>,
    /// The HTTP statuses after which a retry may help.
    pub retry_statuses: Vec<u16>,
    /// Which visits may reach addresses that are not on the public internet.
    pub private_addresses: PrivateAddresses,
    /// The real address of `http://site.localhost/`, in a run with `--site`.
    pub site: Option<SocketAddr>,
    /// Whether visits ask for the records of an archive. Bodies then take more memory.
    pub archives: bool,
}

impl FetchSettings {
    /// The most bytes of a body, as it is sent, that are kept for an archive if `most` decompressed bytes of it are read:
    /// enough for all of them, and for each part of a robots.txt that is read.
    pub(super) fn longest_kept_body(most: u64) -> u64 {
        compressed(most.max(1 << 20))
    }

    /// The most bytes that one request adds to an archive.
    pub fn longest_archived(&self) -> u64 {
        /// The heads of request and response. HTTP clients read less.
        const HEADS: u64 = 2 << 20;
        write::longest(Self::longest_kept_body(self.max_body.max(MAX_SITEMAP)).saturating_add(HEADS))
    }

    /// Returns the `User-Agent` that is sent. A header of this name in `headers` takes precedence over `user_agent`.
    pub(super) fn sent_user_agent(&self) -> &str {
        let header = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        header.map_or(&self.user_agent, |(_, value)| value)
    }
}

/// Which visits may reach private, loopback, link-local and other addresses outside the public internet.
///
/// The run's own site is a special case: its own pages may always reach it, and redirects from elsewhere may never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrivateAddresses {
    /// Listed URLs may. Redirects may only at the origin of the task's own URL.
    #[default]
    Direct,
    /// All visits may.
    Allow,
    /// No visit may.
    Deny,
}

/// Settings for tests: short timeouts, and limits that no test reaches.
#[cfg(any(test, fuzzing))]
pub(crate) fn sample() -> FetchSettings {
    FetchSettings {
        timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        max_body: 1 << 20,
        memory: 512 << 20,
        user_agent: "test".to_owned(),
        retry_statuses: vec![408, 429, 500, 502, 503, 504, 522, 524],
        ..FetchSettings::default()
    }
}
