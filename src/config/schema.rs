//! The one table of all settings: their names, and how each is read.
//!
//! A new setting is a row here, a slot in `settings`, a line with its default in `config/default.toml` and its use in
//! `resolve`. Tests hold the four together.

use super::element::{choice, count, duration, header, path, size, user_agent, workers};
use super::error::{Complaint, Problem, ProblemKind};
use super::plan::FormatChoice;
use super::settings::{Settings, Slot, replace};
use super::written::{Key, Node};
use crate::pool::Sandbox;
use crate::scrape::PrivateAddresses;
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
    /// A field under any name (`[extract]`).
    Fields,
}

/// A key of a section.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) read: Read,
}

/// How a setting is read.
pub(super) enum Read {
    /// A value; a later one takes its place.
    Value(fn(&mut Settings, &Node) -> Result<(), Complaint>),
    /// A table of entries of any name, each of which stands for itself: a later layer adds to the earlier ones.
    Entries(fn(&mut Settings, &Key, &Node) -> Result<(), Problem>),
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
            value("max_memory_per_worker", |s, n| put(&mut s.pool.max_memory_per_worker, n, size::positive)),
            value("task_timeout", |s, n| put(&mut s.pool.task_timeout, n, duration::positive)),
            value("sandbox", |s, n| put(&mut s.pool.sandbox, n, |n| choice::read(n, SANDBOXES))),
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
            value("max_retry_after", |s, n| put(&mut s.fetch.max_retry_after, n, duration::read)),
            value("user_agent", |s, n| put(&mut s.fetch.user_agent, n, user_agent::read)),
            Setting { name: "headers", read: Read::Entries(put_header) },
        ]),
    },
    Section {
        name: "network",
        keys: Keys::Known(&[value("private_addresses", |s, n| {
            put(&mut s.network.private_addresses, n, |n| choice::read(n, PRIVATE_ADDRESSES))
        })]),
    },
    Section { name: "cache", keys: Keys::Known(&[value("path", |s, n| put(&mut s.cache.path, n, path::read))]) },
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

const FORMATS: &[(&str, FormatChoice)] =
    &[("auto", FormatChoice::Auto), ("json", FormatChoice::Json), ("jsonl", FormatChoice::Jsonl)];

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
    ("redirect_max_times", "fetch.max_redirects"),
    ("retry_times", "fetch.max_retries"),
    ("retries", "fetch.max_retries"),
    ("header", "fetch.headers"),
];

const fn value(name: &'static str, read: fn(&mut Settings, &Node) -> Result<(), Complaint>) -> Setting {
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
            Keys::Fields => &[],
        }
    }
}

fn put<T>(slot: &mut Slot<T>, node: &Node, read: fn(&Node) -> Result<T, Complaint>) -> Result<(), Complaint> {
    slot.put(read(node)?, &node.place);
    Ok(())
}

fn quota(node: &Node) -> Result<u32, Complaint> {
    count::any(node).map_err(|complaint| match complaint.help {
        Some(_) => complaint,
        None => complaint.with_help("0 = workers are never replaced"),
    })
}

fn put_header(settings: &mut Settings, key: &Key, node: &Node) -> Result<(), Problem> {
    let setting = format!("fetch.headers.{}", key.name);
    header::check_name(&key.name).map_err(|complaint| {
        let message = format!("`{setting}` {}", complaint.message);
        let problem = Problem::new(ProblemKind::BadValue, message, key.place.clone());
        match complaint.help {
            Some(help) => problem.with_help(help),
            None => problem,
        }
    })?;
    let value = header::read_value(node).map_err(|complaint| node.problem(&setting, complaint))?;
    // Header names have no case, so a flag's `accept` replaces a file's `Accept`.
    replace(&mut settings.fetch.headers, &key.name, value, str::eq_ignore_ascii_case);
    Ok(())
}
