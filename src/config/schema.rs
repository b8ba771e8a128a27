//! The one table of all settings: their names, and how each is read.
//!
//! A new setting is a row here, a slot in `settings`, a line with its default in `config/default.toml` and its use in
//! `resolve`. Tests hold the four together.

use super::element::template::Template;
use super::element::{
    choice, count, decimal, duration, failures, file, list, media_type, size, status, template, truth, user,
    user_agent, workers,
};
use super::error::Complaint;
use super::plan::FormatChoice;
use super::settings::{Given, Headers, Host, Settings, Slot};
use super::written::Node;
use crate::pool::Sandbox;
use crate::schedule::GroupBy;
use crate::scrape::{PageParser, PrivateAddresses, TlsVersion};
use crate::sink::{Order, Shape};

/// A table of the file.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) keys: Keys,
}

/// What may stand in a section.
pub(super) enum Keys {
    /// These settings.
    Known(&'static [Setting]),
    /// Tables under the names of hosts, each with these settings (`[hosts]`).
    Hosts(&'static [Setting<Host>]),
    /// A field under any name (`[extract]`).
    Fields,
}

/// A key of a section, or of a table in one; `S` is where its value goes.
pub(super) struct Setting<S = Settings> {
    pub(super) name: &'static str,
    pub(super) read: Read<S>,
}

/// How a setting is read.
pub(super) enum Read<S> {
    /// A value; a later one takes its place.
    Value(fn(&mut S, &Node) -> Result<(), Complaint>),
    /// A table of request headers, each of which stands for itself: a later layer adds to the earlier ones.
    Headers(fn(&mut S) -> &mut Headers),
}

/// All sections, in the order of `config/default.toml`.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "pool",
        keys: Keys::Known(&[
            value("workers", |s, n| put(&mut s.pool.workers, n, workers::read)),
            value("concurrency", |s, n| put(&mut s.pool.concurrency, n, count::parallel)),
            value("max_tasks_per_worker", |s, n| put(&mut s.pool.max_tasks_per_worker, n, quota)),
            value("quota_jitter", |s, n| put(&mut s.pool.quota_jitter, n, count::any)),
            value("max_memory_per_worker", |s, n| put(&mut s.pool.max_memory_per_worker, n, size::worker)),
            value("task_timeout", |s, n| put(&mut s.pool.task_timeout, n, duration::positive)),
            value("sandbox", |s, n| put(&mut s.pool.sandbox, n, |n| choice::read(n, SANDBOXES))),
            value("user", |s, n| put(&mut s.pool.user, n, user::read)),
        ]),
    },
    Section {
        name: "fetch",
        keys: Keys::Known(&[
            value("timeout", |s, n| put(&mut s.fetch.timeout, n, duration::positive)),
            value("connect_timeout", |s, n| put(&mut s.fetch.connect_timeout, n, duration::positive)),
            value("idle_timeout", |s, n| put(&mut s.fetch.idle_timeout, n, duration::positive)),
            value("max_body", |s, n| put(&mut s.fetch.max_body, n, size::positive)),
            value("max_redirects", |s, n| put(&mut s.fetch.max_redirects, n, count::any)),
            value("max_retries", |s, n| put(&mut s.fetch.max_retries, n, count::any)),
            value("max_host_retries", |s, n| put(&mut s.fetch.max_host_retries, n, count::any)),
            value("retry_statuses", |s, n| put(&mut s.fetch.retry_statuses, n, |n| list::read(n, status::read))),
            value("max_retry_after", |s, n| put(&mut s.fetch.max_retry_after, n, duration::read)),
            value("meta_refresh", |s, n| put(&mut s.fetch.meta_refresh, n, truth::read)),
            value("content_types", |s, n| put(&mut s.fetch.content_types, n, |n| list::read(n, media_type::read))),
            value("user_agent", |s, n| put(&mut s.fetch.user_agent, n, user_agent::read)),
            Setting { name: "headers", read: Read::Headers(|s| &mut s.fetch.headers) },
        ]),
    },
    Section {
        name: "politeness",
        keys: Keys::Known(&[
            value("robots", |s, n| put(&mut s.politeness.robots, n, truth::read)),
            value("per_host_concurrency", |s, n| put(&mut s.politeness.per_host_concurrency, n, count::any)),
            value("delay", |s, n| put(&mut s.politeness.delay, n, duration::read)),
            value("delay_jitter", |s, n| put(&mut s.politeness.delay_jitter, n, duration::read)),
            value("rate", |s, n| put(&mut s.politeness.rate, n, decimal::read)),
            value("group_by", |s, n| put(&mut s.politeness.group_by, n, |n| choice::read(n, GROUPS))),
            value("max_crawl_delay", |s, n| put(&mut s.politeness.max_crawl_delay, n, duration::read)),
            value("adaptive", |s, n| put(&mut s.politeness.adaptive, n, truth::read)),
            value("adaptive_target", |s, n| put(&mut s.politeness.adaptive_target, n, decimal::positive)),
            value("max_delay", |s, n| put(&mut s.politeness.max_delay, n, duration::positive)),
            value("read_ahead", |s, n| put(&mut s.politeness.read_ahead, n, count::positive)),
        ]),
    },
    Section {
        name: "hosts",
        keys: Keys::Hosts(&[
            value("delay", |h, n| put(&mut h.delay, n, duration::read)),
            value("concurrency", |h, n| put(&mut h.concurrency, n, count::any)),
            value("robots", |h, n| put(&mut h.robots, n, truth::read)),
            Setting { name: "headers", read: Read::Headers(|h| &mut h.headers) },
            value("basic", |h, n| put(&mut h.basic, n, template::read)),
            value("proxy", |h, n| put(&mut h.proxy, n, template::read)),
            value("bearer", |h, n| put(&mut h.bearer, n, template::read)),
        ]),
    },
    Section {
        name: "network",
        keys: Keys::Known(&[
            value("private_addresses", |s, n| {
                put(&mut s.network.private_addresses, n, |n| choice::read(n, PRIVATE_ADDRESSES))
            }),
            value("proxies", |s, n| put(&mut s.network.proxies, n, |n| list::read(n, placed))),
        ]),
    },
    Section {
        name: "tls",
        keys: Keys::Known(&[
            value("ca_file", |s, n| put(&mut s.tls.ca_file, n, file::read)),
            value("client_certificate", |s, n| put(&mut s.tls.client_certificate, n, file::read)),
            value("client_key", |s, n| put(&mut s.tls.client_key, n, file::read)),
            value("min_version", |s, n| put(&mut s.tls.min_version, n, |n| choice::read(n, TLS_VERSIONS))),
            value("insecure", |s, n| put(&mut s.tls.insecure, n, truth::read)),
        ]),
    },
    Section {
        name: "limits",
        keys: Keys::Known(&[
            value("max_failures", |s, n| put(&mut s.limits.max_failures, n, failures::read)),
            value("max_host_failures", |s, n| put(&mut s.limits.max_host_failures, n, count::any)),
            value("deadline", |s, n| put(&mut s.limits.deadline, n, duration::read)),
        ]),
    },
    Section {
        name: "cookies",
        keys: Keys::Known(&[
            value("enabled", |s, n| put(&mut s.cookies.enabled, n, truth::read)),
            value("load", |s, n| put(&mut s.cookies.load, n, file::read)),
            value("save", |s, n| put(&mut s.cookies.save, n, file::read)),
        ]),
    },
    Section { name: "cache", keys: Keys::Known(&[value("path", |s, n| put(&mut s.cache.path, n, file::read))]) },
    Section {
        name: "extraction",
        keys: Keys::Known(&[value("parser", |s, n| put(&mut s.extraction.parser, n, |n| choice::read(n, PARSERS)))]),
    },
    Section { name: "extract", keys: Keys::Fields },
    Section {
        name: "output",
        keys: Keys::Known(&[
            value("format", |s, n| put(&mut s.output.format, n, |n| choice::read(n, FORMATS))),
            value("record", |s, n| put(&mut s.output.record, n, |n| choice::read(n, RECORDS))),
            value("order", |s, n| put(&mut s.output.order, n, |n| choice::read(n, ORDERS))),
            value("window_memory", |s, n| put(&mut s.output.window_memory, n, size::read)),
            value("ahead_limit", |s, n| put(&mut s.output.ahead_limit, n, count::positive)),
        ]),
    },
];

