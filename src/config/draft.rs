//! The plan in the making: the rows of the schema put values into it, layer by layer. A later layer has the last word.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::element::template::Template;
use super::element::workers::Workers;
use super::place::{Origin, Place};
use super::plan::{Affects, Plan};
use crate::model::HostKey;
use crate::schedule::{Adaptive, HostRules};
use crate::scrape::extract::{Fields, Notation};

/// What the layers have said so far. Most values are put straight into the plan. The others are kept here until `resolve`
/// decides what they mean, because that depends on other settings or on something outside of them.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) plan: Plan,
    pub(super) workers: Workers,
    pub(super) headers: Headers,
    /// The tables of `[hosts]`.
    pub(super) hosts: BTreeMap<HostKey, HostDraft>,
    pub(super) proxies: Vec<Placed<Template>>,
    pub(super) tls: TlsFiles,
    /// Whether [`Draft::adaptation`] is used.
    pub(super) adaptive: bool,
    pub(super) adaptation: Adaptive,
    pub(super) cookies: CookiesDraft,
    /// The fields of `[extract]`, in order; may be empty.
    pub(super) extract: Fields,
    /// How numbers and dates of all fields are written, as `[extraction]` says.
    pub(super) notation: Notation,
    /// What was given last for each setting.
    pub(super) in_force: Vec<Noted>,
    /// The values that are built in, by the names of the settings.
    defaults: BTreeMap<String, String>,
}

/// `[hosts."NAME"]`. Its settings have no defaults.
#[derive(Debug, Default)]
pub(super) struct HostDraft {
    pub(super) rules: HostRules,
    pub(super) headers: Headers,
    pub(super) basic: Option<Placed<Template>>,
    pub(super) bearer: Option<Placed<Template>>,
    pub(super) proxy: Option<Placed<Template>>,
}

/// Names and values of request headers, in order; may be empty.
pub(super) type Headers = Vec<(String, Placed<Template>)>;

/// The files of `[tls]`.
#[derive(Debug, Default)]
pub(super) struct TlsFiles {
    pub(super) ca_file: Option<Placed<PathBuf>>,
    pub(super) client_certificate: Option<Placed<PathBuf>>,
    pub(super) client_key: Option<Placed<PathBuf>>,
}

/// `[cookies]`
#[derive(Debug, Default)]
pub(super) struct CookiesDraft {
    pub(super) enabled: bool,
    pub(super) load: Option<Placed<PathBuf>>,
    pub(super) save: Option<Placed<PathBuf>>,
}

/// A value, and where it was written.
#[derive(Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// The value alone, so that the same value at another place is shown the same.
impl<T: fmt::Debug> fmt::Debug for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A setting as it is in force, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The dotted name: `pool.workers`.
    pub name: String,
    /// The value as it was written, on one line. Headers with credentials are not shown.
    pub value: String,
    /// Where it was written.
    pub place: Place,
    /// Whether the value is the default, wherever it was written.
    pub is_default: bool,
}

/// A setting in force, with what no list of settings shows.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) shown: InForce,
    pub(super) affects: Affects,
    /// What the value means: the same for all ways to write it. For a header, this may be a secret.
    pub(super) meaning: String,
    pub(super) is_header: bool,
}

impl Draft {
    /// Notes a setting that is in force from now on, instead of what was noted for it before.
    pub(super) fn note(&mut self, mut noted: Noted) {
        let InForce { name, value, place, .. } = &noted.shown;
        if matches!(place.origin(), Origin::Defaults) {
            self.defaults.insert(name.clone(), value.clone());
        }
        // A string has quotes in a file and none after a flag.
        let plain = |value: &str| value.trim_matches('"').to_owned();
        noted.shown.is_default = self.defaults.get(name).is_some_and(|default| plain(default) == plain(value));
        match self.in_force.iter_mut().find(|earlier| earlier.shown.name == noted.shown.name) {
            Some(earlier) => *earlier = noted,
            None => self.in_force.push(noted),
        }
    }

    /// Where the setting of this name was written. It is one that the defaults have, so there is a place.
    pub(super) fn place(&self, name: &str) -> &Place {
        let noted = self.in_force.iter().find(|noted| noted.shown.name == name);
        &noted.expect("the defaults have every setting").shown.place
    }
}

/// Puts `value` under `name`: in the place of what is there under a name that is the `same`, or else at the end.
pub(super) fn replace<T>(list: &mut Vec<(String, T)>, name: &str, value: T, same: impl Fn(&str, &str) -> bool) {
    let entry = (name.to_owned(), value);
    match list.iter_mut().find(|(earlier, _)| same(earlier, name)) {
        Some(earlier) => *earlier = entry,
        None => list.push(entry),
    }
}
