//! The settings as the schedule takes them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::{GroupBy, HostPlan, Plan, PolitenessPlan};
use crate::schedule::{Adaptive, HostRules, Options, Politeness};

/// A rate so low that nobody would live to see the second request.
const LONGEST_INTERVAL: f64 = 365.0 * 24.0 * 60.0 * 60.0;

/// What the schedule goes by. `site`: the host of the run's own site, if it has one, which is spared nothing unless the
/// settings name it.
pub(super) fn options(plan: &Plan, site: Option<&str>) -> Options {
    let mut hosts: HashMap<String, HostRules> =
        plan.hosts.iter().map(|(key, host)| (key.as_str().to_owned(), rules(host))).collect();
    if let Some(site) = site {
        let own = HostRules { robots: Some(false), concurrency: Some(0), delay: Some(Duration::ZERO) };
        hosts.entry(site.to_owned()).or_insert(own);
    }
    Options {
        max_redirects: plan.max_redirects,
        max_retries: plan.max_retries,
        max_retry_after: plan.max_retry_after,
        max_host_retries: plan.max_host_retries,
        max_host_failures: plan.limits.max_host_failures.map_or(0, |most| most.get().into()),
        politeness: politeness(&plan.politeness),
        hosts,
    }
}

fn politeness(plan: &PolitenessPlan) -> Politeness {
    let interval = |rate: f64| Duration::from_secs_f64((1.0 / rate).min(LONGEST_INTERVAL));
    Politeness {
        robots: plan.robots,
        concurrency: or_none(plan.per_host_concurrency),
        delay: plan.delay,
        delay_jitter: plan.delay_jitter,
        interval: plan.rate.map_or(Duration::ZERO, interval),
        by_domain: plan.group_by == GroupBy::Domain,
        max_crawl_delay: plan.max_crawl_delay,
        adaptive: plan.adaptive.then_some(Adaptive { target: plan.adaptive_target, max_delay: plan.max_delay }),
    }
}

fn rules(host: &HostPlan) -> HostRules {
    HostRules { robots: Some(host.robots), concurrency: Some(or_none(host.concurrency)), delay: Some(host.delay) }
}

/// The schedule writes no limit as 0.
fn or_none(limit: Option<NonZeroU32>) -> u32 {
    limit.map_or(0, NonZeroU32::get)
}
