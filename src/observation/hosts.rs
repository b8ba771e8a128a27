//! Counts what each host did, for a bounded number of hosts.

use std::collections::HashMap;
use std::time::Duration;

use super::{HostSummary, Latency};

/// The most hosts that are counted one by one. All others are counted together.
const COUNTED: usize = 500;

/// The most hosts in the summary.
pub(super) const LISTED: usize = 200;

/// What one host did.
#[derive(Debug, Default)]
struct HostCount {
    tasks: u64,
    failed: u64,
    bytes: u64,
    latency: Latency,
}

impl HostCount {
    fn summary(&self, host: &str) -> HostSummary {
        let (host, latency) = (host.to_owned(), self.latency.summary());
        HostSummary { host, tasks: self.tasks, failed: self.failed, bytes: self.bytes, latency }
    }

    fn merge(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.failed += other.failed;
        self.bytes += other.bytes;
        self.latency.merge(&other.latency);
    }
}

/// Counts what each host did.
#[derive(Debug, Default)]
pub struct HostCounts {
    known: HashMap<Box<str>, HostCount>,
    others: HostCount,
}

impl HostCounts {
    /// Counts a settled task of a host.
    pub fn settled(&mut self, host: &str, is_failure: bool, bytes: u64) {
        let count = self.of(host);
        count.tasks += 1;
        count.failed += u64::from(is_failure);
        count.bytes = count.bytes.saturating_add(bytes);
    }

    /// Counts an answer of a host.
    pub fn answered(&mut self, host: &str, took: Duration) {
        self.of(host).latency.add(took);
    }

    fn of(&mut self, host: &str) -> &mut HostCount {
        let is_known = self.known.contains_key(host);
        if !is_known && self.known.len() >= COUNTED {
            return &mut self.others;
        }
        if !is_known {
            self.known.insert(host.into(), HostCount::default());
        }
        self.known.get_mut(host).unwrap_or(&mut self.others)
    }

    /// Of the hosts that are counted one by one, those with the most tasks; and all others together if there are any.
    pub fn summaries(&self) -> (Vec<HostSummary>, Option<HostSummary>) {
        let mut known: Vec<(&str, &HostCount)> = self.known.iter().map(|(host, count)| (&**host, count)).collect();
        known.sort_by(|one, other| other.1.tasks.cmp(&one.1.tasks).then_with(|| one.0.cmp(other.0)));
        let rest = known.split_off(known.len().min(LISTED));
        let mut others = HostCount::default();
        others.merge(&self.others);
        rest.iter().for_each(|(_, count)| others.merge(count));
        let listed = known.iter().map(|(host, count)| count.summary(host)).collect();
        (listed, (others.tasks > 0 || others.latency.count() > 0).then(|| others.summary("")))
    }
}
