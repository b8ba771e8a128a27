//! What was written, read: every setting is empty until a layer says something, and a later layer has the last word.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{HostKey, MaxFailures};
use crate::pool::Sandbox;
use crate::schedule::GroupBy;
use crate::scrape::extract::Fields;
use crate::scrape::{PageParser, PrivateAddresses, TlsVersion};

use super::element::template::Template;
use super::element::workers::Workers;
use super::place::{Origin, Place};
use super::plan::{FormatChoice, UserChoice};
use crate::sink::{Order, Shape};

/// A value, and who wrote it.
#[derive(Debug, Clone)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// A setting that was given, or not yet.
#[derive(Debug)]
pub(super) struct Slot<T>(Option<Given<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(super) fn put(&mut self, value: T, place: &Place) {
        let place = place.clone();
        self.0 = Some(Given { value, place });
    }

    /// What was given last, for a setting that has no default.
    pub(super) fn if_given(&self) -> Option<&Given<T>> {
        self.0.as_ref()
    }

    /// What was given last. The lowest layer gives every setting, so none is missing once it is read.
    pub(super) fn given(&self) -> &Given<T> {
        self.0.as_ref().expect("config/default.toml has every setting")
    }
}

/// All settings, section by section.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) pool: Pool,
    pub(super) fetch: Fetch,
    pub(super) politeness: Politeness,
    /// The tables of `[hosts]`.
    pub(super) hosts: BTreeMap<HostKey, Host>,
    pub(super) network: Network,
    pub(super) tls: Tls,
    pub(super) limits: Limits,
    pub(super) cookies: Cookies,
    pub(super) cache: Cache,
    pub(super) extraction: Extraction,
    /// The fields of `[extract]`, in order; empty if there are none.
    pub(super) extract: Fields,
    pub(super) output: Output,
    /// What was given last for each setting.
    pub(super) in_force: Vec<InForce>,
    /// The values that are built in, by the names of the settings.
    defaults: BTreeMap<String, String>,
}

/// `[pool]`
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) workers: Slot<Workers>,
    pub(super) concurrency: Slot<NonZeroUsize>,
    pub(super) max_tasks_per_worker: Slot<u32>,
    pub(super) quota_jitter: Slot<u32>,
    pub(super) max_memory_per_worker: Slot<u64>,
    pub(super) task_timeout: Slot<Duration>,
    pub(super) sandbox: Slot<Sandbox>,
    pub(super) user: Slot<UserChoice>,
}

/// `[fetch]`
#[derive(Debug, Default)]
pub(super) struct Fetch {
    pub(super) timeout: Slot<Duration>,
    pub(super) connect_timeout: Slot<Duration>,
    pub(super) idle_timeout: Slot<Duration>,
    pub(super) max_body: Slot<u64>,
    pub(super) max_redirects: Slot<u32>,
    pub(super) max_retries: Slot<u32>,
    pub(super) max_retry_after: Slot<Duration>,
    pub(super) max_host_retries: Slot<u32>,
    pub(super) retry_statuses: Slot<Vec<u16>>,
    pub(super) meta_refresh: Slot<bool>,
    pub(super) content_types: Slot<Vec<String>>,
    pub(super) user_agent: Slot<String>,
    pub(super) headers: Headers,
}

/// Names and values of request headers, in order; empty if there are none.
pub(super) type Headers = Vec<(String, Given<Template>)>;

/// `[politeness]`
#[derive(Debug, Default)]
pub(super) struct Politeness {
    pub(super) robots: Slot<bool>,
    pub(super) per_host_concurrency: Slot<u32>,
    pub(super) delay: Slot<Duration>,
    pub(super) delay_jitter: Slot<Duration>,
    pub(super) rate: Slot<f64>,
    pub(super) group_by: Slot<GroupBy>,
    pub(super) max_crawl_delay: Slot<Duration>,
    pub(super) adaptive: Slot<bool>,
    pub(super) adaptive_target: Slot<f64>,
    pub(super) max_delay: Slot<Duration>,
    pub(super) read_ahead: Slot<u64>,
}

/// `[hosts."NAME"]`: nothing in it has a default of its own.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) delay: Slot<Duration>,
    pub(super) concurrency: Slot<u32>,
    pub(super) robots: Slot<bool>,
    pub(super) headers: Headers,
    pub(super) basic: Slot<Template>,
    pub(super) bearer: Slot<Template>,
    pub(super) proxy: Slot<Template>,
}

/// `[network]`
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) private_addresses: Slot<PrivateAddresses>,
    pub(super) proxies: Slot<Vec<Given<Template>>>,
}

/// `[tls]`
#[derive(Debug, Default)]
pub(super) struct Tls {
    pub(super) ca_file: Slot<Option<PathBuf>>,
    pub(super) client_certificate: Slot<Option<PathBuf>>,
    pub(super) client_key: Slot<Option<PathBuf>>,
    pub(super) min_version: Slot<TlsVersion>,
    pub(super) insecure: Slot<bool>,
}

/// `[limits]`
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) max_failures: Slot<Option<MaxFailures>>,
    pub(super) max_host_failures: Slot<u32>,
    pub(super) deadline: Slot<Duration>,
}

/// `[cookies]`
#[derive(Debug, Default)]
pub(super) struct Cookies {
    pub(super) enabled: Slot<bool>,
    pub(super) load: Slot<Option<PathBuf>>,
    pub(super) save: Slot<Option<PathBuf>>,
}

/// `[cache]`
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) path: Slot<Option<PathBuf>>,
}

/// `[extraction]`
#[derive(Debug, Default)]
pub(super) struct Extraction {
    pub(super) parser: Slot<PageParser>,
}

/// `[output]`
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) format: Slot<FormatChoice>,
    pub(super) record: Slot<Shape>,
    pub(super) order: Slot<Order>,
    pub(super) window_memory: Slot<u64>,
    pub(super) ahead_limit: Slot<u64>,
}

/// A setting as it is in force, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The dotted name: `pool.workers`.
    pub name: String,
    /// The value as it was written, on one line. Headers with credentials are not shown.
    pub value: String,
    /// Where it was written.
    pub place: Place,
    /// Whether the value is the default, whoever wrote it.
    pub is_default: bool,
}

impl Settings {
    /// Notes that `name` was given at `place`, in the place of what was noted for it before.
    pub(super) fn note(&mut self, name: &str, value: String, place: &Place) {
        let name = name.to_owned();
        let place = place.clone();
        if matches!(place.origin(), Origin::Defaults) {
            self.defaults.insert(name.clone(), value.clone());
        }
        // A string has quotes in a file and none after a flag.
        let plain = |value: &str| value.trim_matches('"').to_owned();
        let is_default = self.defaults.get(&name).is_some_and(|default| plain(default) == plain(&value));
        let noted = InForce { name, value, place, is_default };
        match self.in_force.iter_mut().find(|earlier| earlier.name == noted.name) {
            Some(earlier) => *earlier = noted,
            None => self.in_force.push(noted),
        }
    }
}

/// Puts `value` under `name`: in the place of what is there by a name that is the `same`, else at the end.
pub(super) fn replace<T>(list: &mut Vec<(String, T)>, name: &str, value: T, same: impl Fn(&str, &str) -> bool) {
    let entry = (name.to_owned(), value);
    match list.iter_mut().find(|(earlier, _)| same(earlier, name)) {
        Some(earlier) => *earlier = entry,
        None => list.push(entry),
    }
}