const PRIVATE_ADDRESSES: &[(&str, PrivateAddresses)] =
    &[("direct", PrivateAddresses::Direct), ("allow", PrivateAddresses::Allow), ("deny", PrivateAddresses::Deny)];
const SANDBOXES: &[(&str, Sandbox)] = &[("auto", Sandbox::Auto), ("off", Sandbox::Off), ("require", Sandbox::Require)];

const TLS_VERSIONS: &[(&str, TlsVersion)] = &[("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];

const GROUPS: &[(&str, GroupBy)] = &[("host", GroupBy::Host), ("domain", GroupBy::Domain)];

const FORMATS: &[(&str, FormatChoice)] = &[
    ("auto", FormatChoice::Auto),
    ("json", FormatChoice::Json),
    ("jsonl", FormatChoice::Jsonl),
    // Another name for the same.
    ("ndjson", FormatChoice::Jsonl),
];

const PARSERS: &[(&str, PageParser)] = &[("own", PageParser::Own), ("reference", PageParser::Reference)];

const RECORDS: &[(&str, Shape)] = &[("full", Shape::Full), ("data", Shape::Data)];

const ORDERS: &[(&str, Order)] = &[("input", Order::Input), ("completion", Order::Completion)];

/// What other tools call it: Python's pools, Scrapy, lychee, curl.
pub(super) const NAMES_ELSEWHERE: &[(&str, &str)] = &[
    ("concurrent_requests", "pool.concurrency"),
    ("max_concurrency", "pool.concurrency"),
    ("maxtasksperchild", "pool.max_tasks_per_worker"),
    ("max_tasks_per_child", "pool.max_tasks_per_worker"),
    ("quota", "pool.max_tasks_per_worker"),
    ("processes", "pool.workers"),
    ("threads", "pool.workers"),
    ("memusage_limit_mb", "pool.max_memory_per_worker"),
    ("download_timeout", "fetch.timeout"),
    ("download_maxsize", "fetch.max_body"),
    ("max_filesize", "fetch.max_body"),
    ("metarefresh_enabled", "fetch.meta_refresh"),
    ("redirect_max_times", "fetch.max_redirects"),
    ("retry_times", "fetch.max_retries"),
    ("retries", "fetch.max_retries"),
    ("retry_http_codes", "fetch.retry_statuses"),
    ("header", "fetch.headers"),
    ("proxy", "network.proxies"),
    ("ca", "tls.ca_file"),
    ("cacert", "tls.ca_file"),
    ("cert", "tls.client_certificate"),
    ("key", "tls.client_key"),
    ("min_tls", "tls.min_version"),
    ("robotstxt_obey", "politeness.robots"),
    ("respect_robots_txt", "politeness.robots"),
    ("concurrent_requests_per_domain", "politeness.per_host_concurrency"),
    ("download_delay", "politeness.delay"),
    ("closespider_errorcount", "limits.max_failures"),
    ("closespider_timeout", "limits.deadline"),
    ("rate_limit", "politeness.rate"),
    ("autothrottle_enabled", "politeness.adaptive"),
    ("autothrottle_target_concurrency", "politeness.adaptive_target"),
    ("autothrottle_max_delay", "politeness.max_delay"),
    ("cookies_enabled", "cookies.enabled"),
    ("load_cookies", "cookies.load"),
    ("save_cookies", "cookies.save"),
    ("cookie_jar", "cookies.save"),
];

const fn value<S>(name: &'static str, read: fn(&mut S, &Node) -> Result<(), Complaint>) -> Setting<S> {
    Setting { name, read: Read::Value(read) }
}

/// The section of this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// The rank of a setting, given by its dotted name, in the order of [`SECTIONS`]; entries have that of their setting.
pub(super) fn position(name: &str) -> (usize, usize) {
    let mut parts = name.split('.');
    let section = parts.next().unwrap_or_default();
    let key = parts.next().unwrap_or_default();
    let section = SECTIONS.iter().position(|known| known.name == section).unwrap_or(SECTIONS.len());
    let settings = SECTIONS.get(section).map_or(&[][..], Section::settings);
    (section, settings.iter().position(|known| known.name == key).unwrap_or(settings.len()))
}

impl Section {
    /// The setting of this name.
    pub(super) fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings().iter().find(|setting| setting.name == name)
    }

    /// The settings that this section knows by name.
    pub(super) fn settings(&self) -> &'static [Setting] {
        match self.keys {
            Keys::Known(settings) => settings,
            Keys::Hosts(_) | Keys::Fields => &[],
        }
    }
}

fn put<T>(slot: &mut Slot<T>, node: &Node, read: fn(&Node) -> Result<T, Complaint>) -> Result<(), Complaint> {
    slot.put(read(node)?, &node.place);
    Ok(())
}

/// A text that may name variables, and its place.
fn placed(node: &Node) -> Result<Given<Template>, Complaint> {
    Ok(Given { value: template::read(node)?, place: node.place.clone() })
}

fn quota(node: &Node) -> Result<u32, Complaint> {
    count::any(node).map_err(|complaint| match complaint.help {
        Some(_) => complaint,
        None => complaint.with_help("0 = workers are never replaced"),
    })
}
